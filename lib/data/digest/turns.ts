/**
 * Who of those that digest files may go on.
 *
 * @module
 */

/** Digests that go on at once: two keep a processor busy while one of them waits for the disk. */
const PLACES = 2;

/**
 * Places for a few, and a line for all others. Whoever has a place gives it up every now and then and stands in line again, so that
 * a small file does not wait for the end of large ones, however many there are.
 */
export class DigestTurns {
  readonly #places: number;
  readonly #line: (() => void)[] = [];
  #taken = 0;

  /** @param places 2 unless told. */
  constructor(places: number = PLACES) {
    this.#places = places;
  }

  /** How many go on now. */
  get taken(): number {
    return this.#taken;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Resolves to a place when there is one; disposing of it makes room for the next in line.
   *
   * @throws the reason of `signal` once it is aborted.
   */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#taken < this.#places) this.#taken++;
    else await this.#queue(signal);
    return { [Symbol.dispose]: () => this.#give() };
  }

  #queue(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#line.splice(this.#line.indexOf(proceed), 1);
      reject(signal.reason);
    };
    const proceed = () => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    this.#line.push(proceed);
    signal.addEventListener("abort", leave, { once: true });
    return promise;
  }

  /** The place goes to the next in line. */
  #give(): void {
    const next = this.#line.shift();
    if (next) next();
    else this.#taken--;
  }
}

/** The one of this event loop. */
export const digestTurns = new DigestTurns();
