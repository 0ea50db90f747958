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

/**
 * Locks a part that was just made. `false` if another process takes it for a stale one: before the lock it cannot tell
 * the two apart.
 */
export function lockPart(file: DiskFile): boolean {
  try {
    if (!file.tryLockSync(true)) return false;
  } catch {
    // Not on this file system: its age tells.
    return true;
  }
  return file.statSync().nlink !== 0;
}

/** Removes the part at the real path `real` if no process writes to it. Resolves to what was removed; never rejects. */
export async function removeStalePart(root: DiskRoot, real: string): Promise<Removed | undefined> {
  try {
    const info = root.lstat(real);
    if (!info.isFile) return undefined;
    const large = isLarge(info);
    {
      using file = Deno.openSync(real, { read: true });
      if (!isAbandoned(file, info)) return undefined;
      // Under the lock: it may have been made this moment, and whoever made it would lock a file without a name.
      if (!large) root.changes.removeFile(real);
    }
    // Not while it is open here: the close would give its space back then, in this thread.
    if (large) await root.changes.removeLargeFile(real);
    return removedOf(info);
  } catch {
    // It is gone, or may not be touched.
    return undefined;
  }
}

/** Whether no process writes to the part. It is locked then, until it is closed. */
function isAbandoned(file: Deno.FsFile, { mtime }: Deno.FileInfo): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return mtime !== null && Math.abs(Date.now() - mtime.getTime()) > OLD;
  }
}
