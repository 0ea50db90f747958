/**
 * Notices stalled transfers, at the cost of setting one flag per piece: all with the same limit share one coarse timer.
 *
 * @module
 */

/** How many checks make up one limit: a stall is noticed after the limit and at most a quarter more. */
const LOOKS = 4;

/** One watched transfer. */
export class StallWatch implements Disposable {
  /**
   * Set to `true` whenever a byte has moved; initially true, as the time until the first check is only part of an
   * interval.
   */
  moved = true;
  /** While `true`, standing still is intended (a rate limit). */
  resting = false;
  readonly #onStall: () => void;
  readonly #leave: (watch: StallWatch) => void;
  #quietLooks = 0;

  /** For {@link StallTimers.watch}. */
  constructor(onStall: () => void, leave: (watch: StallWatch) => void) {
    this.#onStall = onStall;
    this.#leave = leave;
  }

  /** One check by the timer. */
  look(): void {
    if (this.moved || this.resting) this.#quietLooks = 0;
    else if (++this.#quietLooks >= LOOKS) this.#onStall();
    this.moved = false;
  }

  [Symbol.dispose](): void {
    this.#leave(this);
  }
}

interface StallTimer {
  readonly watches: Set<StallWatch>;
  readonly interval: ReturnType<typeof setInterval>;
}

/** The timers of watched transfers, one for each limit. */
export class StallTimers {
  readonly #timers = new Map<number, StallTimer>();

  /**
   * Calls `onStall` if {@link StallWatch.moved} has not been set for `timeout` milliseconds. The watch must be disposed
   * of; a timer ends with its last watch.
   */
  watch(timeout: number, onStall: () => void): StallWatch {
    const { watches } = this.#timers.get(timeout) ?? this.#start(timeout);
    const watch = new StallWatch(onStall, (ended) => this.#leave(timeout, ended));
    watches.add(watch);
    return watch;
  }

  #start(timeout: number): StallTimer {
    const watches = new Set<StallWatch>();
    const look = () => {
      for (const watch of watches) watch.look();
    };
    const timer = { watches, interval: setInterval(look, timeout / LOOKS) };
    this.#timers.set(timeout, timer);
    return timer;
  }

  #leave(timeout: number, watch: StallWatch): void {
    const timer = this.#timers.get(timeout);
    if (!timer?.watches.delete(watch) || timer.watches.size > 0) return;
    clearInterval(timer.interval);
    this.#timers.delete(timeout);
  }
}
