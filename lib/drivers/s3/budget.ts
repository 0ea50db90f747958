/**
 * The memory for parts of uploads that are on their way: all uploads share it, and one that finds none left waits,
 * which stops the reading from its client.
 *
 * @module
 */

import { DEFAULT_MEMORY } from "./place.ts";

/** Bytes that an upload takes first, before it is known to be larger. */
export const BEGINNING = 256 * 1024;
/** Memory for beginnings: a quarter. The rest is for whole parts, so that a beginning never waits for another one. */
const SHARE_OF_BEGINNINGS = 4;

/** Bytes that are shared in the order of asking. */
class Pool {
  readonly size: number;
  #free: number;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  constructor(size: number) {
    this.size = size;
    this.#free = size;
  }

  async take(bytes: number, signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#waiting.length > 0 || bytes > this.#free) await this.#turn(bytes, signal);
    else this.#free -= bytes;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#free += bytes;
        isHeld = false;
        this.#serve();
      },
    };
  }

  #turn(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { bytes, go: resolve };
    this.#waiting.push(waiter);
    const leave = () => {
      const index = this.#waiting.indexOf(waiter);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      reject(signal?.reason);
      this.#serve();
    };
    signal?.addEventListener("abort", leave, { once: true });
    return promise.finally(() => signal?.removeEventListener("abort", leave));
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.go();
    }
  }
}

/** The memory of all uploads to object stores of this process. */
export class UploadMemory {
  readonly #beginnings: Pool;
  readonly #parts: Pool;

  /** @param bytes altogether. */
  constructor(bytes: number = DEFAULT_MEMORY) {
    this.#beginnings = new Pool(Math.floor(bytes / SHARE_OF_BEGINNINGS));
    this.#parts = new Pool(bytes - this.#beginnings.size);
  }

  /** The most bytes that a part may have. */
  get largestPart(): number {
    return this.#parts.size;
  }

  /** Takes `bytes` until the result is disposed; waits until they are free. Rejects when `signal` is aborted. */
  take(bytes: number, signal?: AbortSignal): Promise<Disposable> {
    return (bytes <= BEGINNING ? this.#beginnings : this.#parts).take(bytes, signal);
  }
}
