/**
 * What all transfers have in common around their own steps: how long one took, what stopped it, its event, its reply.
 * The steps themselves are in `retr.ts`, `stor.ts` and `listing.ts`, from the open file to the commit.
 *
 * @module
 */

import type { DataConnector } from "../../data/engine.ts";
import * as reply from "../../protocol/reply.ts";
import type { TransferDirection } from "../../events.ts";
import type { CommandContext, RunningTransfer, TransferContext, TransferStart } from "../context.ts";
import { type DataTransfer, openDataTransfer } from "./data_transfer.ts";
import { outcomeOfError, type TransferOutcome } from "./transfer_outcome.ts";

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

/** Sends the preliminary reply, and resolves to the data connection once it is there. */
export type OpenData = (mark: reply.Reply) => Promise<DataTransfer>;

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
    sha256 = await steps((mark) => openDataTransfer(context, transfer, { plan, mark }));
    outcome = { reason: "none", answer: reply.transferComplete(plan.success) };
  } catch (error) {
    outcome = outcomeOfError(error, transfer);
    if (outcome !== error) {
      const message = `${transfer.verb} of "${plan.path}" failed`;
      context.emit({ type: "notice", level: "debug", message, error });
    }
  }
  const isComplete = outcome.reason === "none";
  context.emit({
    type: "transfer",
    verb: transfer.verb,
    direction,
    path: start.path,
    offset: start.offset,
    ascii: plan.ascii ?? false,
    bytes: transfer.bytes,
    milliseconds: performance.now() - started,
    complete: isComplete,
    reason: outcome.reason,
    ...(transfer.unclean && { unclean: true }),
    ...(isComplete && isShort(plan, transfer) && { short: true }),
    ...(sha256 !== undefined && { sha256 }),
  });
  return outcome.answer;
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
