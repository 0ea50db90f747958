/**
 * What LIST, NLST and STAT are about: real clients put options, patterns or a plain path there, and a file's own name
 * comes first.
 *
 * @module
 */

import { type Glob, hasGlob } from "../../protocol/glob.ts";
import { parseListArgument } from "../../protocol/list_argument.ts";
import { resolvePath } from "../../vfs/virtual_path.ts";
import { type Entry, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { toPath } from "../arguments.ts";
import type { CommandContext } from "../context.ts";
import { patternOf } from "./matching.ts";

/** One file, one directory, or what matches a pattern in one directory. */
export interface ListTarget {
  /** The file or the directory. */
  readonly path: VirtualPath;
  readonly entry: Entry;
  /** The names wanted of a directory; all without it. */
  readonly glob: Glob | undefined;
  /** In front of each name of NLST, so that it can be used with RETR as printed (RFC 1123 section 4.1.2.7). */
  readonly prefix: string;
  /** Letters of the options, such as `la`. */
  readonly flags: string;
}

/** Finds out what `argument` means. @throws {VfsError} if there is no such file or directory. */
export async function findTarget(context: CommandContext, argument: string | undefined): Promise<ListTarget> {
  const { flags, path, literal } = parseListArgument(argument);
  if (literal !== undefined) {
    const named = await existing(context, literal);
    if (named) return { ...named, glob: undefined, prefix: prefixOf(literal, named), flags: "" };
  }
  const given = path ?? "";
  if (hasGlob(given)) {
    const named = await existing(context, given);
    if (!named) return await matchingTarget(context, given, flags);
    return { ...named, glob: undefined, prefix: prefixOf(given, named), flags };
  }
  const resolved = given === "" ? context.login.cwd : toPath(given, context);
  const found = { path: resolved, entry: await context.vfs.stat(resolved) };
  return { ...found, glob: undefined, prefix: prefixOf(given, found), flags };
}

/** A pattern is looked for in the last part of the path only: bounded work, no recursion. */
async function matchingTarget(context: CommandContext, given: string, flags: string): Promise<ListTarget> {
  const slash = given.lastIndexOf("/");
  const glob = patternOf(given.slice(slash + 1));
  const prefix = given.slice(0, slash + 1);
  const directory = prefix === "" ? context.login.cwd : toPath(prefix, context);
  const entry = await context.vfs.stat(directory);
  if (entry.kind !== "directory") throw new VfsError("notDirectory", `Cannot list "${directory}"`);
  return { path: directory, entry, glob, prefix, flags };
}

async function existing(
  context: CommandContext,
  name: string,
): Promise<{ path: VirtualPath; entry: Entry } | undefined> {
  try {
    const path = resolvePath(context.login.cwd, name);
    return { path, entry: await context.vfs.stat(path) };
  } catch (error) {
    if (error instanceof VfsError) return undefined;
    throw error;
  }
}

/** The directory as the client wrote it, of a file the one that it is in; nothing for the working directory. */
function prefixOf(given: string, { entry }: { readonly entry: Entry }): string {
  if (entry.kind !== "directory") return given.slice(0, startOfName(given));
  if (given === "" || given === ".") return "";
  return given.endsWith("/") ? given : `${given}/`;
}

/**
 * Where the last name of `given` begins, whatever slashes follow it. From the end, so that thousands of slashes are
 * looked at once.
 */
function startOfName(given: string): number {
  let end = given.length;
  while (given[end - 1] === "/") end--;
  return end === 0 ? 0 : given.lastIndexOf("/", end - 1) + 1;
}
