/**
 * System calls on paths that the runtime does not offer.
 *
 * The runtime takes paths as text and follows the links in them, so somebody with a shell on the host can put a link
 * into a path between a check and the operation. A driver with these calls is not open to that: each resolves its path
 * in one step that follows no link, and paths may contain {@link "./raw_names.ts" | names that are not UTF-8}.
 *
 * @module
 */

import { isNotFound } from "./errors.ts";
import type { Entry, FileLocation } from "../../vfs/vfs.ts";

/** The numbers that identify one object of the file system. */
export type Identity = Pick<FileLocation, "device" | "inode">;

/** The same numbers as the runtime reports them; Windows has none, or inexact ones. */
export type ObjectNumbers = Pick<Deno.FileInfo, "dev" | "ino">;

/** A name in a directory. */
export type DirectoryName = Pick<Deno.DirEntry, "name" | "isDirectory" | "isSymlink">;

/** Reads directories in place of the runtime: faster, as no path is resolved for each name. */
export interface DirectoryReader {
  /**
   * The content of the real directory `directory`, in batches, links not followed; entries that are gone are left out.
   * `undefined` if it cannot be read, or if another directory than that of `identity` is there.
   */
  entries(directory: string, identity: Identity): Iterable<readonly Entry[]> | undefined;
  /** The names, and what the system tells with them, under the same conditions as {@link entries}. */
  names(directory: string, identity: Identity): Iterable<readonly DirectoryName[]> | undefined;
}

/**
 * An open file: what the driver uses of the runtime's. Without `syncDataSync` where nobody needs it: see
 * {@link "./late_errors.ts"}.
 */
export type DiskFile =
  & Partial<Pick<Deno.FsFile, "syncDataSync">>
  & Pick<
    Deno.FsFile,
    | "read"
    | "readSync"
    | "write"
    | "writeSync"
    | "seekSync"
    | "statSync"
    | "truncate"
    | "truncateSync"
    | "sync"
    | "syncData"
    | "tryLockSync"
    | "close"
  >;

/** How a file is opened: for reading, or for writing, where `append` writes to its end whatever was written since. */
export type FileUse = "read" | "write" | "append";

/** What the system reports about one name. */
export interface Found {
  /** The real path by which it was found. */
  readonly real: string;
  /** What it is. */
  readonly info: Deno.FileInfo;
}

/** A name that nothing may have. */
export interface Sought extends Pick<Found, "real"> {
  /** What has it. */
  readonly info: Deno.FileInfo | undefined;
}

/** An open file with what the system reports about it. */
export interface OpenedFile extends Found {
  /** To be closed by whoever opened it. */
  readonly file: DiskFile;
}

/** Changes of names and attributes, by real paths; they throw errors with the `code` of the system. */
export interface DiskChanges {
  /** The parent directory exists. */
  makeDirectory(path: string): void;
  /** Removes an empty directory. */
  removeDirectory(path: string): void;
  /** Removes a file, or a link itself. */
  removeFile(path: string): void;
  /**
   * As {@link removeFile}, in another thread: giving back the space of a large file takes time. Nobody else uses the
   * name; it is fine if it is gone already.
   */
  removeLargeFile(path: string): Promise<void>;
  /** Renames; a link is renamed itself. Replaces a file with the new name. */
  rename(from: string, to: string): void;
  /** Gives a file, or a link itself, a second name; `EEXIST` if that name is in use. */
  link(from: string, to: string): void;
  /** Creates an empty file, which must not exist yet. */
  create(path: string): void;
  /** `mode` is `0o000` to `0o7777`. */
  setMode(path: string, mode: number): void;
  /** `null` leaves owner or group as it is. */
  setOwner(path: string, owner: number | null, group: number | null): void;
  /** `modified` in milliseconds since 1970; the time of the last access is kept. */
  setModified(path: string, modified: number): void;
}

/**
 * Calls that follow no link: each resolves its path in one step, and fails with `ELOOP` if a name in it is a link. The
 * last name may be a link where the call says so.
 */
export interface ContainedCalls extends DiskChanges {
  /** Whether something is there and no name in the path is a link: then it is a real path. */
  isReal(path: string): boolean;
  /** What is there; the last name may be a link, which is not followed. */
  lstat(path: string): Deno.FileInfo;
  /** {@link lstat} without errors for the two common cases: `nothing` has the name, or a `link` is on the way to it. */
  lookUp(path: string): Deno.FileInfo | "nothing" | "link";
  /** Renames, but fails with `EEXIST` if the new name is in use, and with `EINVAL` if the file system cannot do so. */
  renameToFree(from: string, to: string): void;
  /**
   * Opens the regular file at `path`, without truncating it, and says what that is; `undefined` if there is none, or a
   * name in the path is a link.
   */
  open(path: string, use: FileUse): Pick<OpenedFile, "file" | "info"> | undefined;
  /** Creates a file, which must not exist yet, opens it for writing, and says what it is. */
  createOpen(path: string, use: FileUse): Pick<OpenedFile, "file" | "info">;
  /** Whether what is at the real path `path` is on the file system of this number, and that one is in memory alone. */
  isInMemory(path: string, device: number): boolean;
}

/** Whether the permission of the runtime, which calls of a library bypass, covers everything below `path`. */
export function isGranted(name: "read" | "write", path: string): boolean {
  const { state, partial } = Deno.permissions.querySync({ name, path });
  return state === "granted" && !partial;
}

/** By the runtime, which follows links on the way. */
export const runtimeChanges: DiskChanges = {
  makeDirectory: (path) => Deno.mkdirSync(path),
  removeDirectory: (path) => Deno.removeSync(path),
  removeFile: (path) => Deno.removeSync(path),
  removeLargeFile: async (path) => {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  },
  rename: (from, to) => Deno.renameSync(from, to),
  link: (from, to) => Deno.linkSync(from, to),
  create: (path) => Deno.openSync(path, { write: true, createNew: true }).close(),
  setMode: (path, mode) => Deno.chmodSync(path, mode),
  setOwner: (path, owner, group) => Deno.chownSync(path, owner, group),
  setModified: (path, modified) => {
    const { atime } = Deno.lstatSync(path);
    Deno.utimeSync(path, atime ?? new Date(modified), new Date(modified));
  },
};
