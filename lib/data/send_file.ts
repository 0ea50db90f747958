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
 * Bytes that are asked to be sent at once. Each time costs some 60 µs, and a processor is given to nobody else meanwhile: four downloads beside a
 * NOOP, p99 of it and both together, were 0.4 ms and 4.1 GB/s with a quarter of a MiB, 0.5 and 4.9 with a half, 0.7 and 4.8 with one, 1.7 and 4.8 with
 * sixteen (two processors, a kernel that is not preempted).
 */
const STRIDE = { first: 256 * 1024, least: 64 * 1024, most: 512 * 1024 } as const;
/** Milliseconds within which twice as much is worth trying, and above which it is too much. */
const QUICK = 20;
const SLOW = 250;
/** So many slow ones in a row: whoever sends would wait for the peer in a thread, of which there are few. The runtime waits without one. */
const TOO_SLOW = 2;

/**
 * Lets the thread that has the socket read the file as well, or the system send it by itself, where that can be. Resolves to the bytes at most that
 * are left to the caller, from where the source is: 0 where the run is over. Never rejects.
 */
export async function sendWholeFile(run: PumpRun, source: ByteSource, connection: Connection): Promise<number> {
  const part = partOf(run, source);
  if (!part) return run.ended ? 0 : run.options.limit ?? Infinity;
  if (connection.apart) return await sendApart(run, part, connection.apart);
  const sending = run.options.fileSender?.begin(part, connection);
  if (!sending) return part.limit;
  const sent = await sendDirectly(run, part, sending);
  if (run.ended || (sending.ended && sent > 0)) return 0;
  try {
    source.skip?.(sent);
    return part.limit - sent;
  } catch (error) {
    run.fail("sourceFailed", error);
    return 0;
  }
}

function partOf(run: PumpRun, { location, skip }: ByteSource): FilePart | undefined {
  const { ascii, digest, limiter, limit = 0 } = run.options;
  const isSeen = ascii || digest || limiter;
  return location && skip && !isSeen && limit >= WORTHWHILE && !run.ended ? { ...location, limit } : undefined;
}

async function sendApart(run: PumpRun, part: FilePart, apart: Apart): Promise<number> {
  try {
    const sent = await apart.sendFile(part, (bytes) => run.count(bytes));
    if (!sent) return run.ended ? 0 : part.limit;
    run.count(sent.bytes);
    if (sent.failure) run.fail(outcomeOf(sent.failure.of), sent.failure.error);
  } catch (error) {
    run.fail("networkFailed", error);
  }
  return 0;
}

/** Resolves to the bytes sent: fewer than there are where the run has failed, the file ended, or the peer is slow. */
async function sendDirectly(run: PumpRun, { limit }: FilePart, sending: FileSending): Promise<number> {
  using _sending = sending;
  let sent = 0;
  let stride: number = STRIDE.first;
  // It may have failed between two waits.
  for (let slow = 0; sent < limit && slow < TOO_SLOW && !run.ended;) {
    const began = performance.now();
    const asked = Math.min(limit - sent, stride);
    const count = await run.untilFailed(sending.next(asked), {
      blame: (error) => error instanceof FileSendError ? outcomeOf(error.of) : "sourceFailed",
      stop: () => sending.stop(),
    });
    if (count === undefined || sending.ended) break;
    sent += count;
    if (count > 0) run.count(count);
    const milliseconds = performance.now() - began;
    slow = count < asked || milliseconds > SLOW ? slow + 1 : 0;
    stride = slow > 0
      ? Math.max(stride / 4, STRIDE.least)
      : milliseconds < QUICK
      ? Math.min(stride * 2, STRIDE.most)
      : stride;
  }
  return sent;
}

function outcomeOf(fault: FileSendError["of"]): PumpOutcome {
  return fault === "file" ? "sourceFailed" : "networkFailed";
}
