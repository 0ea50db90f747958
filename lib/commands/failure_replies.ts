/**
 * The one place where a failure of the file system becomes a reply. The real error goes to the log, never to the
 * client.
 *
 * @module
 */

import * as reply from "../protocol/reply.ts";
import type { VfsError, VfsErrorKind } from "../vfs/vfs.ts";

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

  constructor(refusal: reply.Reply) {
    super(`Refused with ${refusal.code}`);
    this.reply = refusal;
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
  return error.hint === undefined ? found : { ...found, text: error.hint };
}
