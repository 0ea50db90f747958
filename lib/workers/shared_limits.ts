/**
 * Limits of bytes per second that hold for sessions of all event loops together.
 *
 * @module
 */

import { type PaidUntil, type RateLimit, RateLimiter, systemClock } from "../data/rate_limit.ts";
import { placeOf } from "./places.ts";

/** The number of keys there is room for. Its pages cost nothing before they are used. */
const PLACES = 1 << 16;
/**
 * Milliseconds: no transfers are in debt for so long, as each takes a tenth of a second at a time. More than that is
 * from before the clock was set back.
 */
const LONGEST_DEBT = 600_000;

/** The memory of limits: sent to the other threads. */
export interface LimitMemory {
  /** Two halves of the hash of each key. */
  readonly keys: BigInt64Array<SharedArrayBuffer>;
  /** See `PaidUntil`, in microseconds since 1970. */
  readonly paid: BigInt64Array<SharedArrayBuffer>;
}

/** Creates the memory for all limits. */
export function makeLimits(): LimitMemory {
  const column = () => new BigInt64Array(new SharedArrayBuffer(8 * PLACES));
  return { keys: column(), paid: column() };
}

/** Makes limits by key: those of one key hold together, in all threads. */
export function sharedLimits({ keys, paid }: LimitMemory): (key: string, bytesPerSecond: number) => RateLimit {
  // Monotonic clocks of threads do not begin together.
  const clock = { ...systemClock, now: Date.now };
  return (key, bytesPerSecond) => {
    // Without room for more keys, those beyond share one limit, which is better than none.
    const place = placeOf(keys, key) ?? 0;
    return new RateLimiter(bytesPerSecond, clock, new SharedPaidUntil(paid, place));
  };
}

class SharedPaidUntil implements PaidUntil {
  readonly #paid: BigInt64Array<SharedArrayBuffer>;
  readonly #place: number;

  constructor(paid: BigInt64Array<SharedArrayBuffer>, place: number) {
    this.#paid = paid;
    this.#place = place;
  }

  change(next: (paid: number) => number): number {
    for (;;) {
      const found = Atomics.load(this.#paid, this.#place);
      const known = Number(found) / 1000;
      const wanted = next(known > Date.now() + LONGEST_DEBT ? 0 : known);
      const written = BigInt(Math.round(wanted * 1000));
      if (Atomics.compareExchange(this.#paid, this.#place, found, written) === found) return wanted;
    }
  }
}
