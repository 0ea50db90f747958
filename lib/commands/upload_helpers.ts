/**
 * What surrounds an upload: parents that are missing, and the mode of what is new.
 *
 * @module
 */

import { parentOf, ROOT } from "../vfs/virtual_path.ts";
import { type Vfs, VfsError, type VirtualPath } from "../vfs/vfs.ts";
import type { CommandContext } from "./context.ts";

/** Makes the directories above `path` that are missing, outermost first. */
export async function makeParents(vfs: Vfs, path: VirtualPath): Promise<void> {
  const parent = parentOf(path);
  if (parent === ROOT) return;
  try {
    await vfs.mkdir(parent);
  } catch (error) {
    if (!(error instanceof VfsError)) throw error;
    if (error.kind === "exists") return;
    if (error.kind !== "notFound") throw error;
    await makeParents(vfs, parent);
    await vfs.mkdir(parent);
  }
}

/** Applies SITE UMASK to what a command has just made; `full` is the mode before the mask. */
export async function applyUmask(context: CommandContext, path: VirtualPath, full: 0o666 | 0o777): Promise<void> {
  const { umask } = context.parameters;
  const setMode = context.vfs.extras.setMode;
  if (umask === undefined || !setMode || !context.vfs.can(path, "modify")) return;
  await setMode(path, full & ~umask);
}
