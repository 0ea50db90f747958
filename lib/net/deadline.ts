/**
 * A limit for something that may take too long.
 *
 * @module
 */

/** What ends it. */
export interface DeadlineOptions {
  /** Milliseconds from now; no limit when 0 or absent. */
  readonly timeout?: number;
  /** Ends it before. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `onEnd` when the time is over or the signal is aborted, whichever is first; at once if it is aborted already.
 * Never after the result is disposed: `using _limit = startDeadline(…)` covers the rest of a block.
 */
export function startDeadline(
  { timeout = 0, signal }: DeadlineOptions,
  onEnd: (cause: "timeout" | "aborted") => void,
): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  const onAbort = (): void => {
    stop();
    onEnd("aborted");
  };
  if (signal?.aborted) {
    onEnd("aborted");
    return { [Symbol.dispose]: stop };
  }
  signal?.addEventListener("abort", onAbort);
  if (timeout > 0) {
    timer = setTimeout(() => {
      stop();
      onEnd("timeout");
    }, timeout);
  }
  return { [Symbol.dispose]: stop };
}
