/**
 * Changes of names that take several requests, one after the other for each name.
 *
 * @module
 */

/** Changes remembered: more than can be made while one file is opened. */
const REMEMBERED = 4096;

/** One step at a time for each key, in the order of asking. */
export class Steps {
  /** The end of the last step that was asked for. */
  readonly #last = new Map<string, Promise<void>>();
  /** The number of the last change of a key, the latest at the end. */
  readonly #changes = new Map<string, number>();
  #count = 0;

  /** What `action` resolves to, once no other step uses any of `keys`. */
  async run<T>(keys: readonly string[], action: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Entered for all keys in one turn, so that no two steps wait for each other.
    const before = keys.map((key) => this.#last.get(key));
    for (const key of keys) this.#last.set(key, promise);
    try {
      await Promise.all(before);
      return await action();
    } finally {
      for (const key of keys) if (this.#last.get(key) === promise) this.#last.delete(key);
      resolve();
    }
  }

  /** The object with this key is another one from now on. */
  changed(key: string): void {
    this.#changes.delete(key);
    this.#changes.set(key, ++this.#count);
    for (const oldest of this.#changes.keys()) {
      if (this.#changes.size <= REMEMBERED) break;
      this.#changes.delete(oldest);
    }
  }

  /** Returns a function that tells whether the object with this key is still the same. */
  watch(key: string): () => boolean {
    const now = this.#count;
    return () => (this.#changes.get(key) ?? 0) <= now;
  }
}
