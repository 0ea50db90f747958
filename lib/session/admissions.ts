/**
 * How many sessions there are, and whose: the limits of the server, of an address and of an account.
 *
 * @module
 */

/** Counts by key, without keeping keys whose count is 0. */
export class Counter {
  readonly #counts = new Map<string, number>();

  /** How many there are of `key`. */
  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /**
   * Increments the count, unless it has reached `limit` (`undefined` or 0: no limit). Disposing the result decrements
   * it, once.
   */
  add(key: string, limit?: number): Disposable | undefined {
    const count = this.of(key);
    if (limit && count >= limit) return undefined;
    this.#counts.set(key, count + 1);
    return new Lease(this, key);
  }

  /** Counts one less: see {@link add}. */
  remove(key: string): void {
    const count = this.of(key) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}

/** One place in a {@link Counter}, until disposed. Without a closure, as every session has two of them. */
export class Lease implements Disposable {
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
