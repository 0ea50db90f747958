/**
 * Notices stalled transfers, at the cost of setting one flag per piece: all with the same limit share one coarse timer.
 *
 * @module
 */

/** How many checks make up one limit: a stall is noticed after the limit and at most a quarter more. */
const LOOKS = 4;

const timers = new Map<number, StallTimer>();

/** One watched transfer. */
export class StallWatch implements Disposable {
  /**
   * Set to `true` whenever a byte has moved; initially true, as the time until the first check is only part of an
   * interval.
   */
  moved = true;
  /** While `true`, standing still is intended (a rate limit). */
  resting = false;
  readonly #timer: StallTimer;
  readonly #onStall: () => void;
  #quietLooks = 0;

  /** For {@link watchForStall}. */
  constructor(timer: StallTimer, onStall: () => void) {
    this.#timer = timer;
    this.#onStall = onStall;
  }

  /** One check by the timer. */
  look(): void {
    if (this.moved || this.resting) this.#quietLooks = 0;
    else if (++this.#quietLooks >= LOOKS) this.#onStall();
    this.moved = false;
  }

  [Symbol.dispose](): void {
    this.#timer.leave(this);
  }
}

class StallTimer {
  readonly #watches = new Set<StallWatch>();
  readonly #timeout: number;
  readonly #interval: ReturnType<typeof setInterval>;

  constructor(timeout: number) {
    this.#timeout = timeout;
    this.#interval = setInterval(() => this.#look(), timeout / LOOKS);
  }

  join(onStall: () => void): StallWatch {
    const watch = new StallWatch(this, onStall);
    this.#watches.add(watch);
    return watch;
  }

  leave(watch: StallWatch): void {
    this.#watches.delete(watch);
    if (this.#watches.size > 0 || timers.get(this.#timeout) !== this) return;
    clearInterval(this.#interval);
    timers.delete(this.#timeout);
  }

  #look(): void {
    for (const watch of this.#watches) watch.look();
  }
}

/**
 * Calls `onStall` if {@link StallWatch.moved} has not been set for `timeout` milliseconds. The watch must be disposed;
 * the timer ends with its last watch.
 */
export function watchForStall(timeout: number, onStall: () => void): StallWatch {
  let timer = timers.get(timeout);
  if (!timer) timers.set(timeout, timer = new StallTimer(timeout));
  return timer.join(onStall);
}
