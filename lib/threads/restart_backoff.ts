/**
 * When to replace a worker that died: soon, and later each time if replacements keep dying.
 *
 * @module
 */

/** Milliseconds before the first replacement; doubles with each. */
const SHORTEST = 100;
const LONGEST = 30_000;
/** A worker that lived for this many milliseconds was healthy. */
const WELL = 60_000;

/** The planned replacements, by place. */
export class RestartBackoff implements Disposable {
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  readonly #last = new Map<number, { readonly at: number; readonly delay: number }>();

  /** Calls `spawn` when it is time to replace the worker in that place. */
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
