/**
 * The order of every transfer, written once: the file is open before this begins; then mark, data connection, protection, pump, close,
 * final reply. The mark goes out before the data connection must exist, because some clients connect only when they have read it
 * (zero-byte uploads of FileZilla, curlftpfs), and others listen for the end of the data only then (clients on Node). The final reply
 * goes out after the data connection is closed, because some clients cut the file when they read it earlier.
 *
 * @module
 */

import type { TransferKind } from "../../data/bulk_forecast.ts";
import { DataConnectionError, type DataConnector } from "../../data/engine.ts";
import type { PumpResult } from "../../data/pump.ts";
import type { TransferReason } from "../../events.ts";
import { closeQuietly, type Connection, type TlsFacts } from "../../net/connection.ts";
import * as reply from "../../protocol/reply.ts";
import { TlsError } from "../../tls/tls.ts";
import { VfsError } from "../../vfs/vfs.ts";
import type { CommandContext, RunningTransfer } from "../context.ts";
import { mustProtectData } from "../security.ts";
import { replyForVfsError } from "../failure_replies.ts";

/** Bytes from which a download is a large one. */
const BULK = 1024 * 1024;

/** What is moved, and what becomes of it. */
export interface TransferPlan {
  readonly verb: string;
  readonly direction: "download" | "upload" | "listing";
  readonly path: string;
  /** First byte of the file that this is about. */
  readonly offset?: number;
  /** Bytes that will go out, where that is known. */
  readonly expected?: number;
  /** Bytes that the client has said will come in. */
  readonly announced?: number | undefined;
  readonly ascii?: boolean;
  /** The preliminary reply. */
  readonly mark: reply.Reply;
  /** Text of the 226. */
  readonly success: string;
  /** Moves the bytes; never rejects. */
  pump(connection: Connection, transfer: RunningTransfer): Promise<PumpResult>;
  /** Says why a transfer that looks done is not whole, e.g. shorter than announced. */
  flaw?(result: PumpResult, tls: TlsFacts | undefined): Flaw | undefined;
  /** All bytes are through and the data connection is closed: makes it last. Resolves to the SHA-256 where one was taken. */
  complete?(): Promise<string | undefined>;
  /** It ended some other way. Never rejects. */
  fail?(): Promise<void>;
}

/** What is wrong with a transfer whose bytes all moved. */
export interface Flaw {
  readonly reason: TransferReason;
  readonly text: string;
}

/** How a transfer ended, before it is told to anybody. */
interface Ending {
  readonly reason: TransferReason;
  readonly answer: reply.Reply;
  readonly sha256?: string | undefined;
}

/** Checks what every transfer needs, and spends the data port. A reply means that there is no transfer. */
export function takeConnector(context: CommandContext): DataConnector | reply.Reply {
  const port = context.takeConnector();
  if (port === undefined) return reply.needDataPort;
  if (mustProtectData(context) && !context.security.protectData) {
    port.close();
    return reply.dataMustBeProtected;
  }
  return port;
}

/** Runs the plan over the data connection of `port` and resolves to the final reply. Reports how it ended. */
export async function runTransfer(
  context: CommandContext,
  port: DataConnector,
  plan: TransferPlan,
): Promise<reply.Reply> {
  const transfer = context.transfer;
  if (transfer === undefined) throw new Error("A transfer row ran without a running transfer");
  const started = performance.now();
  remember(context, kindOf(context, plan));
  const ending = await endingOf(context, port, plan, transfer);
  if (ending.reason !== "none") await plan.fail?.();
  context.emit({
    type: "transfer",
    verb: plan.verb,
    direction: plan.direction,
    path: plan.path,
    offset: plan.offset ?? 0,
    ascii: plan.ascii ?? false,
    bytes: transfer.bytes,
    milliseconds: performance.now() - started,
    complete: ending.reason === "none",
    reason: ending.reason,
    ...(transfer.unclean && { unclean: true }),
    ...(isShort(plan, ending, transfer) && { short: true }),
    ...(ending.sha256 !== undefined && { sha256: ending.sha256 }),
  });
  return ending.answer;
}

/** RFC 959 section 4.1.3 makes ALLO a wish for room and no promise: fewer bytes are no fault, but may be worth a look. */
function isShort({ announced = 0 }: TransferPlan, { reason }: Ending, { bytes }: RunningTransfer): boolean {
  return reason === "none" && bytes < announced;
}

/** For the choice of the next data port, of this session and of those to come. */
function remember({ data, server }: CommandContext, kind: TransferKind): void {
  server.forecast.learn(data.lastTransfer, kind);
  data.lastTransfer = kind;
}

/** As far as can be known before. What is converted, slowed down or under TLS passes through this thread whoever has the socket. */
function kindOf(
  { limiters, security }: CommandContext,
  { direction, expected = 0, ascii }: TransferPlan,
): TransferKind {
  if (direction === "listing") return "listing";
  const isLarge = direction === "download" && expected >= BULK;
  return isLarge && !ascii && !limiters.download && !security.protectData ? "bulk" : "other";
}

