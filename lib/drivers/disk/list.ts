/**
 * Listing a real directory, with constant memory however many entries it has.
 *
 * Why `lstatSync`: measured on Deno 2.9.6 with 10,000 entries, it takes 40 to 50 ms of processor time in total, against
 * 170 ms with 64 or more `lstat` at once, which is slower in elapsed time as well, even with two cores. The caller
 * makes sure that other sessions get their turns in between.
 *
 * @module
 */

import type { DirectoryName, DirectoryReader, Found, Identity } from "./calls.ts";
import { isSame } from "./opened_file.ts";
import { whereLinkLeads } from "./links.ts";
import { uniqueOf } from "./names.ts";
import { joinReal } from "./real_path.ts";
import type { DiskRoot } from "./root.ts";
import { type Entry, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { isListable } from "../../vfs/virtual_path.ts";

const BATCH = 64;

/**
 * A directory whose own size, in bytes, is at most this is read by one synchronous call, which takes half as long as
 * reading in parts: one to two thousand names on common file systems, at 1 µs each. Reading a larger one like this
 * would block other sessions, and hold all names at once.
 */
export const SMALL_DIRECTORY = 64 * 1024;

/**
 * How many names the runtime reads from a directory at once. Another number here is only slower: on Deno 2.9.6 one call
 * of `next` in 32 makes the trip to a thread.
 */
const READ_TOGETHER = 32;

/**
 * What the runtime substitutes for bytes that are not UTF-8; the name then opens nothing, unless the file really has
 * that name.
 */
export const REPLACEMENT = "\uFFFD";

/** The entries of the directory at `path`. Throws the runtime's errors as well as {@link VfsError}. */
export async function* listDirectory(
  root: DiskRoot,
  path: VirtualPath,
  reader?: DirectoryReader,
): AsyncGenerator<readonly Entry[], void> {
  const opened = openDirectory(root, path);
  const { prefix } = opened;
  const read = readQuickly(root, opened, reader && ((identity) => reader.entries(opened.directory, identity)));
  if (read) {
    for (const entries of read) yield entries.flatMap((entry) => listable(root, prefix, entry) ?? []);
    return;
  }
  for await (const children of readBatches(root, opened)) {
    const batch: Entry[] = [];
    for (const { name } of children) {
      const entry = describeChild(root, prefix + name, name);
      if (entry !== undefined) batch.push(entry);
    }
    yield batch;
  }
}

/**
 * The names in the directory at `path`, with what comes with them; only those that look undecodable are checked.
 * Throws as {@link listDirectory}.
 */
export async function* listNames(
  root: DiskRoot,
  path: VirtualPath,
  reader?: DirectoryReader,
): AsyncGenerator<readonly DirectoryName[], void> {
  const opened = openDirectory(root, path);
  const read = readQuickly(root, opened, reader && ((identity) => reader.names(opened.directory, identity)));
  if (read) {
    for (const children of read) yield listableNames(root, children);
    return;
  }
  const { prefix } = opened;
  for await (const children of readBatches(root, opened)) {
    yield children.filter(({ name }) => !name.includes(REPLACEMENT) || isThere(root, prefix + name));
  }
}

/** The entry for what was found under the name `name`, a link followed; throws the runtime's errors. */
export function describeName(root: DiskRoot, found: Found, name: string): Entry {
  const entry = describeItself(root, found, name);
  return entry.leadsTo ? { ...entry.leadsTo, link: entry } : entry;
}

/** What the system has told about entries of open files. */
const infos = new WeakMap<Entry, Deno.FileInfo>();

/** The entry of an open file, which {@link infoBehind} knows. */
export function describeOpened(name: string, info: Deno.FileInfo): Entry {
  const entry = describeInfo(name, info);
  infos.set(entry, info);
  return entry;
}

/** What the system has told about a file, for the entry that {@link describeOpened} has made of it. */
export function infoBehind(entry: Entry): Deno.FileInfo | undefined {
  return infos.get(entry);
}

/** The entry for what was found under the name `name`, a link not followed; throws the runtime's errors. */
function describeItself(root: DiskRoot, { real, info }: Found, name: string): Entry {
  const entry = describeInfo(name, info);
  return entry.kind === "link" ? describeLink(root, real, entry) : entry;
}

/** `entry`, a link, completed by where it leads. */
function describeLink(root: DiskRoot, real: string, entry: Entry): Entry {
  const { target, info } = whereLinkLeads(root, real);
  return {
    ...entry,
    ...(target !== undefined && { target }),
    ...(info && { leadsTo: describeInfo(entry.name, info) }),
  };
}

function describeInfo(name: string, info: Deno.FileInfo): Entry {
  const directory = info.isDirectory;
  const unique = uniqueOf(info);
  return {
    name,
    kind: info.isFile ? "file" : directory ? "directory" : info.isSymlink ? "link" : "other",
    size: info.size,
    modified: info.mtime?.getTime() ?? 0,
    // Windows has no modes: these are what a reader would expect.
    mode: (info.mode ?? (directory ? 0o755 : 0o644)) & 0o7777,
    links: info.nlink ?? 1,
    owner: String(info.uid ?? 0),
    group: String(info.gid ?? 0),
    ...(unique !== undefined && { unique }),
  };
}

/** An existing directory. */
interface OpenedDirectory {
  readonly path: VirtualPath;
  /** Its real path. */
  readonly directory: string;
  /** The prefix of the real paths of its entries. */
  readonly prefix: string;
  readonly info: Deno.FileInfo;
}

function openDirectory(root: DiskRoot, path: VirtualPath): OpenedDirectory {
  const { real: directory, info } = root.reach(path);
  if (!info.isDirectory) throw new VfsError("notDirectory", `Not a directory: "${path}"`);
  return { path, directory, prefix: joinReal(directory, ""), info };
}

/** What `read` returns for the directory with `reader`; `undefined` if it is left to the runtime. */
function readQuickly<T>(
  root: DiskRoot,
  { directory, path, info: { dev: device, ino } }: OpenedDirectory,
  read: ((identity: Identity) => Iterable<T> | undefined) | undefined,
): Iterable<T> | undefined {
  if (read === undefined) return undefined;
  const inode = ino ?? 0;
  // An inexact number may belong to two directories, which does not matter if no link is followed.
  const opened = root.isContained || Number.isSafeInteger(inode) ? read({ device, inode }) : undefined;
  if (opened === undefined) {
    if (root.isContained) throw new VfsError("busy", `Changed during the listing: "${path}"`);
    return undefined;
  }
  // The opened directory is the one that was found inside; it does not matter where it is moved from now on.
  return function* () {
    let first = true;
    for (const batch of opened) {
      if (first) root.requireUnmoved(directory, path);
      first = false;
      yield batch;
    }
  }();
}

/** The names in the directory that may be listed, in batches. */
async function* readBatches(
  root: DiskRoot,
  { path, directory, info }: OpenedDirectory,
): AsyncGenerator<readonly DirectoryName[], void> {
  const isSmall = info.size > 0 && info.size <= SMALL_DIRECTORY;
  for await (const children of isSmall ? readAtOnce(directory) : readInParts(directory)) {
    // Checked twice: names that were read from another directory in between do not belong to this one.
    if (!isSame(root.lstat(directory), info)) throw new VfsError("busy", `Changed during the listing: "${path}"`);
    root.requireUnmoved(directory, path);
    yield listableNames(root, children);
  }
}

/** The content of the real path `directory`; the last batch may be empty. */
function* readAtOnce(directory: string): Generator<readonly Deno.DirEntry[], void> {
  const children = Array.from(Deno.readDirSync(directory));
  for (let start = 0; start <= children.length; start += BATCH) yield children.slice(start, start + BATCH);
}

/**
 * The content of the real path `directory`; the last batch may be empty. The runtime reads {@link READ_TOGETHER} names
 * per trip to a thread: the next trip starts before these names are looked at, which takes as long.
 */
async function* readInParts(directory: string): AsyncGenerator<readonly Deno.DirEntry[], void> {
  const children = Deno.readDir(directory)[Symbol.asyncIterator]();
  let ahead = children.next();
  for (let ended = false; !ended;) {
    const batch: Deno.DirEntry[] = [];
    while (batch.length < READ_TOGETHER) {
      const next = await ahead;
      if (next.done) {
        ended = true;
        break;
      }
      batch.push(next.value);
      ahead = children.next();
    }
    yield batch;
  }
}

/** Those of `children` that may be listed. */
function listableNames(root: DiskRoot, children: readonly DirectoryName[]): readonly DirectoryName[] {
  return children.filter(({ name, isSymlink }) => isListable(name) && !(isSymlink && root.symlinks === "hide"));
}

/** `entry` as it may be listed; `undefined` if it may not. */
function listable(root: DiskRoot, prefix: string, entry: Entry): Entry | undefined {
  const { name, kind } = entry;
  if (!isListable(name)) return undefined;
  if (kind !== "link") return entry;
  return root.symlinks === "hide" ? undefined : describeLink(root, prefix + name, entry);
}

/** `undefined` if it is gone, cannot be looked at, or has a name that is not UTF-8. */
function describeChild(root: DiskRoot, real: string, name: string): Entry | undefined {
  try {
    return describeItself(root, { real, info: root.lstat(real) }, name);
  } catch {
    return undefined;
  }
}

/** Whether something is at the real path `real`, a link not followed. */
export function isThere(root: DiskRoot, real: string): boolean {
  try {
    root.lstat(real);
    return true;
  } catch {
    return false;
  }
}
