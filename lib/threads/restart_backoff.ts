/**
 * When a worker that died gets a successor: soon, and later each time where one dies after the other.
 *
 * @module
 */

/** Milliseconds before the first successor; doubles with each. */
const SHORTEST = 100;
const LONGEST = 30_000;
/** A worker that lived for so many milliseconds was well. */
const WELL = 60_000;

/** Plans of one place each. */
export class RestartBackoff implements Disposable {
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  readonly #last = new Map<number, { readonly at: number; readonly delay: number }>();

  /** Calls `spawn` once it is time for another worker in that place. */
  plan(place: number, spawn: () => void): void {
    const now = performance.now();
    const last = this.#last.get(place);
    const delay = last && now - last.at < WELL + last.delay ? Math.min(LONGEST, 2 * last.delay) : SHORTEST;
    this.#last.set(place, { at: now, delay });
    this.#timers.set(place, setTimeout(spawn, delay));
  }

  /** Drops all plans. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
