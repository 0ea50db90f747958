/**
 * The data connection of one transfer, from the preliminary reply to its end. That reply goes out before the data
 * connection must exist, because some clients connect only when they have read it (zero-byte uploads of FileZilla,
 * curlftpfs), and others listen for the end of the data only then (clients on Node). The final reply goes out after the
 * data connection is ended, because some clients cut the file when they read it earlier.
 *
 * @module
 */

import { startDeadline } from "../../net/deadline.ts";
import type { DataConnector } from "../../data/engine.ts";
import { type PumpOptions, type PumpResult, receiveBytes, sendBytes } from "../../data/pump.ts";
import { closeQuietly, type Connection, type TlsFacts } from "../../net/connection.ts";
import * as reply from "../../protocol/reply.ts";
import type { ByteSource, FileSink } from "../../vfs/vfs.ts";
import type { CommandContext, ProtectedData, RunningTransfer } from "../context.ts";
import { dataLost, failureOfPump, TransferFailed } from "./transfer_outcome.ts";

/** The options of the pump that a transfer chooses. */
export type MoveOptions = Pick<PumpOptions, "ascii" | "digest" | "limit" | "limiter">;

/** What {@link openDataTransfer} needs of a transfer. */
interface Opening {
  readonly plan: { readonly connector: DataConnector; readonly path: string };
  /** The preliminary reply. */
  readonly mark: reply.Reply;
}

/** Sends the preliminary reply, waits for the data connection and protects it as PROT asks. */
export async function openDataTransfer(
  context: CommandContext,
  transfer: RunningTransfer,
  { plan: { connector, path }, mark }: Opening,
): Promise<DataTransfer> {
  let connection: Connection | undefined;
  try {
    await context.mark(mark);
    connection = await connector.open(transfer.signal);
    transfer.connected = true;
    const data = await context.protectData(connection, transfer.signal);
    return new DataTransfer(context, transfer, { data, connector, path });
  } catch (error) {
    connector.close();
    if (connection) closeQuietly(connection);
    throw error;
  }
}

/** Moves bytes once. What goes wrong is thrown as {@link TransferFailed}. Disposing of it closes what is still open. */
export class DataTransfer implements Disposable {
  /** Of the TLS below, where there is any. */
  readonly tls: TlsFacts | undefined;
  readonly #context: CommandContext;
  readonly #transfer: RunningTransfer;
  readonly #connector: DataConnector;
  readonly #path: string;
  #connection: Connection | undefined;

  constructor(
    context: CommandContext,
    transfer: RunningTransfer,
    { data, connector, path }: { data: ProtectedData; connector: DataConnector; path: string },
  ) {
    this.#context = context;
    this.#transfer = transfer;
    this.#connector = connector;
    this.#path = path;
    this.#connection = data.connection;
    this.tls = data.tls;
  }

  /** Sends what `source` has, or as much of it as the limit allows. */
  async send(source: ByteSource, options: MoveOptions = {}): Promise<PumpResult> {
    return this.#checked(await sendBytes(source, this.#open, this.#pumpOptions(options)));
  }

  /** Stores what comes in until the client ends the stream. */
  async receive(sink: FileSink, options: MoveOptions): Promise<PumpResult> {
    return this.#checked(await receiveBytes(this.#open, sink, this.#pumpOptions(options)));
  }

  /**
   * Ends what was sent: close_notify and FIN have gone out when this resolves. The client may still take its time to
   * read.
   */
  async endSending(): Promise<void> {
    const connection = this.#open;
    const ended = connection.endsAtOnce ? connection.closeWrite() : undefined;
    if (!ended && !await this.#endStream(connection)) throw dataLost(this.#transfer);
    this.#context.server.lingering.add(connection, this.#context.id, ended);
    this.#connection = undefined;
    this.#connector.close();
  }

  /**
   * Ends an upload that has arrived completely. Under TLS the client needs the close_notify (RFC 4217 section 12.4),
   * but one that has closed the connection expects nothing more on it.
   */
  async endReceiving(): Promise<void> {
    if (this.#isProtected) await this.#endStream(this.#open);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#connector.close();
    if (this.#connection) closeQuietly(this.#connection);
    this.#connection = undefined;
  }

  get #open(): Connection {
    if (!this.#connection) throw new Error("The data connection is used after its end");
    return this.#connection;
  }

  get #isProtected(): boolean {
    return this.#context.security.protectData;
  }

  #pumpOptions(options: MoveOptions): PumpOptions {
    const { eventLoop: loop, stallTimeout } = this.#context.options;
    return {
      ...options,
      loop,
      signal: this.#transfer.signal,
      stallTimeout,
      onProgress: (bytes) => this.#transfer.bytes = bytes,
    };
  }

  #checked(result: PumpResult): PumpResult {
    const transfer = this.#transfer;
    transfer.bytes = result.bytes;
    if (result.outcome === "sourceFailed" || result.outcome === "sinkFailed") {
      const message = `Storage failed in ${transfer.verb} of "${this.#path}"`;
      this.#context.emit({ type: "problem", level: "warning", message, error: result.error });
    }
    if (result.outcome !== "done") throw failureOfPump(result, transfer);
    if (transfer.orphaned) throw new TransferFailed("controlLost", reply.transferAborted);
    return result;
  }

  /**
   * A client that has stopped reading does not hold the transfer without limit. Resolves to whether close_notify and
   * FIN went out.
   */
  async #endStream(connection: Connection): Promise<boolean> {
    const { signal } = this.#transfer;
    let sent = true;
    using _limit = startDeadline({ timeout: this.#context.options.stallTimeout, signal }, () => {
      sent = false;
      closeQuietly(connection);
    });
    try {
      await connection.closeWrite();
      return sent;
    } catch {
      return false;
    }
  }
}
