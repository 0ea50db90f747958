/**
 * The bytes of one transfer on the client's side, and what their end says.
 *
 * @module
 */

import { messageOf } from "../net/message_of.ts";
import { type PumpOptions, type PumpResult, receiveBytes, sendBytes } from "../data/pump.ts";
import { closeQuietly, type Connection } from "../net/connection.ts";
import { ClientError } from "./errors.ts";

/** Where a download goes. */
export interface ByteSink {
  /** Stores all of `data`, which is valid only until the promise settles. */
  write(data: Uint8Array): Promise<void>;
}

/** Takes the first bytes, and refuses more, which ends the transfer. */
export class CutSink implements ByteSink {
  readonly #sink: ByteSink;
  readonly #isRange: boolean;
  #left: number;
  #hasCut = false;

  /**
   * Takes the first `bytes` bytes, at least 1.
   *
   * @param isRange the server is expected to send no more: it gets the time to say so. ProFTPD under TLS sends more.
   */
  constructor(sink: ByteSink, bytes: number, isRange: boolean) {
    this.#sink = sink;
    this.#left = bytes;
    this.#isRange = isRange;
  }

  /** Whether all that was wanted has arrived, and more was refused. */
  get hasCut(): boolean {
    return this.#hasCut;
  }

  /** @throws {ClientError} `local` as soon as there is enough. */
  async write(data: Uint8Array): Promise<void> {
    const wanted = data.subarray(0, this.#left);
    await this.#sink.write(wanted);
    this.#left -= wanted.length;
    this.#hasCut = wanted.length < data.length || (this.#left === 0 && !this.#isRange);
    if (this.#hasCut) throw new ClientError("local", "No more of the file is wanted");
  }
}

/** Where an upload comes from. `Deno.FsFile` is one. */
export interface UploadSource {
  /** Fills the start of `buffer` with at least one byte and resolves to the number; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * Receives until the end, and closes the connection. Resolves to the number of bytes.
 *
 * @param expected bytes that make it whole. Without it, an end under TLS has to be confirmed.
 * @throws {ClientError} `truncated`, `closed`, `timeout` or `local`; or the reason of the signal.
 */
export async function receiveAll(
  connection: Connection,
  sink: ByteSink,
  options: PumpOptions,
  expected?: number,
): Promise<number> {
  const bytes = countOf(await receiveBytes(connection, sink, options), options.signal);
  checkEnd(connection, expected, bytes);
  closeQuietly(connection);
  return bytes;
}

/**
 * Sends all of `source`, and then says that it is all. The connection stays open, for what the server still sends.
 * Resolves to the number of bytes.
 *
 * @throws {ClientError} `closed`, `timeout` or `local`; or the reason of the signal.
 */
export async function sendAll(source: UploadSource, connection: Connection, options: PumpOptions): Promise<number> {
  const result = await sendBytes({ read: (buffer) => source.read(buffer), close: () => {} }, connection, options);
  const bytes = countOf(result, options.signal);
  await endStream(connection);
  return bytes;
}

/** The bytes of a pump that is done. @throws {ClientError}, or the reason of the signal. */
function countOf({ outcome, bytes, error }: PumpResult, signal: AbortSignal): number {
  switch (outcome) {
    case "done":
      return bytes;
    case "aborted":
      throw signal.reason;
    case "stalled":
      throw new ClientError("timeout", "The transfer has stalled: no byte moved for too long");
    case "networkFailed":
      throw new ClientError("closed", `The data connection broke after ${bytes} bytes`, { cause: error });
    case "sourceFailed":
    case "sinkFailed":
      throw error instanceof ClientError ? error : new ClientError("local", messageOf(error), { cause: error });
  }
}

/** @throws {ClientError} `truncated`. */
function checkEnd(connection: Connection, expected: number | undefined, bytes: number): void {
  if (expected !== undefined && bytes < expected) {
    throw new ClientError("truncated", `Only ${bytes} of ${expected} bytes arrived`);
  }
  if (expected === undefined && connection.tls?.cleanClose === false) {
    throw new ClientError(
      "truncated",
      "The server closed the data connection without saying that it is all (close_notify): the end may have been cut off",
    );
  }
}

/** FIN, under TLS after close_notify. @throws {ClientError} `closed`. */
async function endStream(connection: Connection): Promise<void> {
  try {
    await connection.closeWrite();
  } catch (cause) {
    throw new ClientError("closed", "The data connection broke at its end", { cause });
  }
}
