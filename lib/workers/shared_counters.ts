/**
 * Session counters shared between event loops.
 *
 * @module
 */

import { Lease } from "../session/admissions.ts";
import type { SharedCount as Count } from "../options/shared_state.ts";
import type { SharedTable } from "./shared_table.ts";

/** A `Counter` in a table that other event loops use too. */
export class SharedCounter {
  readonly #table: SharedTable;
  readonly #prefix: string;

  /** @param prefix separates its keys from those of other counters in the table. */
  constructor(table: SharedTable, prefix: string) {
    this.#table = table;
    this.#prefix = prefix;
  }

  /**
   * Increments the count, unless it has reached `limit` (no limit: `undefined` or 0). Disposing the result decrements
   * it, once.
   */
  add(key: string, limit?: number): Disposable | undefined {
    return this.#table.add(this.#prefix + key, limit || Infinity) === undefined ? undefined : new Lease(this, key);
  }

  /** Decrements the count: see {@link add}. */
  remove(key: string): void {
    this.#table.remove(this.#prefix + key);
  }
}

/** One number shared by all event loops. */
export class SharedCount implements Count {
  readonly #table: SharedTable;
  readonly #key: string;

  constructor(table: SharedTable, key: string) {
    this.#table = table;
    this.#key = key;
  }

  get count(): number {
    return this.#table.of(this.#key);
  }

  add(change: 1 | -1): number {
    // If there is no room for the first one, nothing is counted.
    return change === 1 ? this.#table.add(this.#key) ?? 0 : this.#table.remove(this.#key);
  }
}
