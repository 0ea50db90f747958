/**
 * Single files: delete, rename, size, times, digests.
 *
 * @module
 */

import * as reply from "../protocol/reply.ts";
import { formatTimeVal, parseTimeVal, splitTimeAndPath } from "../protocol/time.ts";
import { VfsError, type VirtualPath } from "../vfs/vfs.ts";
import * as argument from "./arguments.ts";
import { asciiSize } from "./ascii_size.ts";
import type { CommandContext } from "./context.ts";
import { setModified } from "./transfer/own_uploads.ts";

/** Handles DELE. */
export async function dele(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  await context.vfs.remove(path);
  context.emit({ type: "fileChanged", change: "deleted", path });
  return reply.fileActionDone("File deleted");
}

/** Handles RNFR. */
export async function rnfr(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  // What may not be seen may be renamed, if the account has that right: RNTO finds out whether it exists.
  if (context.vfs.sees(path)) await context.vfs.stat(path);
  context.rename.from = path;
  return reply.needRename;
}

/** Handles RNTO. The state is spent on success and on failure. */
export async function rnto(context: CommandContext, to: VirtualPath): Promise<reply.Reply> {
  const from = context.rename.from;
  context.rename.from = undefined;
  if (from === undefined) return reply.badSequence("Send RNFR first");
  await context.vfs.rename(from, to);
  context.emit({ type: "fileChanged", change: "renamed", path: from, to });
  return reply.fileActionDone("Renamed");
}

/** Handles SIZE. Only digits follow 213: clients read the last word as the number. */
export async function size(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const entry = await context.vfs.stat(path);
  if (entry.kind !== "file") return reply.actionRefused("Not a regular file");
  if (context.parameters.type === "I" || context.options.ascii !== "convert") return reply.fileStatus(`${entry.size}`);
  const converted = await asciiSize(context.vfs, path, entry.size);
  return converted === undefined
    ? reply.actionRefused("SIZE in TYPE A is too expensive for this file; use TYPE I")
    : reply.fileStatus(`${converted}`);
}

/**
 * Handles MDTM. `MDTM path` shows the time. `MDTM YYYYMMDDHHMMSS path` sets it, as with vsftpd, unless a file has that
 * whole text as its name.
 */
export async function mdtm(context: CommandContext, given: string): Promise<reply.Reply> {
  const split = splitTimeAndPath(given);
  if (split === undefined || await exists(context, given)) {
    const modified = await modifiedAt(context, argument.toPath(given, context));
    return reply.fileStatus(formatTimeVal(modified, { fractions: context.options.timeFractions }));
  }
  const path = argument.toPath(split.path, context);
  await changeModified(context, path, split.modified);
  return reply.fileStatus("Modification time set");
}

/** A link that leads nowhere has no time, just as it has no size. */
async function modifiedAt(context: CommandContext, path: VirtualPath): Promise<number> {
  const { kind, modified } = await context.vfs.stat(path);
  if (kind === "link") throw new VfsError("notFound", `Leads nowhere: "${path}"`);
  return modified;
}

async function exists(context: CommandContext, name: string): Promise<boolean> {
  try {
    await context.vfs.stat(argument.toPath(name, context));
    return true;
  } catch (error) {
    if (error instanceof VfsError) return false;
    throw error;
  }
}

async function changeModified(context: CommandContext, path: VirtualPath, modified: number): Promise<void> {
  await setModified(context, path, modified);
  context.emit({ type: "fileChanged", change: "modified", path });
}

/**
 * Handles MFMT (draft-somers-ftp-mfxx-04 section 3): the reply repeats fact and path. A client that sends a fraction
 * can read one.
 */
export async function mfmt(context: CommandContext, given: string): Promise<reply.Reply> {
  const split = splitTimeAndPath(given);
  if (!split) return reply.badArgument("MFMT takes YYYYMMDDHHMMSS and a path");
  const path = argument.toPath(split.path, context);
  await changeModified(context, path, split.modified);
  return reply.fileStatus(`Modify=${formatTimeVal(split.modified, { fractions: true })}; ${split.path}`);
}

/** One fact that MFF can change: how its value is read, and what applies it. */
interface ChangeableFact {
  readonly name: string;
  /** The action that sets `value`, or `undefined` when the value is wrong or the file system cannot. */
  readonly setter: (context: CommandContext, value: string) => ((path: VirtualPath) => Promise<void>) | undefined;
}

const CHANGEABLE_FACTS: readonly ChangeableFact[] = [
  {
    name: "Modify",
    setter: (context, value) => {
      const time = parseTimeVal(value);
      return time === undefined ? undefined : (path) => setModified(context, path, time);
    },
  },
  {
    name: "UNIX.mode",
    setter: (context, value) => {
      const set = context.vfs.capabilities.setMode;
      return !/^0?[0-7]{3}$/.test(value) || !set ? undefined : (path) => set(path, parseInt(value, 8));
    },
  },
];

/** Handles MFF (draft-somers-ftp-mfxx-04 section 5): all facts are checked before the first is changed. */
export async function mff(context: CommandContext, given: string): Promise<reply.Reply> {
  const match = /^((?:[^=; ]+=[^;]*;)+) (.+)$/.exec(given);
  if (!match) return reply.badArgument("MFF takes fact=value; and a path");
  const [, facts = "", name = ""] = match;
  const path = argument.toPath(name, context);
  const setters = [];
  for (const pair of facts.split(";").slice(0, -1)) {
    const at = pair.indexOf("=");
    const fact = CHANGEABLE_FACTS.find((each) => each.name.toLowerCase() === pair.slice(0, at).toLowerCase());
    if (!fact) return reply.badParameter(`Fact "${pair.slice(0, at)}" cannot be changed`);
    const set = fact.setter(context, pair.slice(at + 1));
    if (!set) return reply.badArgument(`Invalid value for fact "${fact.name}"`);
    setters.push(set);
  }
  for (const set of setters) await set(path);
  context.emit({ type: "fileChanged", change: "modified", path });
  return reply.fileStatus(`${facts} ${name}`);
}

/** Handles AVBL. */
export async function avbl(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const space = await context.vfs.capabilities.space?.(path);
  return space ? reply.fileStatus(`${space.free}`) : reply.actionRefused("Not supported by this file system");
}

/** The facts that MFF can change here. */
export function mffFeature(context: CommandContext): string {
  const capabilities = context.login.vfs?.capabilities;
  const facts = CHANGEABLE_FACTS.filter(({ name }) => name !== "UNIX.mode" || capabilities?.setMode !== undefined);
  return `MFF ${facts.map(({ name }) => `${name};`).join("")}`;
}
