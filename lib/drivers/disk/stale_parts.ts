/**
 * Which parts of uploads are in use. The process that writes to one has a lock on it (flock(2)), which ends with the
 * process, however it ends: so another process, or the next one, can tell what is left of an upload that was killed,
 * whatever the clock says, and in containers that do not see each other's processes.
 *
 * @module
 */

import type { DiskFile } from "./calls.ts";
import type { DiskRoot } from "./root.ts";
import { isLarge } from "./large_files.ts";
import { removedOf } from "./names.ts";
import type { Removed } from "../../vfs/vfs.ts";

/** Milliseconds after its last change from which on a part is stale where files cannot be locked: a day. */
const OLD = 86_400_000;

/** Locks a part that was just made. `false` if another process takes it for a stale one at this moment. */
export function lockPart(file: DiskFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    // Not on this file system: its age tells.
    return true;
  }
}

/** Removes the part at the real path `real` if no process writes to it. Resolves to what was removed; never rejects. */
export async function removeStalePart(root: DiskRoot, real: string): Promise<Removed | undefined> {
  try {
    const info = root.lstat(real);
    if (!info.isFile || !isAbandoned(real, info)) return undefined;
    if (isLarge(info)) await root.changes.removeLargeFile(real);
    else root.changes.removeFile(real);
    return removedOf(info);
  } catch {
    // It is gone, or may not be touched.
    return undefined;
  }
}

/**
 * With the lock the file could only be removed, which somebody else may do as well. It is not kept: the file is large
 * where that matters, and closing it last would give its space back in this thread.
 */
function isAbandoned(real: string, { mtime }: Deno.FileInfo): boolean {
  using file = Deno.openSync(real, { read: true });
  try {
    return file.tryLockSync(true);
  } catch {
    return mtime !== null && Math.abs(Date.now() - mtime.getTime()) > OLD;
  }
}
