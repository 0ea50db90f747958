/**
 * Buffers that are reused. A transfer uses a few of them; a thousand slow transfers must not hold a thousand large
 * ones, so the buffers that are lent get smaller when much is lent already.
 *
 * @module
 */

const KIB = 1024;

/** Sizes of the buffers in bytes, ascending. */
export const BUFFER_SIZES: readonly number[] = Object.freeze([64 * KIB, 256 * KIB, 1024 * KIB]);

/** Limits of a {@link BufferPool}, in bytes. */
export interface BufferPoolOptions {
  /** With more than this lent, only the smallest buffers are lent. Default 64 MiB. */
  readonly lendingLimit?: number;
  /** At most this much is kept for later; the rest goes to the garbage collector. Default 8 MiB. */
  readonly keepingLimit?: number;
  /** Makes a buffer. */
  readonly make?: (size: number) => Uint8Array;
}

/** Lends buffers, each to one user at a time. It never waits and never refuses. */
export class BufferPool {
  readonly #free = new Map<number, Uint8Array[]>(BUFFER_SIZES.map((size) => [size, []]));
  readonly #lent = new Set<Uint8Array>();
  readonly #lendingLimit: number;
  readonly #keepingLimit: number;
  readonly #make: (size: number) => Uint8Array;
  #lentBytes = 0;
  #keptBytes = 0;

  constructor(options: BufferPoolOptions = {}) {
    const { lendingLimit = 64 * KIB * KIB, keepingLimit = 8 * KIB * KIB, make = (size) => new Uint8Array(size) } =
      options;
    this.#make = make;
    this.#lendingLimit = lendingLimit;
    this.#keepingLimit = keepingLimit;
  }

  /** Bytes currently lent. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  /** Bytes available for lending. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /**
   * Lends a buffer of the smallest size that holds `wanted` bytes, the largest size if none does, and the smallest size
   * if much is lent already. Its content is whatever the last user left.
   */
  take(wanted: number): Uint8Array {
    const size = this.#sizeFor(wanted);
    let buffer = this.#free.get(size)?.pop();
    if (buffer) this.#keptBytes -= size;
    else buffer = this.#make(size);
    this.#lent.add(buffer);
    this.#lentBytes += size;
    return buffer;
  }

  /** Returns `buffer` to the pool. Nothing may use it any more, including pending operations: see {@link drop}. */
  give(buffer: Uint8Array): void {
    this.drop(buffer);
    if (this.#keptBytes + buffer.length > this.#keepingLimit) return;
    this.#free.get(buffer.length)?.push(buffer);
    this.#keptBytes += buffer.length;
  }

  /**
   * Removes `buffer` from the pool without lending it again: for a buffer that an abandoned operation may still write
   * to.
   *
   * @throws {TypeError} if the buffer is not lent, as it would then have two users.
   */
  drop(buffer: Uint8Array): void {
    if (!this.#lent.delete(buffer)) throw new TypeError("Cannot take back a buffer that is not lent");
    this.#lentBytes -= buffer.length;
  }

  #sizeFor(wanted: number): number {
    const size = BUFFER_SIZES.find((candidate) => candidate >= wanted) ?? Math.max(...BUFFER_SIZES);
    return this.#lentBytes + size > this.#lendingLimit ? Math.min(...BUFFER_SIZES) : size;
  }
}

/** One for all transfers of the process, as they share one event loop and its memory. */
export const sharedBuffers = new BufferPool();

/** Buffers in memory that other threads can access, for connections whose socket is in another thread. */
export const threadBuffers = new BufferPool({ make: (size) => new Uint8Array(new SharedArrayBuffer(size)) });
