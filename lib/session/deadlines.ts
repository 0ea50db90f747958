/**
 * One timer for the deadlines of all sessions: a timer for each would need more memory than the rest of an idle
 * session's state.
 *
 * @module
 */

import { Chain, type Link } from "./chain.ts";

/** Something with a deadline. */
export interface Watched<W> extends Link<W> {
  /** On the clock of `performance.now`; `Infinity`: no deadline. */
  readonly deadline: number;
  /** Called once the deadline is past; again at every look while it stays in the past. */
  expire(): void;
}

/**
 * Looks at deadlines at intervals. The timer ends at a look that finds nothing to watch, not earlier: sessions that
 * follow each other would each start it again.
 */
export class Deadlines<W extends Watched<W>> implements Disposable {
  readonly #watched = new Chain<W>();
  readonly #interval: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param shortest milliseconds of the shortest limit that is watched: a quarter of it, at most a second, lies between
   *   two looks.
   */
  constructor(shortest: number) {
    this.#interval = Math.max(5, Math.min(1000, shortest / 4));
  }

  /** All that is watched. It serves as the list of them: a second one would be a hundredth of an idle session. */
  get all(): Pick<Chain<W>, "size" | typeof Symbol.iterator> {
    return this.#watched;
  }

  add(watched: W): void {
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#look(), this.#interval);
  }

  remove(watched: W): void {
    this.#watched.remove(watched);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#watched.size === 0) return this[Symbol.dispose]();
    const now = performance.now();
    for (const watched of this.#watched) if (watched.deadline <= now) watched.expire();
  }
}

/** The clock of deadlines in whole milliseconds: each fraction would be an object of its own. */
export function wholeNow(): number {
  return Math.ceil(performance.now());
}
