/**
 * How a transfer ends: the one map from what went wrong in it to the reason in its event and to the reply.
 *
 * @module
 */

import { DataConnectionError } from "../../data/engine.ts";
import type { PumpResult } from "../../data/pump.ts";
import type { RefusalCause, TransferReason } from "../../events.ts";
import * as reply from "../../protocol/reply.ts";
import { TlsError } from "../../tls/tls.ts";
import { VfsError } from "../../vfs/vfs.ts";
import type { RunningTransfer } from "../context.ts";
import { replyForVfsError, systemFailure } from "../failure_replies.ts";

/** The reason in the event of a transfer, and its final reply. */
export interface TransferOutcome {
  readonly reason: TransferReason;
  readonly answer: reply.Reply;
  /** What is behind it, where storage failed. */
  readonly failure?: Pick<RefusalCause, "system" | "error"> | undefined;
}

/** A transfer that had begun and is not whole. */
export class TransferFailed extends Error implements TransferOutcome {
  override readonly name = "TransferFailed";
  readonly reason: TransferReason;
  readonly answer: reply.Reply;
  readonly failure: TransferOutcome["failure"];

  /** @param answer the final reply, or the text of a 426. */
  constructor(reason: TransferReason, answer: reply.Reply | string, failure?: TransferOutcome["failure"]) {
    super(`Transfer failed: ${reason}`);
    this.reason = reason;
    this.failure = failure;
    this.answer = typeof answer === "string" ? reply.connectionLost(answer) : answer;
  }
}

/** The client has not received all that was sent, or we have not received all that it sent. */
export function dataLost(transfer: RunningTransfer): TransferFailed {
  if (transfer.signal.aborted) return aborted(transfer);
  return new TransferFailed("dataLost", "Data connection lost, transfer incomplete");
}

/** The error to throw for a run of the pump that is not `done`. */
export function failureOfPump({ outcome, error }: PumpResult, transfer: RunningTransfer): unknown {
  switch (outcome) {
    case "aborted":
      return aborted(transfer);
    case "stalled":
      return new TransferFailed("stalled", reply.dataStalled);
    case "sourceFailed":
    case "sinkFailed": {
      const { reason, answer, failure } = outcomeOfError(error, transfer);
      return new TransferFailed(reason, answer, failure);
    }
    default:
      return new TransferFailed("dataLost", "Data connection lost, transfer incomplete");
  }
}

/** How a transfer ends in which `error` was thrown. */
export function outcomeOfError(error: unknown, transfer: RunningTransfer): TransferOutcome {
  if (error instanceof TransferFailed) return error;
  if (error instanceof VfsError) {
    const reason = error.kind === "overQuota" || error.kind === "tooLarge" ? "quota" : "storage";
    return { reason, answer: replyForVfsError(error, transfer), failure: systemFailure(error) };
  }
  if (transfer.signal.aborted) return aborted(transfer);
  if (error instanceof DataConnectionError) {
    return { reason: "dataNotOpened", answer: reply.noDataConnection("Cannot open the data connection") };
  }
  if (error instanceof TlsError) {
    return { reason: "tlsFailed", answer: reply.dataHandshakeFailed("TLS on the data connection failed") };
  }
  return {
    reason: "storage",
    answer: reply.localError("Local error in processing"),
    failure: systemFailure(error),
  };
}

function aborted(transfer: RunningTransfer): TransferFailed {
  return new TransferFailed(transfer.abortReason ?? "aborted", reply.transferAborted);
}
