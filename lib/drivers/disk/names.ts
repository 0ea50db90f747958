/**
 * Names on a real disk: giving one exclusively, telling what has lost one, and what they are called among the locks.
 *
 * @module
 */

import { basename, dirname } from "@std/path";
import { type ContainedCalls, type DiskChanges, runtimeChanges } from "./calls.ts";
import { kindOf } from "./errors.ts";
import type { DiskRoot, Found } from "./root.ts";
import type { Removed } from "../../vfs/vfs.ts";

/** What the locks of uploads call the file: the same for all its names. */
export function fileKey({ real, info }: Found): string {
  return `${info.dev} ${objectOf(info, real)}`;
}

/** What the locks call the name at the real path `real`, whatever path its directory is reached by. */
export function nameKey(root: DiskRoot, real: string): string {
  const directory = dirname(real);
  const info = root.lstat(directory);
  return `name ${info.dev} ${objectOf(info, directory)} ${basename(real)}`;
}

/** Windows has no number, or one that is not exact. */
function objectOf(info: Deno.FileInfo, real: string): number | string {
  return Number.isSafeInteger(info.ino) ? info.ino || real : real;
}

/** Tells two objects apart, as far as the system can: see `Entry.unique`. */
export function uniqueOf({ dev, ino }: Deno.FileInfo): string | undefined {
  return ino ? `${dev.toString(36)}g${ino.toString(36)}` : undefined;
}

/** `info` as that of a file that has lost a name. */
export function removedOf(info: Deno.FileInfo): Removed {
  const unique = uniqueOf(info);
  return { size: info.isFile ? info.size : 0, ...(unique !== undefined && { unique }) };
}

/**
 * Renames `source` to `target`, which nothing may have: `EEXIST` otherwise, decided by the system in the same step, also against other
 * event loops and other programs. rename(2) replaces what is there; renameat2(2), which need not, is there with the C library alone.
 */
export function renameExclusively(changes: DiskChanges | ContainedCalls, source: Found, target: string): void {
  if ("renameToFree" in changes) {
    try {
      return changes.renameToFree(source.real, target);
    } catch (error) {
      if (!isUnsupported(error)) throw error;
    }
  }
  if (source.info.isDirectory) renameDirectory(changes, source.real, target);
  else renameFile(changes, source, target);
}

function isUnsupported(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EINVAL" || error.code === "ENOSYS");
}

/** An empty directory of our own is what rename(2) may replace. One in which somebody has made something meanwhile is not: ENOTEMPTY. */
function renameDirectory(changes: DiskChanges, source: string, target: string): void {
  // Windows replaces no directory.
  if (Deno.build.os === "windows") return changes.rename(source, target);
  changes.makeDirectory(target);
  try {
    changes.rename(source, target);
  } catch (error) {
    quietly(() => changes.removeDirectory(target));
    throw error;
  }
}

/** link(2) fails where anything has the name, and until the second step the file has both. */
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
 * Programs that wait for new files (inotify: `close_write` and `moved_to`) do not hear of link(2). So the file is opened and closed
 * under its name, as if it had just been written.
 */
function announce(real: string): void {
  // It may not be written to, or somebody has taken it already.
  quietly(() => Deno.openSync(real, { append: true }).close());
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // Another error is on its way, or none that matters.
  }
}
