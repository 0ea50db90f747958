/**
 * Files that another thread can send by itself.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";
import type { ByteSource } from "../../vfs/vfs.ts";
import type { PumpRun } from "../pump_run.ts";

/** Bytes of the smallest file for which it pays that another thread opens it again. */
const WORTHWHILE = 256 * 1024;

/**
 * Lets the thread that has the socket read the file as well, where its bytes are for nobody else. Resolves to whether the run is over;
 * `false`, with nothing sent, leaves it to the caller. Never rejects.
 */
export async function sendApart(run: PumpRun, source: ByteSource, { apart }: Connection): Promise<boolean> {
  const { ascii, digest, limiter, limit = 0 } = run.options;
  if (!apart || !source.location || ascii || digest || limiter || limit < WORTHWHILE || run.ended) return false;
  try {
    const sent = await apart.sendFile({ ...source.location, limit }, (bytes) => run.count(bytes));
    if (!sent) return run.ended;
    run.count(sent.bytes);
    if (sent.failure) run.fail(sent.failure.of === "file" ? "sourceFailed" : "networkFailed", sent.failure.error);
  } catch (error) {
    run.fail("networkFailed", error);
  }
  return true;
}
