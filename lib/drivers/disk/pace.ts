/**
 * Whether a disk may be waited for.
 *
 * From and to the page cache a megabyte takes less than a millisecond, synchronously. As an asynchronous operation it costs two changes of
 * threads besides: uploads are then a fifth to a half slower. But a disk that is short of memory for writes, worn or far away makes
 * whoever waits stand still, and a synchronous call is waited for by all sessions. So writes and
 * the reads of small files are timed, and after a slow one nobody waits for that disk any more, until it has been quick for a while. It can
 * delay others by one call.
 *
 * @module
 */

/** Milliseconds that a quick call stays below, also on a machine where the process must share its processor. */
const SLOW = 10;
/** Milliseconds without a slow call after which a disk counts as quick again. */
const CALM = 2_000;

/** What is known of one disk. */
export class DiskPace {
  readonly #now: () => number;
  #slowUntil = -Infinity;

  /** @param now milliseconds that never go back. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Whether a synchronous call is likely to return at once. */
  get quick(): boolean {
    return this.#now() >= this.#slowUntil;
  }

  /** Learns that a call, synchronous or not, began at `began` by the same clock and has just ended. */
  ended(began: number): void {
    const now = this.#now();
    if (now - began > SLOW) this.#slowUntil = now + CALM;
  }
}

const paces = new Map<number, DiskPace>();

/** That of the file system with this device number; all roots on it share what is learned. */
export function paceOf(device: number): DiskPace {
  let pace = paces.get(device);
  if (!pace) paces.set(device, pace = new DiskPace());
  return pace;
}
