/**
 * Removing large files without keeping anybody waiting. The system gives back the space of a file when its last name is
 * gone and nobody has it open any more: on ext4 that takes about 45 ms per GiB. So a large file loses its name in the
 * turn of the event loop that decides about it, as all files do, but under another name it goes on to exist until a
 * thread removes that.
 *
 * @module
 */

import { basename, dirname } from "@std/path";
import type { DiskChanges } from "./calls.ts";
import { joinReal } from "./real_path.ts";
import { partName } from "../../vfs/virtual_path.ts";

/** Bytes from which on a file is large: giving back fewer takes three milliseconds at most. */
const LARGE = 64 * 1024 * 1024;

/** Gives back the space of a file that has lost its name. Never rejects: if it fails, a stale part remains. */
export type GiveBack = () => Promise<void>;

/** Whether removing the last name of the file would take long. */
export function isLarge({ isFile, nlink, size }: Deno.FileInfo): boolean {
  return isFile && size >= LARGE && (nlink ?? 1) <= 1;
}

/** Removes the name of a large file at the real path `real`. */
export function setAside(changes: DiskChanges, real: string): GiveBack {
  const aside = asideOf(real);
  try {
    changes.rename(real, aside);
  } catch {
    changes.removeFile(real);
    return nothing;
  }
  return () => giveBack(changes, aside);
}

/** Runs `replace`, which takes the name of a large file at the real path `real` away. Throws as it does. */
export function replaceLarge(changes: DiskChanges, real: string, replace: () => void): GiveBack {
  const aside = asideOf(real);
  try {
    changes.link(real, aside);
  } catch {
    // No hard links here, or not of this file: the change will take its time.
    replace();
    return nothing;
  }
  try {
    replace();
  } catch (error) {
    changes.removeFile(aside);
    throw error;
  }
  return () => giveBack(changes, aside);
}

/** Hidden from users, and removed like what is left of an upload if this process is killed. */
function asideOf(real: string): string {
  return joinReal(dirname(real), partName(basename(real)));
}

async function giveBack(changes: DiskChanges, aside: string): Promise<void> {
  try {
    await changes.removeLargeFile(aside);
  } catch {
    // The name that the client knows is gone, which is what it was told.
  }
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
