/**
 * The file-system view: what a driver must do, what it may do besides, and how it says that something failed. It knows no FTP:
 * no replies, no listing formats, no working directory.
 *
 * @module
 */

declare const virtualPathBrand: unique symbol;

/**
 * A path as the user sees it: absolute, `/` between the names, no `.`, `..`, empty, CR, LF or NUL in any of them, no slash at the
 * end except in `/` itself. Made only by `virtual_path.ts`; a plain string does not fit where one of these is asked for.
 */
export type VirtualPath = string & { readonly [virtualPathBrand]: true };

/** Why a file-system action failed; the one function that makes replies maps this, and never looks at the runtime's error. */
export type VfsErrorKind =
  | "notFound"
  | "denied"
  | "exists"
  | "notEmpty"
  | "notDirectory"
  | "isDirectory"
  | "noSpace"
  | "overQuota"
  | "badName"
  | "busy"
  | "takenOver"
  | "vanished"
  | "unsupported"
  | "pastEnd"
  | "failed";

/** The only error that leaves a driver. The runtime's own error, with real paths in it, is `cause` and goes to the log alone. */
export class VfsError extends Error {
  override readonly name = "VfsError";
  readonly kind: VfsErrorKind;
  /** What a client is to know beyond the kind, in a sentence without real paths; it goes to the log as well. */
  readonly hint: string | undefined;

  constructor(
    kind: VfsErrorKind,
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.hint = options.hint;
  }
}

/** What an entry is. `stat` follows links that stay inside the root, so that a `link` of its is one that leads nowhere; `list` follows none. */
export type EntryKind = "file" | "directory" | "link" | "other";

/** A file or directory, as `stat` and `list` tell it. */
export interface Entry {
  /** The last part of the path; `/` for the root. */
  readonly name: string;
  readonly kind: EntryKind;
  /** Bytes; 0 where a directory has no size. */
  readonly size: number;
  /** Milliseconds since 1970, UTC. */
  readonly modified: number;
  /** Permission bits, `0o000` to `0o7777`. */
  readonly mode: number;
  readonly links: number;
  readonly owner: string;
  readonly group: string;
  /** The same for two names of one object, different for two objects (RFC 3659 section 7.5.2); absent where the driver cannot tell. */
  readonly unique?: string;
  /**
   * Where a link leads, from the directory it is in or from the root of the view: never a path outside. Absent where there is no such
   * path to name, and for what is no link.
   */
  readonly target?: string;
  /** What a link leads to; absent where that is nothing of this view, and for what is no link. */
  readonly leadsTo?: Entry;
  /** Of a directory that `stat` has found: this process may not use the names in it. */
  readonly closed?: true;
  /** The link through which `stat` has found what it describes; absent where the name is no link. */
  readonly link?: Entry;
}

/** Bytes that come from somewhere: an open file, or a listing on its way out. */
export interface ByteSource {
  /** Where there is a file that another thread could read instead. */
  readonly location?: FileLocation;
  /** Goes on `bytes` further, which another has read: there where {@link location} is. Throws where the file cannot. */
  skip?(bytes: number): void;
  /** Fills the start of `buffer` with at least one byte and resolves to how many; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Gives back what is held. Safe to call twice. */
  close(): void;
}

/** What another thread needs to read the very file that a source reads, from where the source begins. */
export interface FileLocation {
  /** Real path. Something else may have come there: only a file of this `device` and `inode` is meant. */
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  readonly offset: number;
}

/** A regular file open for reading, positioned where it was asked to be. */
export interface FileSource extends ByteSource {
  /** Bytes of the whole file when it was opened. */
  readonly size: number;
}

/**
 * A file open for writing. `commit` ends it, or else `abort` or `discard`, also after a `commit` that rejected. Old content that is to be
 * replaced stays until the first byte is written or the sink is committed.
 */
export interface FileSink {
  /** Bytes of the file before anything was written; 0 for a new one and for one whose content is replaced. */
  readonly initialSize: number;
  /** The open made the file. */
  readonly created: boolean;
  /**
   * Keeps the file from being given to another upload before the next write is over, or the sink is ended. `false`: it has been given away,
   * or the sink is ended, and nothing can be written any more. Absent where files are not given away.
   */
  hold?(): boolean;
  /** Writes all of `data` at the current position. Rejects as `takenOver` when the file has been given to another upload. */
  write(data: Uint8Array): Promise<void>;
  /**
   * Closes the file; only when this resolves is the upload safe to report. Rejects as `vanished` where the file is not the one of its name
   * any more, and with whatever the storage reports as late as now.
   */
  commit(): Promise<void>;
  /** Closes the file after a failure. What was written so far stays. Never rejects. */
  abort(): Promise<void>;
  /**
   * As {@link abort}, and a file that the open made goes away, unless its name stands for another one by now, or others have appended to it.
   * No other upload can have the file in between. Resolves to what went, if anything did; never rejects.
   */
  discard(options?: DiscardOptions): Promise<Removed | undefined>;
}

