/**
 * Moves bytes between files and data connections: the one loop of every transfer and listing. It opens, commits and
 * answers nothing; the caller closes what it passed in, in every case.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import { ToNetworkAscii } from "../protocol/ascii.ts";
import type { ByteSource } from "../vfs/vfs.ts";
import { UploadBuffer, type UploadSink } from "./upload_buffer.ts";
import { type PumpOptions, type PumpResult, PumpRun } from "./pump_run.ts";
import { sendWholeFile } from "./send_file.ts";

export type { PumpOptions, PumpOutcome, PumpResult } from "./pump_run.ts";

/** A number of bytes, and the buffer that contains them. */
interface Piece {
  readonly buffer: Uint8Array;
  readonly bytes: Uint8Array;
}

/**
 * Sends the content of `source`. While a piece is being sent the next one is read; a file of one piece costs one read
 * and one write.
 *
 * Never rejects. After `done` and `sourceFailed` the connection is still open, so that the caller can end it properly
 * or abruptly.
 */
export async function sendBytes(source: ByteSource, connection: Connection, options: PumpOptions): Promise<PumpResult> {
  using run = new PumpRun(connection, options);
  let left = await sendWholeFile(run, source, connection);
  const converter = options.ascii ? new ToNetworkAscii() : undefined;
  let piece = run.ended || left <= 0 ? undefined : await readPiece(run, source, left);
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
  using run = new PumpRun(connection, options);
  const intake = new UploadBuffer(run, sink);
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
