/**
 * File systems to which names that differ in case are one: by default those of macOS and Windows, and FAT, NTFS, SMB
 * and directories of ext4 with the attribute `+F` on Linux.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";

/**
 * Whether names that differ in case alone are one where `directory`, a real path, is: its own name is tried in another
 * case. Where it has no letters, or the runtime does not permit the look, the system decides.
 */
export function foldsNames(directory: string, stat: (path: string) => Deno.FileInfo = Deno.lstatSync): boolean {
  const name = basename(directory);
  const swapped = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
  const path = join(dirname(directory), swapped);
  if (swapped === name || !mayRead(path)) return Deno.build.os === "darwin" || Deno.build.os === "windows";
  try {
    const [one, other] = [stat(directory), stat(path)];
    return one.ino === other.ino && one.dev === other.dev;
  } catch {
    return false;
  }
}

/** Asked first: the runtime would stop and prompt. */
function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
