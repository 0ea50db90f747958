/**
 * Paths as the user sees them: the only maker of {@link VirtualPath}. Pure text, no file system; a link that leads out of the
 * root is the driver's matter.
 *
 * @module
 */

import { VfsError, type VirtualPath } from "./vfs.ts";

/** Bytes of one name in UTF-8: `NAME_MAX` of the usual file systems, so that the answer does not depend on the driver. */
const MAX_NAME_BYTES = 255;
/** Bytes of a whole path in UTF-8: `PATH_MAX` of Linux. */
const MAX_PATH_BYTES = 4096;
/** What UTF-8 needs at most for one UTF-16 unit: a text this many times shorter than a limit need not be encoded to know. */
const MAX_BYTES_PER_UNIT = 3;

// CR and LF would end the reply or listing line that carries the name; NUL ends a name in every system call.
const UNCARRIABLE = /[\r\n\0]/;

/** The root of every view. */
export const ROOT: VirtualPath = brand("/");

/**
 * The path that `argument` means to a user who is in `cwd`: absolute or relative, `.`, `..` and `//` taken out; `..` in the root
 * stays there (as in a shell). Everything else in a name is untouched.
 *
 * @throws {VfsError} `badName` for CR, LF, NUL, broken UTF-16, a name over 255 or a path over 4096 bytes of UTF-8.
 */
export function resolvePath(cwd: VirtualPath, argument: string): VirtualPath {
  if (UNCARRIABLE.test(argument) || !argument.isWellFormed()) {
    throw new VfsError("badName", "Name has forbidden characters");
  }
  const names = argument.startsWith("/") || cwd === ROOT ? [] : cwd.slice(1).split("/");
  for (const name of argument.split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") names.pop();
    else if (longerThan(name, MAX_NAME_BYTES)) {
      throw new VfsError("badName", `Name is longer than ${MAX_NAME_BYTES} bytes`);
    } else names.push(name);
  }
  const path = "/" + names.join("/");
  if (longerThan(path, MAX_PATH_BYTES)) throw new VfsError("badName", `Path is longer than ${MAX_PATH_BYTES} bytes`);
  return brand(path);
}

/** The directory that holds `path`; the root for the root itself. */
export function parentOf(path: VirtualPath): VirtualPath {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? ROOT : brand(path.slice(0, slash));
}

/** The last name of `path`; `/` for the root. */
export function nameOf(path: VirtualPath): string {
  return path === ROOT ? path : path.slice(path.lastIndexOf("/") + 1);
}

/**
 * The entry `name` of the directory `dir`.
 *
 * @throws {VfsError} `badName` for what is not one name: empty, `.`, `..`, with a slash, or one {@link resolvePath} refuses.
 */
export function joinPath(dir: VirtualPath, name: string): VirtualPath {
  if (name === "" || name === "." || name === ".." || name.includes("/")) {
    throw new VfsError("badName", `Not the name of an entry: "${name}"`);
  }
  return resolvePath(dir, name);
}

/** Whether `path` is `dir` or anything below it. */
export function isWithin(path: VirtualPath, dir: VirtualPath): boolean {
  return dir === ROOT || (path.startsWith(dir) && (path.length === dir.length || path[dir.length] === "/"));
}

/** Whether FTP can carry the name of an entry: no CR, LF or NUL, and no slash (which some drivers could hold in a name). */
export function isListable(name: string): boolean {
  return !UNCARRIABLE.test(name) && !name.includes("/");
}

function longerThan(text: string, limit: number): boolean {
  return text.length * MAX_BYTES_PER_UNIT > limit && new TextEncoder().encode(text).length > limit;
}

// The brand exists for the compiler alone, so this cast is the one place where it is given.
function brand(path: string): VirtualPath {
  return path as VirtualPath;
}
