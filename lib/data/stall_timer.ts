/**
 * Notices transfers that stand still, for the price of setting one flag a piece: all that share a limit share one coarse timer.
 *
 * @module
 */

/** How many looks make up one limit: a stall is noticed after the limit and at most a quarter more. */
const LOOKS = 4;

const timers = new Map<number, StallTimer>();

/** One transfer under watch. */
export class StallWatch implements Disposable {
  /** Set to `true` whenever a byte has moved; it starts so, as the time until the first look is only part of an interval. */
  moved = true;
  /** While `true`, standing still is on purpose (a rate limit). */
  resting = false;
  readonly #timer: StallTimer;
  readonly #onStall: () => void;
  #quietLooks = 0;

  /** For {@link watchForStall}. */
  constructor(timer: StallTimer, onStall: () => void) {
    this.#timer = timer;
    this.#onStall = onStall;
  }

  /** One look of the timer. */
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
 * Calls `onStall` when {@link StallWatch.moved} has not been set for `timeout` milliseconds. The watch must be disposed of; the timer
 * ends with its last watch.
 */
export function watchForStall(timeout: number, onStall: () => void): StallWatch {
  let timer = timers.get(timeout);
  if (!timer) timers.set(timeout, timer = new StallTimer(timeout));
  return timer.join(onStall);
}
