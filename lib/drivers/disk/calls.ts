/**
 * What the system can do with paths on disk and the runtime has no call for.
 *
 * The runtime takes paths as text and follows the links in them, so between a look at a path and the act somebody with a shell on the host
 * may put a link there. A driver that is given these calls is not open to that: each finds its path in one step in which no link is
 * followed, and paths may have {@link "./raw_names.ts" | names that are not UTF-8}.
 *
 * @module
 */

import type { Entry, FileLocation } from "../../vfs/vfs.ts";

/** Numbers of one object of the file system. */
export type Identity = Pick<FileLocation, "device" | "inode">;

/** A name in a directory. */
export type DirectoryName = Pick<Deno.DirEntry, "name" | "isSymlink">;

/** A directory that is read in place of the runtime: quicker, as no path is looked at for each name. */
export interface DirectoryReader {
  /**
   * What is in the real directory `directory`, bit by bit, links not followed; what is gone is left out. `undefined` where it cannot be read,
   * or another directory is there than that of `identity`.
   */
  entries(directory: string, identity: Identity): Iterable<readonly Entry[]> | undefined;
  /** As {@link entries}, the names alone. */
  names(directory: string, identity: Identity): Iterable<readonly DirectoryName[]> | undefined;
}

/** A file that is open for reading. */
export interface DiskFile {
  readonly info: Deno.FileInfo;
  /** Fills the start of `buffer` with what is at `position`; `null` at the end. */
  read(buffer: Uint8Array<ArrayBuffer>, position: number): Promise<number | null>;
  close(): void;
}

/** Changes of names and of what is told of them, by real paths; they throw errors with the `code` of the system. */
export interface DiskChanges {
  makeDirectory(path: string): void;
  /** An empty one. */
  removeDirectory(path: string): void;
  /** A file, or a link itself. */
  removeFile(path: string): void;
  /** Links themselves. Replaces a file of the new name. */
  rename(from: string, to: string): void;
  /** Gives a file, or a link itself, a second name, which nothing may have: `EEXIST`. */
  link(from: string, to: string): void;
  /** Makes an empty file, which must not be there yet. */
  create(path: string): void;
  setMode(path: string, mode: number): void;
  /** `modified` in milliseconds since 1970; the time of the last access stays. */
  setModified(path: string, modified: number): void;
}

/**
 * Calls that follow no link: each finds its path in one step, and fails with `ELOOP` where a name in it is one. The last name may be a link
 * where it says so.
 */
export interface ContainedCalls extends DiskChanges {
  /** Whether there is something and no name of the path is a link: then it is a real path. */
  isReal(path: string): boolean;
  /** What is there; the last name may be a link, and is not followed. */
  lstat(path: string): Deno.FileInfo;
  /** As {@link rename}, but fails with `EEXIST` where anything has the new name, and with `EINVAL` where the file system cannot do so. */
  renameToFree(from: string, to: string): void;
  /** Opens a file for reading, and waits for nobody where it is none. */
  open(path: string): DiskFile;
}

/** By the runtime, which follows links on the way. */
export const runtimeChanges: DiskChanges = {
  makeDirectory: (path) => Deno.mkdirSync(path),
  removeDirectory: (path) => Deno.removeSync(path),
  removeFile: (path) => Deno.removeSync(path),
  rename: (from, to) => Deno.renameSync(from, to),
  link: (from, to) => Deno.linkSync(from, to),
  create: (path) => Deno.openSync(path, { write: true, createNew: true }).close(),
  setMode: (path, mode) => Deno.chmodSync(path, mode),
  setModified: (path, modified) => {
    const { atime } = Deno.lstatSync(path);
    Deno.utimeSync(path, atime ?? new Date(modified), new Date(modified));
  },
};
