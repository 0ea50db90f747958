/**
 * Moves bytes between files and data connections: the one way of every transfer and listing. It opens, commits and
 * answers nothing; the caller closes what it passed in, in every case.
 *
 * @module
 */

import { type BufferLender, closeQuietly, type Connection, type FilePart } from "../net/connection.ts";
import { ToNetworkAscii } from "../protocol/ascii.ts";
import type { ByteSource } from "../vfs/vfs.ts";
import type { EventLoop } from "./event_loop.ts";
import { UploadBuffer, type UploadSink } from "./upload_buffer.ts";
import { type PumpOptions, type PumpResult, PumpRun } from "./pump_run.ts";

export type { PumpOptions, PumpOutcome, PumpResult } from "./pump_run.ts";

/** Bytes of the smallest part of a file for which it pays to open the file again. */
const WORTH_OPENING = 256 * 1024;

/** Bytes of the largest file that may be sent by one write, or stored by one. */
export const SMALL_FILE = 64 * 1024;

/** A number of bytes, and the buffer that contains them. */
interface Piece {
  readonly buffer: Uint8Array;
  readonly bytes: Uint8Array;
}

/** What {@link sendAtOnce} has begun. */
interface Begun {
  /** What was read and not sent; empty if all of it was. */
  readonly piece: Piece;
  readonly sent: number;
  /** The most bytes that are still to be sent. */
  readonly left: number;
}

/**
 * Sends the content of `source`. If nothing has to see the bytes, the connection may send a large file by itself. The
 * rest goes piece by piece: while one is being sent the next one is read, so a file of one piece costs one read and
 * one write.
 *
 * Never rejects. After `done` and `sourceFailed` the connection is still open, so that the caller can end it properly
 * or abruptly.
 */
export async function sendBytes(source: ByteSource, connection: Connection, options: PumpOptions): Promise<PumpResult> {
  const begun = sendAtOnce(source, connection, options);
  if (begun && "outcome" in begun) return begun;
  using run = new PumpRun(connection, options);
  if (begun) run.count(begun.sent);
  let left = begun ? begun.left : await sendByItself(run, source, connection);
  const converter = options.ascii ? new ToNetworkAscii() : undefined;
  let piece = begun?.piece ?? (run.ended || left <= 0 ? undefined : await readPiece(run, source, left));
  while (piece) {
    const { buffer, bytes } = piece;
    left -= bytes.length;
    const ahead = left > 0 && !run.ended ? readPiece(run, source, left) : undefined;
    const sending = run.ended ? undefined : run.send(converter ? converter.convert(bytes) : bytes, left <= 0);
    options.digest?.update(bytes);
    if (await sending) run.buffers.give(buffer);
    else run.buffers.drop(buffer);
    piece = await ahead;
  }
  return run.result;
}

/**
 * Stores the input until the peer ends the stream. While a piece is being stored the next one arrives. Input that had
 * arrived before a failure of the network is stored too, so that the upload can be resumed there.
 *
 * Never rejects. After `done` the connection is still open. The sink is idle when this resolves, and not yet committed.
 */
export async function receiveBytes(
  connection: Connection,
  sink: UploadSink,
  options: PumpOptions,
): Promise<PumpResult> {
  const early = receiveAtOnce(connection, options);
  if (early?.ended) return await storeAtOnce(early, connection, sink, options);
  using run = new PumpRun(connection, options);
  const intake = new UploadBuffer(run, sink);
  if (early) await takeOver(run, intake, early);
  let left = options.limit ?? Infinity;
  let exceeded = false;
  while (left > 0 && !run.ended) {
    const room = await intake.room();
    const receiving = run.receive(room.length > left ? room.subarray(0, left) : room);
    void intake.store();
    const count = await receiving;
    left -= count;
    if (count > 0) intake.took(count);
  }
  // Everything expected has arrived: the peer ends the stream now, or has sent too much.
  if (!run.ended) {
    const receiving = run.receive(new Uint8Array(1));
    void intake.store();
    exceeded = await receiving > 0;
  }
  await intake.finish();
  return exceeded ? { ...run.result, exceeded } : run.result;
}

/**
 * Sends a small file by one read and one write. Where neither has to wait, there is nothing to watch, to pace or to cut
 * short, and so no {@link PumpRun}. `undefined`: nothing has happened, as one would have to.
 */
function sendAtOnce(source: ByteSource, connection: Connection, options: PumpOptions): PumpResult | Begun | undefined {
  const { loop, signal, limit = Infinity, ascii, digest, limiter } = options;
  if (limit > SMALL_FILE || limit === 0 || ascii || digest || limiter || signal.aborted) return undefined;
  if (!source.readNow || !connection.writeNow || loop.pacer.move(limit)) return undefined;
  const lender = lenderOf(connection, loop);
  const buffer = lender.take(limit);
  let bytes: Uint8Array;
  try {
    const count = source.readNow(buffer.subarray(0, limit));
    if (!count) {
      lender.give(buffer);
      return count === undefined ? undefined : { outcome: "done", bytes: 0 };
    }
    bytes = buffer.subarray(0, count);
  } catch (error) {
    lender.give(buffer);
    return { outcome: "sourceFailed", error, bytes: 0 };
  }
  let sent: number;
  try {
    sent = connection.writeNow(bytes, bytes.length === limit);
  } catch (error) {
    lender.give(buffer);
    closeQuietly(connection);
    return { outcome: "networkFailed", error, bytes: 0 };
  }
  if (sent < limit) return { piece: { buffer, bytes: bytes.subarray(sent) }, sent, left: limit - sent };
  lender.give(buffer);
  options.onProgress?.(sent);
  return { outcome: "done", bytes: sent };
}

