/**
 * The time of a file. Clients set it right after an upload (rclone, lftp, FileZilla), and report a file whose time they
 * cannot set as failed: so an account that may add files but not change them may set the time of those that it has just
 * added.
 *
 * @module
 */

import { VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import type { CommandContext } from "../context.ts";

/**
 * Remembers that this session has uploaded the file at `path`, if the account may not change it. Clients keep several
 * sessions and set the time over any of them: those of the account from the same address count as the same client.
 */
export async function rememberOwnUpload(context: CommandContext, path: VirtualPath): Promise<void> {
  if (context.vfs.can(path, "modify")) return;
  const file = await context.vfs.identify(path);
  if (file !== undefined) await context.server.recentUploads.remember(keyOf(context, file));
}

/**
 * Sets the time of the file at `path`.
 *
 * @throws {VfsError} `denied` unless the account may do so or the file is its own recent upload.
 */
export async function setModified(context: CommandContext, path: VirtualPath, modified: number): Promise<void> {
  const { vfs, server } = context;
  const set = vfs.capabilities.setModified;
  if (!set) throw new VfsError("unsupported", "The file system cannot set times");
  if (vfs.can(path, "modify")) return await set(path, modified);
  await vfs.setModifiedOfOwn(path, modified, (file) => server.recentUploads.has(keyOf(context, file)));
}

function keyOf({ login, control }: CommandContext, file: string): string {
  return JSON.stringify([login.account?.name, control.remote.hostname, file]);
}
