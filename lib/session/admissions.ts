/**
 * How many sessions there are, and of whom: the caps of the server, of an address and of an account.
 *
 * @module
 */

/** Counts by key, without keeping keys that have none. */
export class Counter {
  readonly #counts = new Map<string, number>();

  /** How many there are of `key`. */
  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Counts one more, unless there are `limit` already (no limit: `undefined` or 0). Disposing the result counts it off, once. */
  add(key: string, limit?: number): Disposable | undefined {
    const count = this.of(key);
    if (limit && count >= limit) return undefined;
    this.#counts.set(key, count + 1);
    return new Admission(this, key);
  }

  /** Counts one less: see {@link add}. */
  remove(key: string): void {
    const count = this.of(key) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}

/** One that was counted. An object with two fields and no closure, as every session has two of them. */
export class Admission implements Disposable {
  readonly #key: string;
  #counter: Pick<Counter, "remove"> | undefined;

  constructor(counter: Pick<Counter, "remove">, key: string) {
    this.#counter = counter;
    this.#key = key;
  }

  [Symbol.dispose](): void {
    this.#counter?.remove(this.#key);
    this.#counter = undefined;
  }
}