async function endingOf(
  context: CommandContext,
  port: DataConnector,
  plan: TransferPlan,
  transfer: RunningTransfer,
): Promise<Ending> {
  try {
    const broken = await overDataConnection(context, port, plan, transfer);
    if (broken) return broken;
    const sha256 = await plan.complete?.();
    return { reason: "none", answer: reply.transferComplete(plan.success), sha256 };
  } catch (error) {
    const ending = endingOfError(error, plan.verb, transfer);
    context.emit({ type: "problem", level: "debug", message: `${plan.verb} of "${plan.path}" failed`, error });
    return ending;
  }
}

/**
 * Everything that needs the data connection; when this settles it is closed, or has been ended and will be once the client has got all of it.
 * Resolves to how it broke, if it did.
 */
async function overDataConnection(
  context: CommandContext,
  port: DataConnector,
  plan: TransferPlan,
  transfer: RunningTransfer,
): Promise<Ending | undefined> {
  let connection: Connection | undefined;
  try {
    await context.mark(plan.mark);
    connection = await port.open(transfer.signal);
    transfer.connected = true;
    const data = await context.protectData(connection, transfer.signal);
    connection = data.connection;
    const { dataEngine, sessionCount } = context.server;
    // For the sake of other sessions it would be better off in another thread.
    if (context.data.lastTransfer === "bulk" && !connection.apart && sessionCount > 1) dataEngine.expectBulk?.();
    const result = await plan.pump(connection, transfer);
    transfer.bytes = result.bytes;
    if (result.outcome !== "done") return endingOfPump(context, plan, result, transfer);
    if (transfer.orphaned) return { reason: "controlLost", answer: reply.transferAborted };
    const flaw = plan.flaw?.(result, data.tls);
    if (flaw) return { reason: flaw.reason, answer: reply.connectionLost(flaw.text) };
    // Everything of an upload is here already. Under TLS the client needs the close_notify (RFC 4217 section 12.4), but one that has closed
    // the connection wants to hear nothing more on it.
    const isUpload = plan.direction === "upload";
    const { protectData } = context.security;
    if (isUpload && !protectData) return undefined;
    // The FIN of a socket of this thread leaves at once.
    const ended = protectData || connection.apart ? undefined : connection.closeWrite();
    const isEnded = ended || await endStream(connection, transfer.signal, context.options.timeouts.stall);
    if (isUpload) return undefined;
    if (!isEnded) return endingOfStream(transfer);
    context.server.lingering.add(connection, context.id, ended);
    connection = undefined;
    return undefined;
  } finally {
    port.close();
    if (connection) closeQuietly(connection);
  }
}

/** close_notify and FIN; a client that has stopped reading does not hold the transfer for ever. Resolves to whether they went out. */
async function endStream(connection: Connection, signal: AbortSignal, limit: number): Promise<boolean> {
  let sent = true;
  const giveUp = () => {
    sent = false;
    closeQuietly(connection);
  };
  const timer = limit > 0 ? setTimeout(giveUp, limit) : undefined;
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await connection.closeWrite();
    return sent;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

/** The client has not got the end of what was sent. */
function endingOfStream(transfer: RunningTransfer): Ending {
  if (transfer.signal.aborted) return { reason: transfer.abortReason ?? "aborted", answer: reply.transferAborted };
  return { reason: "dataLost", answer: reply.connectionLost("Data connection lost, transfer incomplete") };
}

function endingOfPump(
  context: CommandContext,
  plan: TransferPlan,
  result: PumpResult,
  transfer: RunningTransfer,
): Ending {
  const { outcome, error } = result;
  switch (outcome) {
    case "aborted":
      return { reason: transfer.abortReason ?? "aborted", answer: reply.transferAborted };
    case "stalled":
      return { reason: "stalled", answer: reply.dataStalled };
    case "sourceFailed":
    case "sinkFailed":
      context.emit({
        type: "problem",
        level: "warning",
        message: `Storage failed in ${plan.verb} of "${plan.path}"`,
        error,
      });
      return endingOfError(error, plan.verb, transfer);
    default:
      return { reason: "dataLost", answer: reply.connectionLost("Data connection lost, transfer incomplete") };
  }
}

function endingOfError(error: unknown, verb: string, transfer: RunningTransfer): Ending {
  if (error instanceof VfsError) {
    return { reason: error.kind === "overQuota" ? "quota" : "storage", answer: replyForVfsError(error, verb) };
  }
  if (transfer.signal.aborted) {
    return { reason: transfer.abortReason ?? "aborted", answer: reply.transferAborted };
  }
  if (error instanceof DataConnectionError) {
    return { reason: "dataNotOpened", answer: reply.noDataConnection("Cannot open the data connection") };
  }
  if (error instanceof TlsError) {
    return { reason: "tlsFailed", answer: reply.dataHandshakeFailed("TLS on the data connection failed") };
  }
  return { reason: "storage", answer: reply.localError("Local error in processing") };
}
