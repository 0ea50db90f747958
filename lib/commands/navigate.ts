/**
 * Directories: where the user is, and making and removing them.
 *
 * @module
 */

import { quotePath } from "../protocol/quoted_path.ts";
import * as reply from "../protocol/reply.ts";
import { parentOf } from "../vfs/virtual_path.ts";
import { VfsError, type VirtualPath } from "../vfs/vfs.ts";
import type { Answer } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { applyUmask, withParents } from "./transfer/upload_helpers.ts";

/** Handles CWD. */
export async function changeDirectory(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  await context.vfs.enter(path);
  context.login.cwd = path;
  return reply.fileActionDone("Directory changed");
}

/** Handles CDUP. At the root it answers 250 as well; RFC 959 also lists 200, but PHP accepts only 250. */
export function changeToParent(context: CommandContext): Promise<reply.Reply> {
  return changeDirectory(context, parentOf(context.login.cwd));
}

/** Handles PWD. */
export function printDirectory(context: CommandContext): Answer {
  return reply.pathCreated(quotePath(context.login.cwd), "is the working directory");
}

/** Handles MKD. */
export async function makeDirectory(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  try {
    await withParents(context, path, { always: false, action: () => context.vfs.mkdir(path) });
  } catch (error) {
    if (!await acceptsExisting(context, path, error)) throw error;
    return reply.pathCreated(quotePath(path), "exists");
  }
  await applyUmask(context, path, 0o777);
  context.emit({ type: "fileChanged", change: "madeDirectory", path });
  return reply.pathCreated(quotePath(path), "created");
}

/** Cameras and similar devices insist on making a directory that already exists. */
async function acceptsExisting(context: CommandContext, path: VirtualPath, error: unknown): Promise<boolean> {
  if (context.options.mkdExisting !== "accept") return false;
  if (!(error instanceof VfsError) || error.kind !== "exists") return false;
  // What may not be seen is not looked at: it is taken for a directory, whatever it is.
  return !context.vfs.sees(path) || (await context.vfs.stat(path)).kind === "directory";
}

/** Handles RMD. */
export async function removeDirectory(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  await context.vfs.rmdir(path);
  context.emit({ type: "fileChanged", change: "removedDirectory", path });
  return reply.fileActionDone("Directory removed");
}
