/**
 * Locks of uploads across event loops.
 *
 * @module
 */

import { Lease } from "../session/admissions.ts";
import type { LockMode, LocksElsewhere } from "../vfs/upload_locks.ts";
import type { SharedTable } from "./shared_table.ts";

/** Uploads, counted by file and mode in a table that other event loops use too. */
export class SharedLocks implements LocksElsewhere<string> {
  readonly ask: LocksElsewhere<string>["ask"];
  readonly #table: SharedTable;

  /** @param ask notifies the other event loops that an upload waits for a file. */
  constructor(table: SharedTable, ask: LocksElsewhere<string>["ask"]) {
    this.#table = table;
    this.ask = ask;
  }

  /** Adds its own entry before it looks for others: of two that do so at once, at least one sees the other. */
  take(key: string, mode: LockMode): Disposable | undefined {
    const alone = mode === "alone";
    const [own, other] = [`upload ${mode} ${key}`, `upload ${alone ? "append" : "alone"} ${key}`];
    if (this.#table.add(own, alone ? 1 : Infinity) === undefined) return undefined;
    if (this.#table.of(other) === 0) return new Lease(this.#table, own);
    this.#table.remove(own);
    return undefined;
  }
}
