/**
 * How quick disks are: whether a synchronous call, for which all sessions wait, is acceptable on one.
 *
 * @module
 */

/** Milliseconds that a fast call stays below, even on a machine where the process must share its processor. */
const SLOW = 10;
/** Milliseconds without a slow call after which a disk counts as fast again. */
const CALM = 2_000;

/** The state of one disk. */
export class DiskPace {
  /** That of its syncs. */
  readonly syncs: SyncPace;
  readonly #now: () => number;
  #slowUntil = -Infinity;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.syncs = new SyncPace(now);
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

/** Milliseconds that a sync stays below, with the trip to a thread, if it may be one that returns at once. */
const QUICK_TRIP = 0.5;
/** Milliseconds that a synchronous sync stays below, which is about what the trip costs. */
const AT_ONCE = 0.1;

/**
 * Whether syncs of one disk return at once, as in memory there is nothing to do. Found out by trying one where the last
 * in a thread was quick. Two in a row that took longer end it for a while: one may just have lost its processor.
 */
export class SyncPace {
  readonly #now: () => number;
  #mayBeQuick = false;
  #slowOnes = 0;
  #slowUntil = -Infinity;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a synchronous sync is likely to return at once. */
  get quick(): boolean {
    return this.#mayBeQuick && this.#now() >= this.#slowUntil;
  }

  /** A sync in a thread took this many milliseconds. */
  waited(duration: number): void {
    this.#mayBeQuick = duration < QUICK_TRIP;
  }

  /** A synchronous one took this many milliseconds. */
  blocked(duration: number): void {
    this.#slowOnes = duration < AT_ONCE ? 0 : this.#slowOnes + 1;
    if (this.#slowOnes < 2) return;
    this.#slowOnes = 0;
    this.#mayBeQuick = false;
    this.#slowUntil = this.#now() + CALM;
  }
}
