/**
 * A limit of bytes per second, as a token bucket that may go into debt: taking more than there is waits until the debt
 * is paid back. That keeps the average exact for pieces of any size.
 *
 * @module
 */

import { startDeadline } from "../net/deadline.ts";

/** Time and waiting, so that tests need neither. */
export interface RateClock {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Resolves after `milliseconds`, or at once if `signal` is aborted. Never rejects. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const systemClock: RateClock = {
  now: () => performance.now(),
  wait: (milliseconds, signal) =>
    new Promise((resolve) => void startDeadline({ timeout: milliseconds, signal }, () => resolve())),
};

/** Seconds of traffic that may be sent at once after a pause. */
const BURST_SECONDS = 0.1;
/** Debts below this are carried over: a timer is not more exact, and each wait costs a turn of the event loop. */
const LEAST_WAIT = 2;

/** Limits everything that takes from it, one transfer or several together. */
export class RateLimiter {
  /** The limit. */
  readonly bytesPerSecond: number;
  readonly #clock: RateClock;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  /**
   * A limiter whose first burst is free.
   *
   * @param bytesPerSecond more than 0.
   * @throws {RangeError} for anything else.
   */
  constructor(bytesPerSecond: number, clock: RateClock = systemClock) {
    if (!(bytesPerSecond > 0)) {
      throw new RangeError(`Rate must be more than 0 bytes per second, not "${bytesPerSecond}"`);
    }
    this.bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#burst = bytesPerSecond * BURST_SECONDS;
    this.#tokens = this.#burst;
    this.#filledAt = clock.now();
  }

  /** Bytes to take at once for an even flow: what the limit allows in a tenth of a second, at least 512. */
  get pieceSize(): number {
    return Math.max(512, Math.floor(this.#burst));
  }

  /**
   * Takes `bytes`. `undefined` if they may be sent at once; otherwise a promise that resolves when they may, or when
   * `signal` is aborted. It never rejects.
   */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined {
    const now = this.#clock.now();
    const gained = (now - this.#filledAt) / 1000 * this.bytesPerSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained) - bytes;
    this.#filledAt = now;
    const wait = -this.#tokens / this.bytesPerSecond * 1000;
    return wait < LEAST_WAIT ? undefined : this.#clock.wait(wait, signal);
  }
}
