/**
 * Open files of the file-system view: where bytes come from and go to, and how an upload opens a file.
 *
 * @module
 */

import type { Entry } from "./entry.ts";

/** A source of bytes: an open file, or a listing being sent. */
export interface ByteSource {
  /** The file, if another thread could read it instead. */
  readonly location?: FileLocation;
  /** Advances by `bytes`, which another thread has read from {@link location}. Throws if the file cannot. */
  skip?(bytes: number): void;
  /** Fills the start of `buffer` with at least one byte and resolves to the number; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Reads as {@link read} does, but at once: `undefined` where that may take time. Absent where it always may. */
  readNow?(buffer: Uint8Array): number | null | undefined;
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
  /** The file as the open found it; absent if the driver does not tell. */
  readonly opened?: Entry | undefined;
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
  /**
   * With `exclusive`: the file is a part of an upload, under a name for parts. A driver that can remove
   * stale ones (`removeStale` of its capabilities) marks it as in use, for other processes too, until `abort` or
   * `discard`, which are called after `commit` as well.
   */
  readonly part?: boolean;
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
