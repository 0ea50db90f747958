/**
 * Lets a few runs of something expensive through at a time.
 *
 * @module
 */

/** Work that waits for its turn, by who asked for it. */
type Line = (() => void)[];

/**
 * At most `width` runs at once; the others wait in line, one line per key, and the lines take turns. So one address that
 * floods the server with logins waits behind itself, and everybody else is next.
 */
export class FairQueue {
  readonly #width: number;
  /** In the order of their turns: the line that was served goes to the end. */
  readonly #lines = new Map<string, Line>();
  #running = 0;

  /** `width` is at least 1. */
  constructor(width: number) {
    this.#width = width;
  }

  /** Runs `work` when it is the turn of `key`, and settles as it does. Rejects with the reason of `signal` when that leaves the line. */
  async run<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#running < this.#width) this.#running++;
    else await this.#wait(key, signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #wait(key: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.#remove(key, begin);
        reject(signal?.reason);
      };
      const begin = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      signal?.addEventListener("abort", leave, { once: true });
      const line = this.#lines.get(key);
      if (line === undefined) this.#lines.set(key, [begin]);
      else line.push(begin);
    });
  }

  #remove(key: string, begin: () => void): void {
    const line = this.#lines.get(key)?.filter((each) => each !== begin) ?? [];
    if (line.length === 0) this.#lines.delete(key);
    else this.#lines.set(key, line);
  }

  /** Hands the place to the next in turn: the count of runs stays as it is. */
  #leave(): void {
    for (const [key, line] of this.#lines) {
      const next = line.shift();
      this.#lines.delete(key);
      if (line.length > 0) this.#lines.set(key, line);
      next?.();
      return;
    }
    this.#running--;
  }
}
