/**
 * Time that passes when a test says so: timers fire in their order, and whatever they set going goes on before the
 * next.
 *
 * @module
 */

interface Timer {
  readonly id: number;
  readonly at: number;
  readonly fire: () => void;
}

/** Stands in for the timers of the runtime until it is disposed of. Only `setTimeout` and `clearTimeout` are known. */
export class FakeTime implements Disposable {
  now: number;
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  #timers: Timer[] = [];
  #lastId = 0;

  constructor(start: number) {
    this.now = start;
    const set = (fire: () => void, after = 0) => {
      this.#timers.push({ id: ++this.#lastId, at: this.now + after, fire });
      return this.#lastId;
    };
    const clear = (id?: number) => void (this.#timers = this.#timers.filter((timer) => timer.id !== id));
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Lets so many milliseconds pass. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await this.#settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now = next.at;
      next.fire();
      await this.#settle();
    }
    this.now = end;
  }

  #next(end: number): Timer | undefined {
    return this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at || a.id - b.id)[0];
  }

  /** A turn of the real event loop: every promise that could be kept has been. */
  #settle(): Promise<void> {
    return new Promise((resolve) => void this.#setTimeout(resolve, 0));
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, { setTimeout: this.#setTimeout, clearTimeout: this.#clearTimeout });
  }
}
