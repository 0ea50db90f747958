/**
 * Directories: where the user is, and making and removing them.
 *
 * @module
 */

import { quotePath } from "../protocol/quoted_path.ts";
import * as reply from "../protocol/reply.ts";
import { parentOf } from "../vfs/virtual_path.ts";
import { VfsError, type VirtualPath } from "../vfs/vfs.ts";
import * as argument from "./arguments.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { applyUmask, withParents } from "./transfer/upload_helpers.ts";

async function changeDirectory(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  await context.vfs.enter(path);
  context.login.cwd = path;
  return reply.fileActionDone("Directory changed");
}

/** At the root it stays there and answers 250 all the same; RFC 959 lists 200 too, but PHP takes nothing but 250. */
function changeToParent(context: CommandContext): Promise<reply.Reply> {
  return changeDirectory(context, parentOf(context.login.cwd));
}

async function makeDirectory(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
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

/** Cameras and the like insist on making the directory that is there already. */
async function acceptsExisting(context: CommandContext, path: VirtualPath, error: unknown): Promise<boolean> {
  if (context.options.mkdExisting !== "accept") return false;
  if (!(error instanceof VfsError) || error.kind !== "exists") return false;
  // What cannot be seen is not looked at: it is refused, or taken for a directory, whatever it is.
  return !context.vfs.sees(path) || (await context.vfs.stat(path)).kind === "directory";
}

async function removeDirectory(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  await context.vfs.rmdir(path);
  context.emit({ type: "fileChanged", change: "removedDirectory", path });
  return reply.fileActionDone("Directory removed");
}

export const navigateCommands = [
  command({
    verb: "CWD",
    aliases: ["XCWD"],
    syntax: "<path>",
    summary: "Change the working directory",
    source: "959 §4.1.1",
    argument: argument.presentPath,
    handler: changeDirectory,
  }),
  command({
    verb: "CDUP",
    aliases: ["XCUP"],
    summary: "Change to the parent directory",
    source: "959 §4.1.1",
    argument: argument.none,
    handler: changeToParent,
  }),
  command({
    verb: "PWD",
    aliases: ["XPWD"],
    summary: "Print the working directory",
    source: "959 §4.1.3",
    argument: argument.none,
    handler: (context) => reply.pathCreated(quotePath(context.login.cwd), "is the working directory"),
  }),
  command({
    verb: "MKD",
    aliases: ["XMKD"],
    syntax: "<path>",
    summary: "Create a directory",
    source: "959 §4.1.3",
    argument: argument.path,
    permission: "mkdir",
    handler: makeDirectory,
  }),
  command({
    verb: "RMD",
    aliases: ["XRMD"],
    syntax: "<path>",
    summary: "Remove an empty directory",
    source: "959 §4.1.3",
    argument: argument.path,
    permission: "rmdir",
    handler: removeDirectory,
  }),
];
