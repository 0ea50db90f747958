/**
 * Whether a directory, with everything below it, may get a longer path: what is moved beyond the longest possible path
 * could neither be read nor removed any more, but would still take space.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { bytesOfName } from "./raw_names.ts";
import { type Vfs, VfsError, type VirtualPath } from "./vfs.ts";
import { depthOf, joinPath, MAX_NAMES, MAX_PATH_BYTES } from "./virtual_path.ts";

/** Entries that are checked without a pause: about two milliseconds of work on a disk. */
const ENTRIES_BETWEEN_RESTS = 256;

/**
 * Resolves if everything below `from` could be named below `to` as well. Only a path that gets longer needs the check,
 * which takes as long as listing the tree; other sessions get their turns in between.
 *
 * @throws {VfsError} `badName` if it could not; the errors of `vfs`, except for directories that are gone or closed.
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

/** Everything below `top`, directories before their content. */
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
      // Gone in the meantime, or closed to this server.
      if (!(error instanceof VfsError) || error.kind === "badName") throw error;
    }
    // An empty directory is work too.
    if (++unrested < ENTRIES_BETWEEN_RESTS) continue;
    unrested = 0;
    await delay(0);
  }
}

function bytesOf(path: VirtualPath): number {
  return bytesOfName(path).length;
}
