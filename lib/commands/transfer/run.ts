/**
 * What all transfers have in common around their own steps: the data connection from the preliminary reply to its end,
 * how long the transfer took, what stopped it, its event, its reply. The steps themselves are in `retr.ts`, `stor.ts`
 * and `listing.ts`, from the open file to the commit.
 *
 * The preliminary reply goes out before the data connection must exist, because some clients connect only when they
 * have read it (zero-byte uploads of FileZilla, curlftpfs), and others listen for the end of the data only then
 * (clients on Node). It goes out together with the final one only where the client has connected, nothing waits for it,
 * and there are bytes, of which clients on Node hear before the end. The final reply goes out after the data connection
 * is ended, because some clients cut the file when they read it earlier.
 *
 * @module
 */

import type { DataConnector } from "../../data/engine.ts";
import { type PumpOptions, type PumpResult, receiveBytes, sendBytes } from "../../data/pump.ts";
import type { TransferDirection } from "../../events.ts";
import { closeQuietly, type Connection, type TlsFacts } from "../../net/connection.ts";
import { startDeadline } from "../../net/deadline.ts";
import * as reply from "../../protocol/reply.ts";
import type { ByteSource, FileSink } from "../../vfs/vfs.ts";
import { reported } from "../explained_reply.ts";
import type { CommandContext, ProtectedData, RunningTransfer, TransferContext, TransferStart } from "../context.ts";
import { dataLost, failureOfPump, outcomeOfError, TransferFailed, type TransferOutcome } from "./transfer_outcome.ts";

/** A transfer, as its command describes it. */
export interface TransferPlan {
  readonly connector: DataConnector;
  readonly path: string;
  /** First byte of the file that this is about. Default 0. */
  readonly offset?: number;
  /** Bytes that will go out, where that is known. */
  readonly expected?: number;
  /** Bytes that the client has said will come in. */
  readonly announcedSize?: number | undefined;
  /** Line ends are converted. Default `false`. */
  readonly ascii?: boolean;
  /** Text of the 226. */
  readonly success: string;
}

/**
 * Sends the preliminary reply, and resolves to the data connection once it is there.
 *
 * @param atOnce there is something to send, and all of it is at hand: the reply may leave together with the final one.
 */
export type OpenData = (mark: reply.Reply, atOnce?: boolean) => Promise<DataTransfer>;

/**
 * Runs the steps of a transfer and resolves to its final reply: 226 when `steps` resolves, else the one that belongs to
 * what was thrown. Reports how it ended, after everything that `steps` holds is given back.
 *
 * @param steps resolves to the SHA-256 of the file, where one was taken.
 */
export async function runTransfer(
  context: TransferContext,
  plan: TransferPlan,
  steps: (open: OpenData) => Promise<string | undefined>,
): Promise<reply.Reply> {
  const { transfer } = context;
  const { direction } = transfer;
  if (direction === undefined) throw new Error(`${transfer.verb} moves bytes, but its row has no direction`);
  const started = performance.now();
  const start = startOf(direction, plan);
  transfer.start(start);
  context.emit({ type: "transferStarted", verb: transfer.verb, ...start });
  announce(context, direction, plan);
  let outcome: TransferOutcome;
  let sha256: string | undefined;
  try {
    sha256 = await steps((mark, atOnce = false) => openDataTransfer(context, transfer, { plan, mark, atOnce }));
    outcome = { reason: "none", answer: reply.transferComplete(plan.success) };
  } catch (error) {
    outcome = outcomeOfError(error, transfer);
    if (outcome !== error) {
      const message = `${transfer.verb} of "${plan.path}" failed`;
      context.emit({ type: "notice", level: "debug", message, error });
    }
  }
  const isComplete = outcome.reason === "none";
  const milliseconds = performance.now() - started;
  if (isComplete) context.options.dataEngine.ended?.(context, { direction, bytes: transfer.bytes, milliseconds });
  context.emit({
    type: "transfer",
    verb: transfer.verb,
    direction,
    path: start.path,
    offset: start.offset,
    ascii: plan.ascii ?? false,
    bytes: transfer.bytes,
    milliseconds,
    complete: isComplete,
    reason: outcome.reason,
    ...outcome.failure,
    ...(transfer.unclean && { unclean: true }),
    ...(isComplete && isShort(plan, transfer) && { short: true }),
    ...(sha256 !== undefined && { sha256 }),
  });
  return isComplete ? outcome.answer : reported(outcome.answer);
}

