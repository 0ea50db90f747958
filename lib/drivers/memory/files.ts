/**
 * Open files of the memory file system.
 *
 * @module
 */

import type { Snapshot } from "./content.ts";
import type { MemoryFile } from "./tree.ts";
import { type DiscardOptions, type FileSink, type FileSource, type Removed, VfsError } from "../../vfs/vfs.ts";

/** Reads the file as it was when it was opened, whatever is written, renamed or removed afterwards. */
export class MemorySource implements FileSource {
  readonly size: number;
  readonly #snapshot: Snapshot;
  #position: number;

  constructor(snapshot: Snapshot, position: number) {
    this.size = snapshot.size;
    this.#snapshot = snapshot;
    this.#position = position;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return Promise.resolve(this.readNow(buffer));
  }

  readNow(buffer: Uint8Array): number | null {
    const copied = this.#snapshot.copy(this.#position, buffer);
    this.#position += copied;
    return copied === 0 ? null : copied;
  }

  close(): void {
    // It holds nothing but memory.
  }
}

/** The options of a {@link MemorySink}. */
export interface MemorySinkOptions {
  readonly created: boolean;
  readonly clock: () => number;
  /** Drops the old content, if it is replaced: called with the first byte, or at the commit. */
  readonly truncate: (() => void) | undefined;
  /** `end`: after the last byte at each write, so that concurrent appends do not overwrite each other. */
  readonly position: number | "end";
  /** Whether the name still belongs to the file. */
  readonly isNamed: () => boolean;
  /** Removes that name. */
  readonly unlink: () => Removed;
}

/** Writes to the file itself; written bytes are visible at once, as on a disk. */
export class MemorySink implements FileSink {
  readonly initialSize: number;
  readonly created: boolean;
  readonly #file: MemoryFile;
  readonly #clock: () => number;
  readonly #options: MemorySinkOptions;
  #position: number | "end";
  #written = 0;
  #truncate: (() => void) | undefined;

  constructor(file: MemoryFile, options: MemorySinkOptions) {
    this.initialSize = options.truncate ? 0 : file.size;
    this.#truncate = options.truncate;
    this.created = options.created;
    this.#file = file;
    this.#clock = options.clock;
    this.#options = options;
    this.#position = options.position;
  }

  write(data: Uint8Array): Promise<void> {
    if (data.length === 0) return Promise.resolve();
    this.#dropOldContent();
    const position = this.#position === "end" ? this.#file.size : this.#position;
    try {
      // Another sink may have emptied the file in the meantime; a disk then leaves a hole of zero bytes.
      if (position > this.#file.size) this.#file.write(this.#file.size, new Uint8Array(position - this.#file.size));
      this.#file.write(position, data);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#written += data.length;
    if (this.#position !== "end") this.#position += data.length;
    this.#file.modified = this.#clock();
    return Promise.resolve();
  }

  commit(): Promise<void> {
    this.#dropOldContent();
    if (this.#options.isNamed()) return Promise.resolve();
    return Promise.reject(new VfsError("vanished", "No longer has its name"));
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }

  discard({ ifEmpty = false }: DiscardOptions = {}): Promise<Removed | undefined> {
    // If it is larger than what was written here, others have appended.
    const isOwn = this.created && this.#file.size <= (ifEmpty ? 0 : this.#written) && this.#options.isNamed();
    return Promise.resolve(isOwn ? this.#options.unlink() : undefined);
  }

  #dropOldContent(): void {
    if (!this.#truncate) return;
    this.#truncate();
    this.#truncate = undefined;
    this.#file.modified = this.#clock();
  }
}
