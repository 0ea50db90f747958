/**
 * Limits how many runs of something expensive happen at the same time.
 *
 * @module
 */

/** Work that waits for its turn, all with the same key. */
type Line = (() => void)[];

/**
 * At most `width` runs at a time; the others wait in one queue per key, and the queues take turns. So one address that
 * floods the server with logins waits for itself, and every other address is next.
 */
export class FairQueue {
  readonly #width: number;
  /** In the order of their turns: the queue that was just served moves to the end. */
  readonly #lines = new Map<string, Line>();
  #running = 0;

  /** `width` is at least 1. */
  constructor(width: number) {
    this.#width = width;
  }

  /**
   * Runs `work` when it is the turn of `key`, and settles with its outcome. Rejects with the reason of `signal` if that
   * is aborted while waiting.
   */
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

  /** Hands the place to the next in turn; the number of runs stays the same. */
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
