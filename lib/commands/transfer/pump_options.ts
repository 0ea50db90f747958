/**
 * What every transfer of a session tells the pump.
 *
 * @module
 */

import type { PumpOptions } from "../../data/pump.ts";
import type { RateLimiter } from "../../data/rate_limit.ts";
import type { CommandContext, RunningTransfer } from "../context.ts";

/** Abort signal, stall limit, progress for STAT, the rate limit where there is one, and who else may send a file. */
export function pumpOptions(context: CommandContext, transfer: RunningTransfer, limiter?: RateLimiter): PumpOptions {
  const { fileSender, timeouts } = context.options;
  return {
    signal: transfer.signal,
    stallTimeout: timeouts.stall,
    onProgress: (bytes) => transfer.bytes = bytes,
    ...(limiter && { limiter }),
    ...(fileSender && { fileSender }),
  };
}
