/**
 * The file-system view: what a driver must do, what it may do in addition, and how it reports failures. It is
 * independent of FTP: no replies, no listing formats, no working directory.
 *
 * @module
 */

import type { Entry } from "./entry.ts";
import type { FileSink, FileSource, OpenWriteOptions, Removed } from "./open_files.ts";

export type { Entry, EntryKind } from "./entry.ts";
export * from "./open_files.ts";
export { type AccountRefusal, VfsError, type VfsErrorKind } from "./vfs_error.ts";

/**
 * A path as the user sees it: absolute, `/` between the names, no `.`, `..`, empty name, CR, LF or NUL, no slash at the
 * end except in `/` itself. Created only by `virtual_path.ts`; a plain string does not have this type.
 */
export type VirtualPath = string & { readonly __brand: "VirtualPath" };

/** Distinguishes one content of a file from another, as far as can be known without reading it. */
export type FileIdentity = Pick<Entry, "size" | "modified" | "unique">;

/** An unused name, kept for the holder of this object; disposing it releases the name. */
export type Reservation = Disposable;

/** The options of {@link Vfs.lookUp}. */
export interface LookUpOptions {
  /**
   * The caller opens the name next, and that decides: what cannot be followed or looked at may be taken for nothing,
   * if telling the difference takes longer.
   */
  readonly guess?: boolean;
}

/** How to rename. Without any of these: replaces a file with the new name, and does not wait. */
export interface RenameOptions {
  /** The new name must not be in use, decided in the same step as the rename; `exists` otherwise. */
  readonly exclusive?: boolean;
  /**
   * Waits for uploads that write to either file as long as another upload would, instead of failing as `busy` at once.
   */
  readonly waits?: boolean;
  /** The reservation of the new name by the caller. */
  readonly reservation?: Reservation | undefined;
  /**
   * A file that the caller has open for an upload, alone: if it is the one that is replaced, the rename does not wait
   * for that upload.
   */
  readonly held?: HeldFile | undefined;
}

/** A file that the caller of a rename has open. */
export interface HeldFile {
  /** Its {@link Entry.unique}. */
  readonly unique: string | undefined;
  /**
   * Closes it. A driver calls this once the name belongs to the other file, if the space of this one is given back
   * better when it is closed; the caller does so in any case.
   */
  readonly release: () => Promise<void>;
}

/** Free and total bytes of the storage of a directory. */
export interface Space {
  /** Bytes that can still be written. */
  readonly free: number;
  /** Bytes altogether. */
  readonly total: number;
}

/** A name in a directory. */
export interface Outline {
  /** Without its directory, as in {@link Entry.name}. */
  readonly name: string;
  /** Whether it is a directory itself; a link that leads to one is none. */
  readonly isDirectory: boolean;
}

/** Digests of files that were read completely before, so that they need not be read again. */
export interface KnownDigests {
  /** The digest of the file in the state of `file`, in lower-case hexadecimal; `undefined` if it is not known. */
  find(
    path: VirtualPath,
    file: FileIdentity,
    algorithm: string,
  ): string | undefined | Promise<string | undefined>;
  /** Remembers digests of the whole file, by algorithm. */
  remember(path: VirtualPath, file: FileIdentity, digests: ReadonlyMap<string, string>): void;
}

/**
 * What a driver can do beyond the core. A command that needs an absent capability does not exist for the session, and
 * what else is absent is refused before it reaches the driver, which refuses it as `unsupported` itself.
 */
