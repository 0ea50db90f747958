/**
 * Trying again what may succeed a little later.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { ClientError } from "./errors.ts";

/** The options of {@link retrying}. */
export interface RetryOptions {
  /** Tries in all, at least 1. @default 4 */
  readonly tries?: number;
  /** Milliseconds before the second try; each further wait is twice as long. @default 1_000 */
  readonly firstWait?: number;
  /** Milliseconds of the longest wait. @default 30_000 */
  readonly longestWait?: number;
  /** Called with each failure that is followed by another try, and the milliseconds until then. */
  readonly onRetry?: (error: ClientError, wait: number) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** A number from 0 to 1, by which waits differ, so that many clients do not come back together. */
  readonly random?: () => number;
}

/**
 * Resolves as `work` does. After a failure that may pass (`ClientError.isTemporary`) it is called again.
 *
 * @throws the last failure, or the reason of the signal.
 */
export async function retrying<T>(work: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { tries = 4, firstWait = 1_000, longestWait = 30_000, onRetry, signal, random = Math.random } = options;
  for (let attempt = 1;; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof ClientError) || !error.isTemporary || attempt >= tries) throw error;
      const longest = Math.min(firstWait * 2 ** (attempt - 1), longestWait);
      const wait = Math.round(longest * (0.5 + random() / 2));
      onRetry?.(error, wait);
      await delay(wait, signal && { signal });
    }
  }
}
