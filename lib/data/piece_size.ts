/**
 * How many bytes a transfer moves at once: the one place that balances speed, memory and the delay of other sessions.
 *
 * Each piece costs several operations of about ten microseconds, so a large piece is up to three times faster than a
 * small one. But it holds memory while a slow peer takes it, and the event loop while it is copied.
 *
 * @module
 */

import { BUFFER_SIZES } from "./buffer_pool.ts";
import type { RateLimiter } from "./rate_limit.ts";
import { traffic } from "./pacing.ts";

const KIB = 1024;
const [SMALLEST = 64 * KIB, MIDDLE = SMALLEST] = BUFFER_SIZES;
const LARGEST = BUFFER_SIZES.at(-1) ?? MIDDLE;

/** A piece that moves within this many milliseconds may be followed by a larger one. */
const QUICK = 10;
/** A piece that takes longer is followed by a smaller one: a slow peer must not hold much memory. */
const SLOW = 250;

/** The options of a {@link PieceSize}. */
export interface PieceSizeOptions {
  /** Bytes to come, if known. */
  readonly expected?: number | undefined;
  readonly limiter?: RateLimiter | undefined;
  /** Line ends are converted, byte by byte: small pieces, as a long conversion blocks other sessions. */
  readonly ascii?: boolean | undefined;
}

/** Size of the next piece of one transfer, in bytes. It starts small and adapts to the transfer. */
export class PieceSize {
  readonly #most: number;
  #current: number;

  constructor({ expected = 0, limiter, ascii }: PieceSizeOptions) {
    this.#most = Math.min(ascii ? SMALLEST : LARGEST, limiter?.pieceSize ?? LARGEST);
    this.#current = Math.min(this.#most, Math.max(SMALLEST, Math.min(expected, MIDDLE)));
  }

  /** The current size; less than the largest while other sessions transfer and wait, too. */
  get current(): number {
    return Math.min(this.#current, traffic.largestPiece);
  }

  /** Adapts to the time that the last full piece took. */
  adapt(milliseconds: number): void {
    if (milliseconds < QUICK) this.#current = Math.min(this.#most, this.#current * 4);
    else if (milliseconds > SLOW) this.#current = Math.max(Math.min(SMALLEST, this.#most), this.#current / 4);
  }
}
