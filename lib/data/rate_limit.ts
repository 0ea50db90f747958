/**
 * A limit of bytes per second, as a token bucket that may go into debt: taking more than there is waits until the debt
 * is paid back. That keeps the average exact for pieces of any size.
 *
 * What a bucket knows is one number, the moment at which all that was taken is paid for. So several limiters, also in
 * several threads, hold one limit together where they share that number.
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

/** The clock of this thread. */
export const systemClock: RateClock = {
  now: () => performance.now(),
  wait: (milliseconds, signal) =>
    new Promise((resolve) => void startDeadline({ timeout: milliseconds, signal }, () => resolve())),
};

/** Milliseconds of traffic that may be sent at once after a pause. */
const BURST = 100;
/** Debts below this are carried over: a timer is not more exact, and each wait costs a turn of the event loop. */
const LEAST_WAIT = 2;

/** The moment at which all that was taken is paid for, in milliseconds of the clock. */
export interface PaidUntil {
  /** Replaces it by what `next` makes of it, in one step, and returns the new one. */
  change(next: (paid: number) => number): number;
}

/** What slows a transfer down. */
export interface RateLimit {
  /** Bytes to take at once for an even flow, at least 512. */
  readonly pieceSize: number;
  /**
   * Takes `bytes`. `undefined` if they may be sent at once; otherwise a promise that resolves when they may, or when
   * `signal` is aborted. It never rejects.
   */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
}

/** Limits everything that takes from it, one transfer or several together. */
export class RateLimiter implements RateLimit {
  /** The limit. */
  readonly bytesPerSecond: number;
  readonly #clock: RateClock;
  readonly #paid: PaidUntil;

  /**
   * A limiter whose first burst is free.
   *
   * @param bytesPerSecond more than 0.
   * @param paid what it shares with others, which have the same clock. Default: nothing.
   * @throws {RangeError} for anything else.
   */
  constructor(bytesPerSecond: number, clock: RateClock = systemClock, paid: PaidUntil = new OwnPaidUntil()) {
    if (!(bytesPerSecond > 0)) {
      throw new RangeError(`Rate must be more than 0 bytes per second, not "${bytesPerSecond}"`);
    }
    this.bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#paid = paid;
  }

  /** What the limit allows in a tenth of a second, at least 512. */
  get pieceSize(): number {
    return Math.max(512, Math.floor(this.bytesPerSecond * BURST / 1000));
  }

  /** See {@link RateLimit}. */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined {
    const now = this.#clock.now();
    const cost = bytes / this.bytesPerSecond * 1000;
    const wait = this.#paid.change((paid) => Math.max(paid, now - BURST) + cost) - now;
    return wait < LEAST_WAIT ? undefined : this.#clock.wait(wait, signal);
  }
}

/** Of limiters on one event loop. */
class OwnPaidUntil implements PaidUntil {
  #paid = -Infinity;

  change(next: (paid: number) => number): number {
    return this.#paid = next(this.#paid);
  }
}

/** Both limits together; `undefined` where there is none. */
export function bothLimits(one: RateLimit | undefined, other: RateLimit | undefined): RateLimit | undefined {
  if (!one || !other) return one ?? other;
  return {
    pieceSize: Math.min(one.pieceSize, other.pieceSize),
    take: (bytes, signal) => {
      const [first, second] = [one.take(bytes, signal), other.take(bytes, signal)];
      return first && second ? Promise.all([first, second]).then(() => {}) : first ?? second;
    },
  };
}

/** Makes limits by key, on one event loop: those of one key hold together. */
export function localLimits(): (key: string, bytesPerSecond: number) => RateLimit {
  const known = new Map<string, PaidUntil>();
  return (key, bytesPerSecond) => {
    const paid = known.get(key) ?? new OwnPaidUntil();
    known.set(key, paid);
    return new RateLimiter(bytesPerSecond, systemClock, paid);
  };
}
