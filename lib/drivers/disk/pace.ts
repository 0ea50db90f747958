/**
 * Whether synchronous calls are acceptable on a disk.
 *
 * From and to the page cache a megabyte takes less than a millisecond, synchronously. As an asynchronous operation it
 * also costs two switches of threads: uploads are then a fifth to a half slower. But a disk that is worn, far away or
 * short of memory for writes blocks the caller, and a synchronous call blocks all sessions. So writes and the reads of
 * small files are timed, and after a slow one that disk gets no synchronous calls until it has been fast for a while.
 * It can delay other sessions by one call.
 *
 * @module
 */

/** Milliseconds that a fast call stays below, even on a machine where the process must share its processor. */
const SLOW = 10;
/** Milliseconds without a slow call after which a disk counts as fast again. */
const CALM = 2_000;

/** The state of one disk. */
export class DiskPace {
  readonly #now: () => number;
  #slowUntil = -Infinity;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Whether a synchronous call is likely to return at once. */
  get quick(): boolean {
    return this.#now() >= this.#slowUntil;
  }

  /** Records that a call, synchronous or not, began at `began` by the same clock and has just ended. */
  ended(began: number): void {
    const now = this.#now();
    if (now - began > SLOW) this.#slowUntil = now + CALM;
  }
}

const paces = new Map<number, DiskPace>();

/** The pace of the file system with this device number; all roots on it share it. */
export function paceOf(device: number): DiskPace {
  let pace = paces.get(device);
  if (!pace) paces.set(device, pace = new DiskPace());
  return pace;
}
