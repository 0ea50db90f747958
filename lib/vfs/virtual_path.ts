/**
 * Paths as the user sees them: the only place that creates a {@link VirtualPath}. Pure text, no file system; links that
 * leave the root are handled by the driver.
 *
 * @module
 */

import { bytesOfName } from "./raw_names.ts";
import { VfsError, type VirtualPath } from "./vfs.ts";

/** Bytes of one name in UTF-8: `NAME_MAX` of common file systems, so that the answer does not depend on the driver. */
const MAX_NAME_BYTES = 255;
/** Bytes of a whole path in UTF-8: `PATH_MAX` of Linux. */
export const MAX_PATH_BYTES = 4096;
/**
 * Names in a path that a client may ask for. A check of a path is synchronous and visits each of its names, and the
 * system resolves the path up to each, so the cost grows with the square: 3 ms with 200 names, 28 ms with 1,000, and
 * creating the directories is cheap. Real trees are far from it.
 */
export const MAX_NAMES = 100;
/**
 * The most bytes that UTF-8 needs for one UTF-16 unit: a text this many times shorter than a limit need not be encoded
 * to know that it fits.
 */
const MAX_BYTES_PER_UNIT = 3;

// CR and LF would end the reply or listing line that contains the name; NUL ends a name in every system call.
const UNCARRIABLE = /[\r\n\0]/;

/** The root of every view. */
export const ROOT: VirtualPath = brand("/");

/**
 * The path that `argument` means to a user in `cwd`: absolute or relative, with `.`, `..` and `//` resolved; `..` in
 * the root stays there (as in a shell). Everything else in a name is left as it is.
 *
 * @throws {VfsError} `badName` for CR, LF, NUL, broken UTF-16, a name over 255 or a path over 4096 bytes of UTF-8, a
 * path of more than {@link MAX_NAMES} names.
 */
export function resolvePath(cwd: VirtualPath, argument: string): VirtualPath {
  requireCarriable(argument);
  const names = argument.startsWith("/") || cwd === ROOT ? [] : cwd.slice(1).split("/");
  for (const name of argument.split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") names.pop();
    else names.push(fittingName(name));
  }
  if (names.length > MAX_NAMES) throw new VfsError("badName", `Path has more than ${MAX_NAMES} names`);
  return fittingPath("/" + names.join("/"));
}

/** The directory that contains `path`; the root for the root itself. */
export function parentOf(path: VirtualPath): VirtualPath {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? ROOT : brand(path.slice(0, slash));
}

/** The last name of `path`; `/` for the root. */
export function nameOf(path: VirtualPath): string {
  return path === ROOT ? path : path.slice(path.lastIndexOf("/") + 1);
}

/**
 * The entry `name` of the directory `dir`, at any depth: what a listing has found may be looked at.
 *
 * @throws {VfsError} `badName` for anything but one name: empty, `.`, `..`, with a slash, or one {@link resolvePath}
 * refuses; and for a path over 4096 bytes of UTF-8.
 */
export function joinPath(dir: VirtualPath, name: string): VirtualPath {
  if (name === "" || name === "." || name === ".." || name.includes("/")) {
    throw new VfsError("badName", `Not the name of an entry: "${name}"`);
  }
  requireCarriable(name);
  return fittingPath((dir === ROOT ? dir : `${dir}/`) + fittingName(name));
}

/** Whether `path` is `dir` or anything below it. */
export function isWithin(path: VirtualPath, dir: VirtualPath): boolean {
  return dir === ROOT || (path.startsWith(dir) && (path.length === dir.length || path[dir.length] === "/"));
}

/** The same text for paths that differ in case and composition alone: see `VfsCapabilities.samePath`. */
export function foldPath(path: VirtualPath): VirtualPath {
  // By way of upper case, as file systems compare: ς and σ are one letter.
  return path.normalize("NFC").toUpperCase().toLowerCase() as VirtualPath;
}

/** The number of names in `path`; 0 for the root. */
export function depthOf(path: VirtualPath): number {
  return path === ROOT ? 0 : path.split("/").length - 1;
}

/**
 * Whether FTP can represent the name of an entry: no CR, LF or NUL, and no slash (which some drivers could have in a
 * name).
 */
export function isListable(name: string): boolean {
  return !UNCARRIABLE.test(name) && !name.includes("/");
}

/** `name` followed by `ending`, with the name shortened so that both fit into the bytes of a name, minus `spare`. */
export function withEnding(name: string, ending: string, spare = 0): string {
  // No character takes more than three bytes of UTF-8 for each unit of the text.
  if (3 * (name.length + ending.length) + spare <= MAX_NAME_BYTES) return name + ending;
  const room = MAX_NAME_BYTES - spare - new TextEncoder().encode(ending).length;
  // `encodeInto` never splits a character, and returns how much of the text it took.
  const { read } = new TextEncoder().encodeInto(name, new Uint8Array(room));
  return name.slice(0, read) + ending;
}

/**
 * Another extension, so that programs that watch the directory do not take the file for a finished one (drakkan/sftpgo
 * issue 1983).
 */
const PART_EXTENSION = ".denoftpd-part";
/** Of those that are kept after their upload was interrupted. */
const KEPT_EXTENSION = ".denoftpd-kept";
const RANDOM_CHARACTERS = 8;

/** A hidden name for an unfinished upload to `name`, within the 255 bytes a name may have. */
export function partName(name: string): string {
  return `.${withEnding(name, `.${randomPart()}${PART_EXTENSION}`, 1)}`;
}

/** A random part that makes a name unique. */
export function randomPart(): string {
  return crypto.randomUUID().slice(0, RANDOM_CHARACTERS);
}

/** The name under which the part with the name `part` is kept after its upload was interrupted. */
export function keptName(part: string): string {
  return part.slice(0, -PART_EXTENSION.length) + KEPT_EXTENSION;
}

/** Whether `name` is one that {@link partName} makes, which nothing needs once its upload is over. */
export function isRunningPart(name: string): boolean {
  return name.startsWith(".") && name.endsWith(PART_EXTENSION);
}

/** Whether `name` is one that {@link partName} or {@link keptName} makes. */
export function isPart(name: string): boolean {
  return isRunningPart(name) || (name.startsWith(".") && name.endsWith(KEPT_EXTENSION));
}

function requireCarriable(text: string): void {
  if (UNCARRIABLE.test(text) || !text.isWellFormed()) throw new VfsError("badName", "Name has forbidden characters");
}

function fittingName(name: string): string {
  if (!longerThan(name, MAX_NAME_BYTES)) return name;
  throw new VfsError("badName", `Name is longer than ${MAX_NAME_BYTES} bytes`);
}

function fittingPath(path: string): VirtualPath {
  if (!longerThan(path, MAX_PATH_BYTES)) return brand(path);
  throw new VfsError("badName", `Path is longer than ${MAX_PATH_BYTES} bytes`);
}

function longerThan(text: string, limit: number): boolean {
  return text.length * MAX_BYTES_PER_UNIT > limit && bytesOfName(text).length > limit;
}

// The brand exists only for the compiler; this cast is the one place that adds it.
function brand(path: string): VirtualPath {
  return path as VirtualPath;
}