/** How {@link FileSink.discard} discards. */
export interface DiscardOptions {
  /** Only a file with nothing in it goes, unless the view has more to say on uploads that broke off. */
  readonly ifEmpty?: boolean;
}

/** A file that has lost a name. */
export interface Removed {
  /** Bytes it had then; 0 for a link, which has none of its own. */
  readonly size: number;
  /** As {@link Entry.unique}. */
  readonly unique?: string;
}

/** A name that nothing has yet, kept for whoever holds this; disposing of it gives the name up. */
export type Reservation = Disposable;

/** How to open a file for writing. Without any of these: make it, or replace its content. */
export interface OpenWriteOptions {
  /**
   * First byte to write; the rest of the file stays as it is (REST). Never truncates. May not be past the end (`pastEnd`). 0 is as
   * if absent: a client that sends REST 0 before STOR means a fresh upload.
   */
  readonly offset?: number;
  /** Write behind the last byte (APPE). */
  readonly append?: boolean;
  /**
   * Nothing of the file goes: each byte that is written takes the place of one, from {@link offset} or else from the first (RANG). What is
   * written past the end is added.
   */
  readonly keep?: boolean;
  /** The file must not be there yet; `exists` otherwise. */
  readonly exclusive?: boolean;
  /** With `exclusive`: nobody else may take the name before this upload has ended, whether the file has it already or gets it at the end. */
  readonly reserved?: boolean;
  /** The file must be there; `notFound` otherwise. */
  readonly existing?: boolean;
  /** Ends a wait for another upload that writes to the file. */
  readonly signal?: AbortSignal;
}

/** Whether such an open leaves all of the file that is not written over: who may do this may not always replace files, and the other way round. */
export function keepsContent({ append = false, keep = false, offset = 0 }: OpenWriteOptions): boolean {
  return append || keep || offset > 0;
}

/** How to rename. Without any of these: replaces a file of the new name, and waits for nobody. */
export interface RenameOptions {
  /** Nothing may have the new name yet, which is decided in the same step as the act; `exists` otherwise. */
  readonly exclusive?: boolean;
  /** Waits for uploads that write to either file as long as another upload would, instead of failing as `busy` at once. */
  readonly waits?: boolean;
  /** The new name is kept for the caller by this. */
  readonly reservation?: Reservation | undefined;
}

/** Free and total bytes of the storage behind a directory. */
export interface Space {
  readonly free: number;
  readonly total: number;
}

/** What a driver can do beyond the core. A command that needs an absent one is not there for the session. */
export interface VfsCapabilities {
  /** Keeps a name for a later rename: `exists` where something has it, or somebody else keeps it. */
  readonly reserve?: (path: VirtualPath) => Promise<Reservation>;
  /** Of a directory the rights of the owner stay, or this server could neither list it nor count what is in it. */
  readonly setMode?: (path: VirtualPath, mode: number) => Promise<void>;
  /** `modified` in milliseconds since 1970, UTC. */
  readonly setModified?: (path: VirtualPath, modified: number) => Promise<void>;
  readonly space?: (path: VirtualPath) => Promise<Space>;
}

/** What drivers implement and commands use. Every method rejects with {@link VfsError} and nothing else. */
export interface Vfs {
  readonly capabilities: VfsCapabilities;
  /** Follows links that stay inside the root, and says so in {@link Entry.link}. */
  stat(path: VirtualPath): Promise<Entry>;
  /**
   * The entries of a directory, links as links, without `.` and `..`, in batches so that a large one costs constant memory; the order is the driver's.
   * Names that FTP cannot carry are left out; an entry that vanishes meanwhile is left out; one bad entry never fails the listing.
   */
  list(path: VirtualPath): AsyncIterable<readonly Entry[]>;
  /** As `list`, but only the names, at a fraction of the price. */
  names(path: VirtualPath): AsyncIterable<readonly string[]>;
  /** A regular file only: `isDirectory` or `denied` otherwise. An `offset` past the end is `pastEnd`. */
  openRead(path: VirtualPath, offset?: number): Promise<FileSource>;
  /**
   * Nothing writes to the file besides, or all append: waits a while for other uploads, then `busy`. One that has been silent for long
   * loses its file to this.
   */
  openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink>;
  mkdir(path: VirtualPath): Promise<void>;
  /** An empty directory only: `notEmpty`, `notDirectory` otherwise. */
  rmdir(path: VirtualPath): Promise<void>;
  /**
   * A file or a link, never a directory (`isDirectory`), nor a file that an upload writes to (`busy`). Resolves to what has lost its name;
   * `undefined` where the driver cannot tell.
   */
  remove(path: VirtualPath): Promise<Removed | undefined>;
  /**
   * Replaces a file of the new name, as POSIX does; a directory there is `exists`. Neither file may be one that an upload writes to (`busy`).
   * Resolves to what was replaced, if anything was.
   */
  rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined>;
}
