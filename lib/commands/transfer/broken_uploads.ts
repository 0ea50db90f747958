/**
 * Uploads that broke off before they could replace a file. The old file is still there whole, and clients that try
 * again ask for its size to go on from there (FileZilla, lftp and others with REST, curl with APPE): the result would
 * be half of the old file and half of the new one.
 *
 * @module
 */

import * as reply from "../../protocol/reply.ts";
import type { VirtualPath } from "../../vfs/vfs.ts";
import type { CommandContext, TransferContext } from "../context.ts";
import { Refusal } from "../failure_replies.ts";

/** An upload of the whole file to `path` broke off. */
export async function rememberBroken(context: TransferContext, path: VirtualPath): Promise<void> {
  // In place the client finds what it has sent.
  if (context.login.account?.uploads === "inPlace" && context.transfer.bytes > 0) return;
  const key = await keyOf(context, path);
  if (key !== undefined) await context.server.recentUploads.remember(key);
}

/**
 * Throws a refusal if an upload of this account to `path` broke off within the last minute or two, and the file is
 * still the one that it would have replaced.
 */
export async function requireUnbroken(context: CommandContext, path: VirtualPath): Promise<void> {
  const key = await keyOf(context, path);
  if (key !== undefined && await context.server.recentUploads.has(key)) throw new Refusal(reply.oldFileKept);
}

async function keyOf({ vfs, login }: CommandContext, path: VirtualPath): Promise<string | undefined> {
  const file = await vfs.identify(path, { timed: true });
  return file && JSON.stringify(["broken", login.account?.name, path, file]);
}
