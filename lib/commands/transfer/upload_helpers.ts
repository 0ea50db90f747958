/**
 * The surroundings of an upload: missing parents, and the mode of new files and directories.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { parentOf, ROOT } from "../../vfs/virtual_path.ts";
import { type Vfs, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import type { CommandContext } from "../context.ts";

/**
 * Makes the directories above `path` that are missing, outermost first. Other sessions get a turn between two of
 * them: a path may have a hundred names, and making one looks at all names before it.
 */
export async function makeParents(vfs: Vfs, path: VirtualPath): Promise<void> {
  const missing: VirtualPath[] = [];
  for (let parent = parentOf(path); parent !== ROOT; parent = parentOf(parent)) {
    if (missing.length > 0) await delay(0);
    if (await tryMake(vfs, parent) === "there") break;
    missing.push(parent);
  }
  for (const directory of missing.toReversed()) {
    await delay(0);
    await tryMake(vfs, directory);
  }
}

/** Another may make it at the same moment. `orphan`: the directory that it would be in is missing. */
async function tryMake(vfs: Vfs, path: VirtualPath): Promise<"there" | "orphan"> {
  try {
    await vfs.mkdir(path);
    return "there";
  } catch (error) {
    if (!(error instanceof VfsError)) throw error;
    if (error.kind === "exists") return "there";
    if (error.kind === "notFound") return "orphan";
    throw error;
  }
}

/**
 * Runs `action`, which makes `path`, with the directories above it made first where they are missing and `always` is
 * so, or where they cannot be seen but could be made: in a drop box CWD goes to any name, so clients that make what CWD
 * refuses never make it.
 */
export async function withParents<T>(
  { vfs }: CommandContext,
  path: VirtualPath,
  { always, action }: { readonly always: boolean; readonly action: () => Promise<T> },
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const parent = parentOf(path);
    const makes = always || (!vfs.sees(parent) && vfs.can(parent, "mkdir"));
    if (!makes || !(error instanceof VfsError) || error.kind !== "notFound") throw error;
    await makeParents(vfs, path);
    return await action();
  }
}

/** Applies SITE UMASK to what a command has just made; `full` is the mode before the mask. */
export async function applyUmask(context: CommandContext, path: VirtualPath, full: 0o666 | 0o777): Promise<void> {
  const { umask } = context.parameters;
  const setMode = context.vfs.capabilities.setMode;
  if (umask === undefined || !setMode || !context.vfs.can(path, "modify")) return;
  await setMode(path, full & ~umask);
}
