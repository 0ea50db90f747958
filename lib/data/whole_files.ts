/**
 * Files whose bytes nobody has to see on their way: others can send them, by a shorter way than through our memory.
 *
 * @module
 */

import type { Apart, Connection, FilePart } from "../net/connection.ts";
import type { ByteSource } from "../vfs/vfs.ts";
import { FileSendError, type FileSending } from "./file_sender.ts";
import type { PumpOutcome, PumpRun } from "./pump_run.ts";

/** Bytes of the smallest file for which it pays to open it again. */
const WORTHWHILE = 256 * 1024;
/**
 * Bytes that are asked to be sent at once: each time costs some 60 µs, and nothing is known of progress meanwhile. So their number follows the
 * network.
 */
const STRIDE = { first: 256 * 1024, least: 64 * 1024, most: 512 * 1024 } as const;
/** Milliseconds within which twice as much is worth trying, and above which it is too much. */
const QUICK = 20;
const SLOW = 250;

/**
 * Lets the thread that has the socket read the file as well, or the system send it by itself, where that can be. Resolves to whether the run
 * is over; `false`, with nothing sent, leaves it to the caller. Never rejects.
 */
export async function sendWhole(run: PumpRun, source: ByteSource, connection: Connection): Promise<boolean> {
  const part = partOf(run, source);
  if (!part) return false;
  if (connection.apart) return await sendApart(run, part, connection.apart);
  const sending = run.options.fileSender?.begin(part, connection);
  return sending ? await sendDirectly(run, part, sending) : false;
}

function partOf(run: PumpRun, { location }: ByteSource): FilePart | undefined {
  const { ascii, digest, limiter, limit = 0 } = run.options;
  const isSeen = ascii || digest || limiter;
  return location && !isSeen && limit >= WORTHWHILE && !run.ended ? { ...location, limit } : undefined;
}

async function sendApart(run: PumpRun, part: FilePart, apart: Apart): Promise<boolean> {
  try {
    const sent = await apart.sendFile(part, (bytes) => run.count(bytes));
    if (!sent) return run.ended;
    run.count(sent.bytes);
    if (sent.failure) run.fail(outcomeOf(sent.failure.of), sent.failure.error);
  } catch (error) {
    run.fail("networkFailed", error);
  }
  return true;
}

async function sendDirectly(run: PumpRun, part: FilePart, sending: FileSending): Promise<boolean> {
  using _sending = sending;
  let left = part.limit;
  let stride: number = STRIDE.first;
  // It may have failed between two waits.
  while (left > 0 && !run.ended) {
    const began = performance.now();
    const count = await run.untilFailed(sending.next(Math.min(left, stride)), {
      blame: (error) => error instanceof FileSendError ? outcomeOf(error.of) : "sourceFailed",
      stop: () => sending.stop(),
    });
    if (!count) break;
    left -= count;
    run.count(count);
    stride = nextStride(stride, performance.now() - began);
  }
  return run.ended || left < part.limit;
}

function nextStride(stride: number, milliseconds: number): number {
  if (milliseconds < QUICK) return Math.min(stride * 2, STRIDE.most);
  return milliseconds > SLOW ? Math.max(stride / 4, STRIDE.least) : stride;
}

function outcomeOf(fault: FileSendError["of"]): PumpOutcome {
  return fault === "file" ? "sourceFailed" : "networkFailed";
}
