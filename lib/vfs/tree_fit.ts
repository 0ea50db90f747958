/**
 * Whether a directory, with all that is below it, may get a longer path: what is moved to where no path can reach it could neither be read
 * nor removed any more, and is still kept.
 *
 * @module
 */

import { bytesOfName } from "./raw_names.ts";
import { type Vfs, VfsError, type VirtualPath } from "./vfs.ts";
import { depthOf, joinPath, MAX_NAMES, MAX_PATH_BYTES } from "./virtual_path.ts";

/** Entries that are looked at without a rest: some two milliseconds of work on a disk. */
const ENTRIES_BETWEEN_RESTS = 256;

/**
 * Resolves when everything below `from` could be named below `to` as well. Only a path that gets longer is a reason to look, which takes as
 * long as listing the tree does; others have their turns meanwhile.
 *
 * @throws {VfsError} `badName` when it could not; the errors of `vfs`, but for directories that are gone or closed.
 */
export async function requireFits(vfs: Vfs, from: VirtualPath, to: VirtualPath): Promise<void> {
  const moreNames = depthOf(to) - depthOf(from);
  const moreBytes = bytesOf(to) - bytesOf(from);
  if (moreNames <= 0 && moreBytes <= 0) return;
  const { kind, link } = await vfs.stat(from);
  if (kind !== "directory" || link) return;
  const limits = { names: MAX_NAMES - moreNames, bytes: MAX_PATH_BYTES - moreBytes };
  for await (const path of below(vfs, from)) {
    if (depthOf(path) <= limits.names && bytesOf(path) <= limits.bytes) continue;
    throw new VfsError("badName", `"${path}" would be too deep or too long below "${to}"`);
  }
}

/** Everything below `top`, directories before what is in them. */
async function* below(vfs: Vfs, top: VirtualPath): AsyncGenerator<VirtualPath, void> {
  const directories = [top];
  let unrested = 0;
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    try {
      for await (const batch of vfs.list(directory)) {
        for (const { name, kind } of batch) {
          const path = joinPath(directory, name);
          if (kind === "directory") directories.push(path);
          yield path;
        }
        unrested += batch.length;
      }
    } catch (error) {
      // Gone meanwhile, or closed to this server.
      if (!(error instanceof VfsError) || error.kind === "badName") throw error;
    }
    // A directory is work too, also where nothing is in it.
    if (++unrested < ENTRIES_BETWEEN_RESTS) continue;
    unrested = 0;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function bytesOf(path: VirtualPath): number {
  return bytesOfName(path).length;
}
