/**
 * All transfers of the process at once, so that together they leave time for everybody else.
 *
 * Sockets of fast peers are always ready, so several such transfers keep the event loop turning without ever looking for new
 * work: a NOOP of another session then waits for a hundred milliseconds and more. A short rest of all of them, every few
 * megabytes, brings that down to a few. One transfer alone rests by itself, whenever it waits for the disk.
 *
 * @module
 */

/** Bytes that all transfers together move between two rests: some milliseconds of work. */
const BYTES_BETWEEN_RESTS = 4 * 1024 * 1024;

/** Counts runs of the pump and what they move. */
export class Traffic {
  #runs = 0;
  #left = BYTES_BETWEEN_RESTS;
  #rest: { readonly promise: Promise<void>; readonly end: () => void } | undefined;

  /** Whether more than one transfer runs. */
  get busy(): boolean {
    return this.#runs > 1;
  }

  /** To be awaited before each piece, where there is one. */
  get rest(): Promise<void> | undefined {
    return this.#rest?.promise;
  }

  /** A run begins. */
  enter(): void {
    this.#runs++;
  }

  /** A run ends. The last one leaves no timer behind. */
  leave(): void {
    this.#runs--;
    if (this.#runs === 0) this.#rest?.end();
  }

  /** Bytes went over a connection. */
  count(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#left = BYTES_BETWEEN_RESTS;
    if (this.busy && !this.#rest) this.#rest = this.#startRest();
  }

  /** A timer of no length is over when the event loop has been idle once, about a millisecond later. */
  #startRest(): { promise: Promise<void>; end: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      clearTimeout(timer);
      this.#rest = undefined;
      resolve();
    };
    const timer = setTimeout(end, 0);
    return { promise, end };
  }
}

/** The one of this process: its transfers share one event loop. */
export const traffic = new Traffic();
