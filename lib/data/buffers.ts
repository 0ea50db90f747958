/**
 * The memory that bytes pass through: buffers that are reused, and how many bytes of a file are in one.
 *
 * Each piece of a file costs several operations of about ten microseconds, so a large piece is up to three times faster
 * than a small one. But it holds memory while a slow peer takes it, and the event loop while it is copied. A thousand
 * slow transfers must not hold a thousand large buffers, so they get smaller ones when much is lent already.
 *
 * @module
 */

import type { BufferLender } from "../net/connection.ts";
import type { Pacer } from "./pacing.ts";
import type { RateLimit } from "./rate_limit.ts";

const KIB = 1024;

/** Sizes of the buffers in bytes, ascending. */
export const BUFFER_SIZES: readonly number[] = Object.freeze([64 * KIB, 256 * KIB, 1024 * KIB]);
const [SMALLEST = 64 * KIB, MIDDLE = SMALLEST] = BUFFER_SIZES;
const LARGEST = BUFFER_SIZES.at(-1) ?? MIDDLE;

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
export class BufferPool implements BufferLender {
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
    const size = BUFFER_SIZES.find((candidate) => candidate >= wanted) ?? LARGEST;
    return this.#lentBytes + size > this.#lendingLimit ? SMALLEST : size;
  }
}

/** A piece that moves within this many milliseconds may be followed by a larger one. */
const QUICK = 10;
/** A piece that takes longer is followed by a smaller one: a slow peer must not hold much memory. */
const SLOW = 250;

/** The options of a {@link PieceSize}. */
export interface PieceSizeOptions {
  /** Of the event loop that moves the pieces. */
  readonly pacer: Pick<Pacer, "largestPiece">;
  /** Bytes to come, if known. */
  readonly expected?: number | undefined;
  readonly limiter?: RateLimit | undefined;
  /** Line ends are converted, byte by byte: small pieces, as a long conversion blocks other sessions. */
  readonly ascii?: boolean | undefined;
}

/** Size of the next piece of one transfer, in bytes. It starts small and adapts to the transfer. */
export class PieceSize {
  readonly #pacer: PieceSizeOptions["pacer"];
  readonly #most: number;
  #current: number;

  constructor({ pacer, expected = 0, limiter, ascii }: PieceSizeOptions) {
    this.#pacer = pacer;
    this.#most = Math.min(ascii ? SMALLEST : LARGEST, limiter?.pieceSize ?? LARGEST);
    this.#current = Math.min(this.#most, Math.max(SMALLEST, Math.min(expected, MIDDLE)));
  }

  /** The current size; less than the largest while other sessions transfer and wait, too. */
  get current(): number {
    return Math.min(this.#current, this.#pacer.largestPiece);
  }

  /** Adapts to the time that the last full piece took. */
  adapt(milliseconds: number): void {
    if (milliseconds < QUICK) this.#current = Math.min(this.#most, this.#current * 4);
    else if (milliseconds > SLOW) this.#current = Math.max(Math.min(SMALLEST, this.#most), this.#current / 4);
  }
}

/** Bytes of a buffer for command lines: enough for most of them. */
export const LINE_BUFFER = 128;
/** Buffers cut from one piece of memory: by itself, each would take three times its size. */
const TOGETHER = 8;
/** Buffers that are kept for the next sessions. */
const MOST_SPARE = 4 * TOGETHER;

/**
 * Lends buffers of {@link LINE_BUFFER} bytes, each to one session at a time: while nothing arrives a session has a read
 * pending, and with it such a buffer; short replies are written from another. Their content is arbitrary.
 */
export class LineBuffers {
  readonly #spare: Uint8Array[] = [];

  /** Lends one. */
  take(): Uint8Array {
    return this.#spare.pop() ?? this.#cut();
  }

  /** Takes `buffer` back. No read or write may be pending that uses it: such a buffer is not given back at all. */
  give(buffer: Uint8Array): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(buffer);
  }

  #cut(): Uint8Array {
    const memory = new ArrayBuffer(TOGETHER * LINE_BUFFER);
    for (let number = 1; number < TOGETHER; number++) {
      this.#spare.push(new Uint8Array(memory, number * LINE_BUFFER, LINE_BUFFER));
    }
    return new Uint8Array(memory, 0, LINE_BUFFER);
  }
}