/** What has come in before anything had to wait. */
interface Early extends Piece {
  readonly ended: boolean;
  readonly error?: unknown;
}

/**
 * Receives a small upload whose client is quick: it can be stored by one write, and what is said of {@link sendAtOnce}
 * holds. `undefined`: nothing has happened.
 */
function receiveAtOnce(connection: Connection, options: PumpOptions): Early | undefined {
  const { loop, signal, limit, ascii, limiter } = options;
  if (!connection.readNow || limit !== undefined || ascii || limiter || signal.aborted) return undefined;
  const buffer = lenderOf(connection, loop).take(SMALL_FILE);
  let filled = 0;
  const early = () => ({ buffer, bytes: buffer.subarray(0, filled) });
  try {
    while (filled < buffer.length) {
      const count = connection.readNow(buffer.subarray(filled));
      if (count === null) return { ...early(), ended: true };
      if (count === undefined) break;
      filled += count;
    }
    return { ...early(), ended: false };
  } catch (error) {
    return { ...early(), ended: false, error };
  }
}

async function storeAtOnce(
  { buffer, bytes }: Early,
  connection: Connection,
  sink: UploadSink,
  { loop, signal, digest, onProgress }: PumpOptions,
): Promise<PumpResult> {
  try {
    const writing = bytes.length > 0 ? sink.write(bytes) : undefined;
    digest?.update(bytes);
    await writing;
  } catch (error) {
    closeQuietly(connection);
    return { outcome: "sinkFailed", error, bytes: 0 };
  } finally {
    lenderOf(connection, loop).give(buffer);
  }
  onProgress?.(bytes.length);
  if (!signal.aborted) return { outcome: "done", bytes: bytes.length };
  closeQuietly(connection);
  return { outcome: "aborted", error: signal.reason, bytes: bytes.length };
}

/** Goes on with a run where more is to come, or the connection has failed. */
async function takeOver(run: PumpRun, intake: UploadBuffer, { buffer, bytes, error }: Early): Promise<void> {
  for (let taken = 0; taken < bytes.length;) {
    const room = await intake.room();
    const part = bytes.subarray(taken, taken + room.length);
    room.set(part);
    intake.took(part.length);
    taken += part.length;
  }
  run.buffers.give(buffer);
  if (error !== undefined) run.fail("networkFailed", error);
}

function lenderOf({ buffers }: Connection, loop: EventLoop): BufferLender {
  return buffers ?? loop.buffers;
}

/**
 * Resolves to the most bytes that are left to send from where `source` is then. Never rejects.
 */
async function sendByItself(run: PumpRun, source: ByteSource, connection: Connection): Promise<number> {
  const { limit = Infinity } = run.options;
  const part = partOf(run, source);
  if (!part || !connection.sendFile) return limit;
  let counted = 0;
  const count = (bytes: number) => {
    run.count(bytes - counted);
    counted = bytes;
  };
  try {
    const sent = await connection.sendFile(part, { last: true, onProgress: count });
    if (!sent) return limit;
    if (sent.bytes > counted) count(sent.bytes);
    if (sent.failure) run.fail(sent.failure.of === "file" ? "sourceFailed" : "networkFailed", sent.failure.error);
  } catch (error) {
    run.fail("networkFailed", error);
  }
  if (run.ended || counted === limit) return 0;
  try {
    source.skip?.(counted);
  } catch (error) {
    run.fail("sourceFailed", error);
  }
  return limit - counted;
}

function partOf(run: PumpRun, { location, skip }: ByteSource): FilePart | undefined {
  const { ascii, digest, limiter, limit = 0 } = run.options;
  const isSeen = ascii || digest || limiter;
  return location && skip && !isSeen && limit >= WORTH_OPENING && !run.ended ? { ...location, limit } : undefined;
}

async function readPiece(run: PumpRun, source: ByteSource, left: number): Promise<Piece | undefined> {
  const buffer = run.buffers.take(run.pieceSize.current);
  const count = await run.untilFailed(source.read(roomIn(buffer, run, left)));
  if (count) return { buffer, bytes: buffer.subarray(0, count) };
  if (count === undefined) run.buffers.drop(buffer);
  else run.buffers.give(buffer);
  return undefined;
}

/**
 * The part of `buffer` for the next piece: a pool short of memory lends less than requested, one with plenty lends
 * more.
 */
function roomIn(buffer: Uint8Array, run: PumpRun, left: number): Uint8Array {
  return buffer.subarray(0, Math.min(run.pieceSize.current, left));
}