export interface VfsCapabilities {
  /**
   * Uploads may keep the rest of a file: `offset` and `keep` of {@link OpenWriteOptions}. Reading from an offset is
   * always possible.
   */
  readonly resume?: true;
  /** Uploads may append: `append` of {@link OpenWriteOptions}. */
  readonly append?: true;
  /**
   * An upload that keeps no old content is visible only from its commit on, all at once, and leaves nothing if it ends
   * otherwise. Uploads are then `atomic` without a temporary name.
   */
  readonly atomicWrites?: true;
  /** Symbolic links are listed as links, and followed. */
  readonly links?: true;
  /** Bytes of all files together, faster than by a walk through the tree. */
  readonly usage?: () => Promise<number>;
  /** Keeps a name for a later rename: `exists` if it is in use, or reserved by another caller. */
  readonly reserve?: (path: VirtualPath) => Promise<Reservation>;
  /**
   * A directory keeps the rights of its owner, as otherwise this server could neither list it nor count its content.
   */
  readonly setMode?: (path: VirtualPath, mode: number) => Promise<void>;
  /** `modified` in milliseconds since 1970, UTC. */
  readonly setModified?: (path: VirtualPath, modified: number) => Promise<void>;
  /**
   * Gives the file at `to` the permission bits of the one at `from`, and its owner and group where the system permits
   * that. `known` is {@link FileSink.opened} of the file at `from`, which the caller has open.
   */
  readonly copyAttributes?: (from: VirtualPath, to: VirtualPath, known?: Entry) => Promise<void>;
  /** The path of what `path` leads to, without links. To be had from drivers with {@link links}. */
  readonly resolve?: (path: VirtualPath) => Promise<VirtualPath>;
  /**
   * Removes the file at `path`, which was opened as a {@link OpenWriteOptions.part | part}, if no upload has it open
   * any more, in any process: its own was killed. Resolves to what was removed, if anything; never rejects.
   */
  readonly removeStale?: (path: VirtualPath) => Promise<Removed | undefined>;
  /**
   * The content of the directory at `path`, in batches as in {@link Vfs.list}, for less work than that, where what a
   * name stands for comes with it. Of drivers alone: views, which may hide names, do not pass it on.
   */
  readonly outline?: (path: VirtualPath) => AsyncIterable<readonly Outline[]>;
  /** Free and total bytes of the storage that has `path`. `notFound` if there is nothing. */
  readonly space?: (path: VirtualPath) => Promise<Space>;
  /**
   * Throws what `rename` would because of the two paths alone, before anything else is looked at. Absent if no path is
   * special.
   */
  readonly checkMove?: (from: VirtualPath, to: VirtualPath) => void;
  /**
   * The same text for all paths that mean one place, where names that differ in case or composition are one: rules go
   * by it. Absent: every path is a place of its own.
   */
  readonly samePath?: (path: VirtualPath) => VirtualPath;
  /** Remembers digests. No driver needs to: the server adds it. */
  readonly digests?: KnownDigests;
}

/**
 * The interface that drivers implement and commands use. Every method rejects with {@link VfsError} and nothing else.
 */
export interface Vfs {
  /** What the driver can do beyond the methods below. */
  readonly capabilities: VfsCapabilities;
  /** Follows links that stay inside the root, and reports them in {@link Entry.link}. */
  stat(path: VirtualPath): Promise<Entry>;
  /**
   * {@link stat} for callers that expect to find nothing: `undefined` instead of a `notFound`, which takes as long as
   * several looks. Absent: they ask `stat`.
   */
  lookUp?(path: VirtualPath, options?: LookUpOptions): Promise<Entry | undefined>;
  /**
   * The entries of a directory, links as links, without `.` and `..`, in batches so that a large one takes constant
   * memory; the order is the driver's. Names that FTP cannot represent are left out, and so are entries that disappear
   * in the meantime; one bad entry never fails the listing.
   */
  list(path: VirtualPath): AsyncIterable<readonly Entry[]>;
  /** Only the names of {@link list}, at a fraction of the cost. */
  names(path: VirtualPath): AsyncIterable<readonly string[]>;
  /** Regular files only: `isDirectory` or `denied` otherwise. An `offset` past the end is `pastEnd`. */
  openRead(path: VirtualPath, offset?: number): Promise<FileSource>;
  /**
   * Nothing else writes to the file, unless all append: waits a while for other uploads, then `busy`. An upload that
   * has been silent for long loses its file to this one.
   */
  openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink>;
  /** The parent directory must exist (`notFound`) and the name must be free (`exists`). */
  mkdir(path: VirtualPath): Promise<void>;
  /** Empty directories only: `notEmpty`, `notDirectory` otherwise. */
  rmdir(path: VirtualPath): Promise<void>;
  /**
   * A file or a link, never a directory (`isDirectory`), nor a file that an upload writes to (`busy`). Resolves to what
   * has lost its name; `undefined` if the driver cannot tell.
   */
  remove(path: VirtualPath): Promise<Removed | undefined>;
  /**
   * Replaces a file with the new name, as POSIX does; a directory there is `exists`. Neither file may be one that an
   * upload writes to (`busy`). Resolves to what was replaced, if anything.
   */
  rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined>;
}
