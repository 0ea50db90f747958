/**
 * Real paths made of others.
 *
 * @module
 */

import { SEPARATOR } from "@std/path";
import { VfsError, type VirtualPath } from "../../vfs/vfs.ts";

/**
 * Separators, drives, streams, wildcards, names of devices, endings that Windows drops, and short names (`ARCHIV~1`),
 * which would be a second name of another file.
 */
const WINDOWS_SPECIAL =
  /[\\:*?"<>|]|\/(con|prn|aux|nul|com\d|lpt\d)(\.|\/|$)|[. ](\/|$)|\/[^/.]{1,6}~\d{1,6}(\.[^/.]{0,3})?(\/|$)/i;

/** The entry `name` of the real directory `directory`. */
export function joinReal(directory: string, name: string): string {
  return directory.endsWith(SEPARATOR) ? directory + name : directory + SEPARATOR + name;
}

/** What `path` would be without links below the directory whose real path, with a separator after it, is `prefix`. */
export function pathBelow(prefix: string, path: VirtualPath): string {
  if (Deno.build.os !== "windows") return prefix + path.slice(1);
  if (WINDOWS_SPECIAL.test(path)) throw new VfsError("badName", `Has a special meaning on Windows: "${path}"`);
  return prefix + path.slice(1).replaceAll("/", SEPARATOR);
}
