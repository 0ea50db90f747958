/**
 * The file-system view: what a driver must do, what it may do in addition, and how it reports failures. It is
 * independent of FTP: no replies, no listing formats, no working directory.
 *
 * @module
 */

export { type AccountRefusal, VfsError, type VfsErrorKind } from "./vfs_error.ts";

/**
 * A path as the user sees it: absolute, `/` between the names, no `.`, `..`, empty name, CR, LF or NUL, no slash at the
 * end except in `/` itself. Created only by `virtual_path.ts`; a plain string does not have this type.
 */
export type VirtualPath = string & { readonly __brand: "VirtualPath" };

/**
 * The kind of an entry. `stat` follows links that stay inside the root, so its `link` is one that leads nowhere; `list`
 * follows none.
 */
export type EntryKind = "file" | "directory" | "link" | "other";

/** A file or directory, as returned by `stat` and `list`. */
export interface Entry {
  /** The last part of the path; `/` for the root. */
  readonly name: string;
  /** What the entry is. */
  readonly kind: EntryKind;
  /** Size in bytes; 0 if a directory has no size. */
  readonly size: number;
  /** Milliseconds since 1970, UTC. */
  readonly modified: number;
  /** Permission bits, `0o000` to `0o7777`. */
  readonly mode: number;
  /** Number of hard links; 1 if the driver has none. */
  readonly links: number;
  /** The name of the owner, for listings. */
  readonly owner: string;
  /** The name of the group, for listings. */
  readonly group: string;
  /**
   * The same for two names of one object, different for two objects (RFC 3659 section 7.5.2); absent if the driver
   * cannot distinguish them.
   */
  readonly unique?: string;
  /**
   * Where a link leads, relative to its directory or to the root of the view: never a path outside. Absent if there is
   * no such path, and for entries that are not links.
   */
  readonly target?: string;
  /** The target of a link; absent if it is not part of this view, and for entries that are not links. */
  readonly leadsTo?: Entry;
  /** Of a directory that `stat` has found: this process may not use the names in it. */
  readonly closed?: true;
  /** The link through which `stat` has found the entry; absent if the name is not a link. */
  readonly link?: Entry;
  /** Of a directory: it can be neither removed nor renamed, whatever the rights, as something is mounted there. */
  readonly fixed?: true;
}

/** Distinguishes one content of a file from another, as far as can be known without reading it. */
export type FileIdentity = Pick<Entry, "size" | "modified" | "unique">;

/** A source of bytes: an open file, or a listing being sent. */
export interface ByteSource {
  /** The file, if another thread could read it instead. */
  readonly location?: FileLocation;
  /** Advances by `bytes`, which another thread has read from {@link location}. Throws if the file cannot. */
  skip?(bytes: number): void;
  /** Fills the start of `buffer` with at least one byte and resolves to the number; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Releases what is held. Safe to call twice. */
  close(): void;
}

/** What another thread needs to read the very file that a source reads, from where the source begins. */
export interface FileLocation {
  /** The real path. Another file may be there by now: only the one with this `device` and `inode` is meant. */
  readonly path: string;
  /** The number of the device that has the file. */
  readonly device: number;
  /** The number of the file on its device. */
  readonly inode: number;
  /** The first byte that the source reads. */
  readonly offset: number;
}

/** A regular file open for reading, positioned at the requested offset. */
export interface FileSource extends ByteSource {
  /** Bytes of the whole file when it was opened. */
  readonly size: number;
}

/**
 * A file open for writing. End it with `commit`, or with `abort` or `discard`, which are also called after a `commit`
 * that rejected. Old content that is to be replaced stays until the first byte is written or the sink is committed.
 */
export interface FileSink {
  /** Size in bytes before anything was written; 0 for a new file and for one whose content is replaced. */
  readonly initialSize: number;
  /** The open created the file. */
  readonly created: boolean;
  /**
   * Keeps the file from being given to another upload until the next write has ended, or the sink is ended. `false`: it
   * has been given away, or the sink is ended, and nothing can be written any more. Absent if files are never given
   * away.
   */
  hold?(): boolean;
  /**
   * Writes all of `data` at the current position. `data` is valid only until the promise settles, after which the
   * caller fills it with other bytes: a sink that keeps it makes a copy. Rejects as `takenOver` when the file has been
   * given to another upload.
   */
  write(data: Uint8Array): Promise<void>;
  /**
   * Closes the file; only when this resolves may the upload be reported as stored. Rejects as `vanished` if the name
   * does not belong to the file any more, and with whatever the storage reports this late.
   */
  commit(): Promise<void>;
  /** Closes the file after a failure. What was written so far stays. Never rejects. */
  abort(): Promise<void>;
  /**
   * Closes the file after a failure and removes it if the open created it, unless its name belongs to another file by
   * now, or others have appended to it. No other upload can have the file in between. Resolves to what was removed, if
   * anything; never rejects.
   */
  discard(options?: DiscardOptions): Promise<Removed | undefined>;
}

/** The options of {@link FileSink.discard}. */
export interface DiscardOptions {
  /** Remove only an empty file, unless the policy for interrupted uploads removes more. */
  readonly ifEmpty?: boolean;
}

/** A file that has lost a name. */
export interface Removed {
  /** The size it had then, in bytes; 0 for a link, which has none of its own. */
  readonly size: number;
  /** {@link Entry.unique} of the file. */
  readonly unique?: string;
}

/** An unused name, kept for the holder of this object; disposing it releases the name. */
export type Reservation = Disposable;

/** How to open a file for writing. Without any of these: create it, or replace its content. */
export interface OpenWriteOptions {
  /**
   * First byte to write; the rest of the file stays as it is (REST). Never truncates. May not be past the end
   * (`pastEnd`). 0 counts as absent: a client that sends REST 0 before STOR means a new upload.
   */
  readonly offset?: number;
  /** Append (APPE). */
  readonly append?: boolean;
  /**
   * Keep all of the file: written bytes overwrite it in place, from {@link offset} or else from the first (RANG). Bytes
   * past the end are added.
   */
  readonly keep?: boolean;
  /** The file must not exist yet; `exists` otherwise. */
  readonly exclusive?: boolean;
  /**
   * With `exclusive`: no other upload may take the name before this one has ended, whether the file has it already or
   * gets it at the end.
   */
  readonly reserved?: boolean;
  /** The file must exist; `notFound` otherwise. */
  readonly existing?: boolean;
  /** Ends the wait for another upload that writes to the file. */
  readonly signal?: AbortSignal;
}

/**
 * Whether such an open keeps all of the file that is not overwritten: the right to do this does not include replacing
 * files, nor the other way round.
 */
export function keepsContent({ append = false, keep = false, offset = 0 }: OpenWriteOptions): boolean {
  return append || keep || offset > 0;
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
}

/** Free and total bytes of the storage of a directory. */
export interface Space {
  /** Bytes that can still be written. */
  readonly free: number;
  /** Bytes altogether. */
  readonly total: number;
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