/** Handles ABOR. Two replies in this order: 426 of the transfer, then 226 (RFC 959 section 4.1.3). */
export async function abor(context: CommandContext): Promise<reply.Reply> {
  const { transfer } = context;
  if (transfer === undefined) {
    context.setConnector(undefined);
    return reply.nothingToAbort;
  }
  transfer.abort("aborted");
  await transfer.ended;
  return reply.abortDone;
}

function startOf(
  direction: TransferDirection,
  { path, offset = 0, expected, announcedSize }: TransferPlan,
): TransferStart {
  // Files that report size 0 may have content (/proc): how much will move is unknown.
  const size = direction === "upload" ? announcedSize : expected || undefined;
  return { direction, path, offset, ...(size !== undefined && { size }) };
}

/**
 * ALLO asks for room and promises nothing (RFC 959 section 4.1.3): fewer bytes are not an error, but may be worth a
 * look.
 */
function isShort({ announcedSize = 0 }: TransferPlan, { bytes }: RunningTransfer): boolean {
  return bytes < announcedSize;
}

/** Reports the transfer to the engine, which decides by it where the next data connections are made. */
function announce(context: CommandContext, direction: TransferDirection, { expected, ascii }: TransferPlan): void {
  const { options, limiters, security, server } = context;
  const unchanged = !ascii && !limiters.download && !security.protectData;
  options.dataEngine.began?.(context, { direction, bytes: expected, unchanged, inCompany: server.sessionCount > 1 });
}

/** The options of the pump that a transfer chooses. */
export type MoveOptions = Pick<PumpOptions, "ascii" | "digest" | "limit" | "limiter">;

/** What {@link openDataTransfer} needs of a transfer. */
interface Opening {
  readonly plan: Pick<TransferPlan, "connector" | "path">;
  /** The preliminary reply. */
  readonly mark: reply.Reply;
  /** See {@link OpenData}. */
  readonly atOnce: boolean;
}

/** Sends the preliminary reply, waits for the data connection and protects it as PROT asks. */
async function openDataTransfer(
  context: CommandContext,
  transfer: RunningTransfer,
  { plan: { connector, path }, mark, atOnce }: Opening,
): Promise<DataTransfer> {
  const isThere = atOnce && connector.hasClient?.() === true;
  let connection: Connection | undefined;
  try {
    if (!isThere) await context.mark(mark);
    connection = await connector.open(transfer.signal);
    transfer.connected = true;
    const data = await context.protectData(connection, transfer.signal);
    if (isThere) {
      if (data.connection.beforeWait) data.connection.beforeWait(context.markLater(mark));
      else await context.mark(mark);
    }
    const { tls } = data;
    context.options.meter?.dataOpened({ mode: connector.kind, tls: tls !== undefined, resumed: tls?.resumed ?? false });
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
    const { eventLoop: loop, stallTimeout, minRate } = this.#context.options;
    return {
      ...options,
      loop,
      signal: this.#transfer.signal,
      stallTimeout,
      minRate,
      onProgress: (bytes) => this.#moved(bytes),
    };
  }

  /** @param bytes in total. */
  #moved(bytes: number): void {
    const transfer = this.#transfer;
    const { meter } = this.#context.options;
    if (transfer.direction !== undefined) meter?.moved(transfer.direction, bytes - transfer.bytes);
    transfer.bytes = bytes;
  }

  #checked(result: PumpResult): PumpResult {
    const transfer = this.#transfer;
    this.#moved(result.bytes);
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
