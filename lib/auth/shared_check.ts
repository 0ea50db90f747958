/**
 * A computation that several wait for, and that goes on as long as one of them does.
 *
 * @module
 */

/** See the module. */
export class SharedCheck {
  readonly #result: Promise<boolean>;
  readonly #controller = new AbortController();
  readonly #onGone: () => void;
  #waiting = 0;

  /**
   * @param begin begins the computation; its signal is aborted when nobody waits any more.
   * @param onGone called when it has ended, or when nobody waits any more.
   */
  constructor(begin: (signal: AbortSignal) => Promise<boolean>, onGone: () => void) {
    this.#onGone = onGone;
    this.#result = begin(this.#controller.signal).finally(onGone);
    // Those who wait are told; there may be none left.
    this.#result.catch(() => {});
  }

  /** The result; rejects as the computation does, or with the reason of `signal`. */
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
