/**
 * Names on a real disk: taking one exclusively, describing what has lost one, and the keys of names and files for the
 * locks.
 *
 * @module
 */

import { basename, dirname } from "@std/path";
import { type ContainedCalls, type DiskChanges, type Found, runtimeChanges } from "./calls.ts";
import { hasCode, kindOf } from "./errors.ts";
import type { DiskRoot } from "./root.ts";
import type { Removed } from "../../vfs/vfs.ts";

/** The key of the file for the locks of uploads: the same for all its names. */
export function fileKey({ real, info }: Found): string {
  return `${info.dev} ${objectOf(info, real)}`;
}

/** The key of the name at the real path `real` for the locks, by whichever path its directory is reached. */
export function nameKey(root: DiskRoot, real: string): string {
  const directory = dirname(real);
  const info = root.lstat(directory);
  return `name ${info.dev} ${objectOf(info, directory)} ${basename(real)}`;
}

/** Windows has no number, or an inexact one. */
function objectOf(info: Deno.FileInfo, real: string): number | string {
  return Number.isSafeInteger(info.ino) ? info.ino || real : real;
}

/** A text that differs between two objects, as far as the system can tell: see `Entry.unique`. */
export function uniqueOf({ dev, ino }: Deno.FileInfo): string | undefined {
  return ino ? `${dev.toString(36)}g${ino.toString(36)}` : undefined;
}

/** The description of a file that has lost a name. */
export function removedOf(info: Deno.FileInfo): Removed {
  const unique = uniqueOf(info);
  return { size: info.isFile ? info.size : 0, ...(unique !== undefined && { unique }) };
}

/**
 * Renames `source` to `target`, which must not exist: otherwise `EEXIST`, decided by the system in the same step, also
 * against other event loops and other programs. rename(2) replaces the target; renameat2(2), which can avoid that, is
 * only available with the C library.
 */
export function renameExclusively(changes: DiskChanges | ContainedCalls, source: Found, target: string): void {
  if ("renameToFree" in changes) {
    try {
      return changes.renameToFree(source.real, target);
    } catch (error) {
      if (!hasCode(error, "EINVAL", "ENOSYS")) throw error;
    }
  }
  if (source.info.isDirectory) renameDirectory(changes, source.real, target);
  else renameFile(changes, source, target);
}

/**
 * rename(2) may replace our own empty directory. If somebody has created something in it in the meantime, it fails:
 * ENOTEMPTY.
 */
function renameDirectory(changes: DiskChanges, source: string, target: string): void {
  // Windows does not replace directories.
  if (Deno.build.os === "windows") return changes.rename(source, target);
  changes.makeDirectory(target);
  try {
    changes.rename(source, target);
  } catch (error) {
    quietly(() => changes.removeDirectory(target));
    throw error;
  }
}

/** link(2) fails if the name is in use; until the second step the file has both names. */
function renameFile(changes: DiskChanges, { real, info }: Found, target: string): void {
  try {
    changes.link(real, target);
  } catch (error) {
    const kind = kindOf(error);
    if (kind === "exists" || kind === "notFound") throw error;
    // No hard links here, or not of this file (protected_hardlinks).
    return renameOverOwn(changes, real, target);
  }
  try {
    changes.removeFile(real);
  } catch (error) {
    changes.removeFile(target);
    throw error;
  }
  // The runtime would follow a link that somebody puts there.
  if (info.isFile && changes === runtimeChanges) announce(target);
}

function renameOverOwn(changes: DiskChanges, source: string, target: string): void {
  changes.create(target);
  try {
    changes.rename(source, target);
  } catch (error) {
    quietly(() => changes.removeFile(target));
    throw error;
  }
}

/**
 * Programs that wait for new files (inotify: `close_write` and `moved_to`) are not notified of link(2). So the file is
 * opened and closed under its name, as if it had just been written.
 */
function announce(real: string): void {
  // It may be read-only, or already taken away by another program.
  quietly(() => Deno.openSync(real, { append: true }).close());
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // Another error is being thrown, or none that matters.
  }
}
