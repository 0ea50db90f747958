/**
 * The turns of running digests.
 *
 * @module
 */

/** Digests that run at the same time: two keep a processor busy while one of them waits for the disk. */
const PLACES = 2;

/**
 * Places for a few digests, and a queue for all others. A running digest gives up its place regularly and queues again,
 * so that a small file does not wait for the end of large ones, however many there are.
 */
export class DigestTurns {
  readonly #places: number;
  readonly #line: (() => void)[] = [];
  #taken = 0;

  /** @param places how many run at the same time; 2 by default. */
  constructor(places: number = PLACES) {
    this.#places = places;
  }

  /** How many are running. */
  get taken(): number {
    return this.#taken;
  }

  /** How many are waiting. */
  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Resolves to a place as soon as there is one; disposing it makes room for the next in line.
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

  /** Passes the place to the next in line. */
  #give(): void {
    const next = this.#line.shift();
    if (next) next();
    else this.#taken--;
  }
}
