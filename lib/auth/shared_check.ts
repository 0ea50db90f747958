/**
 * A computation with several waiters that continues as long as one of them is left.
 *
 * @module
 */

/** A computation with several waiters that continues as long as one of them is left. */
export class SharedCheck {
  readonly #result: Promise<boolean>;
  readonly #controller = new AbortController();
  readonly #onGone: () => void;
  #waiting = 0;

  /**
   * @param begin starts the computation; its signal is aborted when the last waiter has left.
   * @param onGone called when it has ended, or when the last waiter has left.
   */
  constructor(begin: (signal: AbortSignal) => Promise<boolean>, onGone: () => void) {
    this.#onGone = onGone;
    this.#result = begin(this.#controller.signal).finally(onGone);
    // The waiters get the error; there may be none left.
    this.#result.catch(() => {});
  }

  /** The result; rejects if the computation does, or with the reason of `signal`. */
  async join(signal: AbortSignal | undefined): Promise<boolean> {
    signal?.throwIfAborted();
    this.#waiting++;
    const gone = Promise.withResolvers<never>();
    const leave = () => {
      gone.reject(signal?.reason);
      if (--this.#waiting > 0) return;
      this.#onGone();
      this.#controller.abort(signal?.reason);
    };
    signal?.addEventListener("abort", leave);
    try {
      return await Promise.race([this.#result, gone.promise]);
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }
}
