/**
 * The one place where a failure of the file system becomes a reply. The real error goes to the log, never to the
 * client.
 *
 * @module
 */

import type { RefusalCause, RefusalReason } from "../events.ts";
import { systemCodeOf } from "../net/message_of.ts";
import * as reply from "../protocol/reply.ts";
import type { VfsError, VfsErrorKind } from "../vfs/vfs.ts";
import { explained } from "./explained_reply.ts";

const EXISTING_NAME: Readonly<Record<VfsErrorKind, reply.Reply>> = {
  notFound: reply.actionRefused("No such file or directory"),
  denied: reply.actionRefused("Permission denied"),
  exists: reply.actionRefused("File exists"),
  notEmpty: reply.actionRefused("Directory not empty"),
  notDirectory: reply.actionRefused("Not a directory"),
  isDirectory: reply.actionRefused("Is a directory"),
  noSpace: reply.noSpace,
  overQuota: reply.overQuota,
  tooLarge: reply.tooLarge,
  badName: reply.actionRefused("Invalid file name"),
  otherTree: reply.nameRefused("That is in another mounted directory: nothing can be renamed across them, copy it"),
  busy: reply.fileBusy("File is busy, try again later"),
  takenOver: reply.localError("Another upload has taken over the file"),
  vanished: reply.localError("The file was removed or renamed during the upload"),
  unsupported: reply.actionRefused("Not supported by this file system"),
  pastEnd: reply.restartBeyondEnd,
  failed: reply.localError("Local error in processing"),
};

/** The name is not at fault where a directory is missing: clients such as PyFilesystem read only 550 as "not found". */
const NEW_NAME: Readonly<Record<VfsErrorKind, reply.Reply>> = {
  ...EXISTING_NAME,
  badName: reply.nameRefused("That name is not allowed here"),
  notFound: reply.actionRefused("No such directory"),
  exists: reply.nameRefused("File exists and may not be overwritten"),
  notDirectory: reply.actionRefused("A component of the path is not a directory"),
};

/** Thrown by a handler that cannot do what it was asked for: the reply says why, and nothing was done. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reply: reply.Reply;

  /** @param why for the log, where the code of the reply does not say it. */
  constructor(refusal: reply.Reply, why?: RefusalCause) {
    super(`Refused with ${refusal.code}`);
    this.reply = why === undefined ? refusal : explained(refusal, why);
  }
}

/**
 * The reply to a command in which the file system failed with `error`.
 *
 * @param createsName as in the row of the command: RFC 959 answers 553 where a new name is refused, and 550 where one
 *   should exist.
 */
export function replyForVfsError(error: VfsError, { createsName }: { readonly createsName: boolean }): reply.Reply {
  const found = (createsName ? NEW_NAME : EXISTING_NAME)[error.kind];
  return explained(error.hint === undefined ? found : { ...found, text: error.hint }, causeOfVfsError(error));
}

/** `denied` by the account says what in it refuses; what is left is by the system. */
const REASONS: Readonly<Record<VfsErrorKind, RefusalReason>> = {
  notFound: "missing",
  denied: "disk",
  exists: "exists",
  notEmpty: "notEmpty",
  notDirectory: "notDirectory",
  isDirectory: "isDirectory",
  noSpace: "noSpace",
  overQuota: "quota",
  tooLarge: "tooLarge",
  otherTree: "otherMount",
  badName: "name",
  busy: "busy",
  takenOver: "takenOver",
  vanished: "vanished",
  unsupported: "unsupported",
  pastEnd: "offset",
  failed: "storage",
};

function causeOfVfsError(error: VfsError): RefusalCause {
  if (error.account) return { reason: "access", ...error.account, error };
  return { reason: REASONS[error.kind], ...systemFailure(error) };
}

/** What the log has of an error besides the reason: the code of the system, if there is one, and the error itself. */
export function systemFailure(error: unknown): Pick<RefusalCause, "system" | "error"> {
  const system = systemCodeOf(error);
  return { ...(system !== undefined && { system }), error };
}
