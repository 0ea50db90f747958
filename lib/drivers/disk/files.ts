/**
 * Open files of the disk driver, and whether synchronous calls are acceptable on a disk.
 *
 * From and to the page cache a megabyte takes less than a millisecond, synchronously. As an asynchronous operation it
 * also costs two switches of threads: uploads are then a fifth to a half slower. So while the disk is fast, data is
 * written to the page cache synchronously, and small files are read the same way: 64 KiB take 10 to 20 µs, less than
 * the 25 µs of overhead of an asynchronous operation. Large files are read asynchronously: the next piece is then read
 * on another processor while the last one is sent.
 *
 * But a disk that is worn, far away or short of memory for writes blocks the caller, and a synchronous call blocks all
 * sessions. So writes and the reads of small files are timed, and after a slow one that disk gets no synchronous calls
 * until it has been fast for a while. It can delay other sessions by one call.
 *
 * @module
 */

import type { DiskFile } from "./calls.ts";
import { isSame } from "./opened_file.ts";
import { type Fsync, syncDirectoriesOf } from "./durability.ts";
import { toVfsError } from "./errors.ts";
import { type GiveBack, isLarge, setAside } from "./large_files.ts";
import type { DiskRoot } from "./root.ts";
import { describeOpened } from "./list.ts";
import { removedOf } from "./names.ts";
import { type DiskPace, paceOf } from "./pace.ts";
import {
  type DiscardOptions,
  type Entry,
  type FileLocation,
  type FileSink,
  type FileSource,
  type Removed,
  VfsError,
  type VirtualPath,
} from "../../vfs/vfs.ts";
import { nameOf } from "../../vfs/virtual_path.ts";

/** Files of up to this many bytes are read synchronously. */
const SMALL_FILE = 64 * 1024;
/** The most bytes that are written, or of old content that are dropped, synchronously. */
const SMALL_WRITE = 1024 * 1024;

/** The properties of a file that its handle needs to know. */
export interface HandleOptions {
  /** For error messages. */
  readonly path: VirtualPath;
  /** Size in bytes when the file was opened. */
  readonly size: number;
  /** The number of the device that it is on. */
  readonly device: number;
}

/** The options of a {@link DiskSource}. */
export interface SourceOptions extends HandleOptions {
  readonly location?: FileLocation;
}

/** A file open for reading. */
export class DiskSource implements FileSource {
  readonly size: number;
  readonly location?: FileLocation;
  readonly #path: VirtualPath;
  readonly #pace: DiskPace;
  #file: DiskFile | undefined;

  constructor(file: DiskFile, options: SourceOptions) {
    this.#file = file;
    this.#path = options.path;
    this.#pace = paceOf(options.device);
    this.size = options.size;
    if (options.location) this.location = options.location;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const count = this.readNow(buffer);
    if (count !== undefined) return count;
    if (this.#file === undefined) return null;
    try {
      if (this.size > SMALL_FILE) return await this.#file.read(buffer);
      const began = performance.now();
      const count = await this.#file.read(buffer);
      this.#pace.ended(began);
      return count;
    } catch (error) {
      throw toVfsError(error, this.#path);
    }
  }

  readNow(buffer: Uint8Array): number | null | undefined {
    if (this.#file === undefined) return null;
    if (this.size > SMALL_FILE || !this.#pace.quick) return undefined;
    try {
      const began = performance.now();
      const count = this.#file.readSync(buffer);
      this.#pace.ended(began);
      return count;
    } catch (error) {
      throw toVfsError(error, this.#path);
    }
  }

  skip(bytes: number): void {
    this.#file?.seekSync(bytes, Deno.SeekMode.Current);
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** The options of a {@link DiskSink}. */
export interface SinkOptions extends HandleOptions {
  /**
   * What was opened. Its numbers tell whether its name is its own: on a local disk no other file has them while it is
   * open.
   */
  readonly info: Deno.FileInfo;
  readonly created: boolean;
  /**
   * Bytes of old content that are dropped with the first byte written, or at the commit: an upload that never starts
   * leaves them as they were. `undefined`: nothing is dropped.
   */
  readonly replaces: number | undefined;
  /** `close`: the commit waits until the file, and its name, are on stable storage. Default `never`. */
  readonly fsync?: Fsync;
  /** It stays open after the commit, and so locked, and gets its real name later. */
  readonly part?: boolean;
  /** Its real path. */
  readonly real: string;
  /** The root that the file is below. */
  readonly root: Pick<DiskRoot, "lookUp" | "changes" | "tellsLate">;
}

/** A file open for writing. */
export class DiskSink implements FileSink {
  readonly initialSize: number;
  readonly created: boolean;
  readonly #path: VirtualPath;
  readonly #pace: DiskPace;
  readonly #file: DiskFile;
  readonly #real: string;
  readonly #info: Deno.FileInfo;
  readonly #root: SinkOptions["root"];
  /** The file system may report late that it could not store the data, so it must be asked before the close. */
  readonly #late: boolean;
  readonly #syncs: boolean;
  readonly #isPart: boolean;
  #replaces: number | undefined;
  #written = 0;
  #open = true;

  /** `size` in the options counts what is kept of the old content. */
  constructor(file: DiskFile, options: SinkOptions) {
    this.#file = file;
    this.#real = options.real;
    this.#info = options.info;
    this.#root = options.root;
    this.#late = options.root.tellsLate(options.device, options.real);
    this.#syncs = options.fsync === "close";
    this.#isPart = options.part === true;
    this.#path = options.path;
    this.#pace = paceOf(options.device);
    this.initialSize = options.size;
    this.created = options.created;
    this.#replaces = options.replaces;
  }

  get opened(): Entry {
    return describeOpened(nameOf(this.#path), this.#info);
  }

  async write(data: Uint8Array): Promise<void> {
    try {
      if (this.#replaces !== undefined) await this.#dropOldContent(this.#replaces);
      for (let done = 0; done < data.length;) {
        const rest = data.subarray(done);
        const began = performance.now();
        const count = this.#waits(rest.length) ? this.#file.writeSync(rest) : await this.#file.write(rest);
        done += count;
        this.#written += count;
        this.#pace.ended(began);
      }
    } catch (error) {
      throw toVfsError(error, this.#path);
    }
  }

  async commit(): Promise<void> {
    if (!this.#open) return;
    try {
      if (this.#replaces !== undefined) await this.#dropOldContent(this.#replaces);
      if (this.#syncs) await this.#file.sync();
      else if (this.#late) await this.#syncData();
      // Before the close: after it, programs that watch the directory may move the file away.
      if (!this.#hasItsName()) {
        throw new VfsError("vanished", `No longer has its name: "${this.#path}"`);
      }
      if (this.#isPart) return;
      this.#close();
      if (this.#syncs) await syncDirectoriesOf(this.#real);
    } catch (error) {
      throw toVfsError(error, this.#path);
    }
  }

  abort(): Promise<void> {
    try {
      this.#close();
    } catch {
      // After a failed close there is nothing left to do, and the upload is reported as failed anyway.
    }
    return Promise.resolve();
  }

  async discard({ ifEmpty = false }: DiscardOptions = {}): Promise<Removed | undefined> {
    let removed: Removed | undefined;
    let giveBack: GiveBack | undefined;
    try {
      const info = this.#file.statSync();
      // If it is larger than what was written here, others have appended.
      if (this.created && info.size <= (ifEmpty ? 0 : this.#written) && this.#hasItsName()) {
        if (isLarge(info)) giveBack = setAside(this.#root.changes, this.#real);
        else this.#root.changes.removeFile(this.#real);
        removed = removedOf(info);
      }
    } catch {
      // The upload is already reported as failed; a file that cannot be removed stays.
    }
    await this.abort();
    await giveBack?.();
    return removed;
  }

  /** Whether the file still has its name and the properties it was opened with. */
  isCurrent(): boolean {
    return this.#hasItsName() && (!this.created || this.#file.statSync().size === 0);
  }

  /** Whether the name still belongs to the open file: a program on the host may have removed, replaced or moved it. */
  #hasItsName(): boolean {
    // Over a network, a new file may get the number of one that is still open here but has lost its name.
    if (this.#late && this.#file.statSync().nlink === 0) return false;
    const there = this.#root.lookUp(this.#real);
    return there !== undefined && isSame(there, this.#info);
  }

  /** For the errors that come with it: the trip to a thread and back takes much longer than a sync in memory. */
  async #syncData(): Promise<void> {
    const { syncs } = this.#pace;
    const began = performance.now();
    if (this.#file.syncDataSync && this.#written <= SMALL_WRITE && syncs.quick) {
      this.#file.syncDataSync();
      syncs.blocked(performance.now() - began);
    } else {
      await this.#file.syncData();
      syncs.waited(performance.now() - began);
    }
  }

  /** Whether a synchronous call for this many bytes is acceptable. */
  #waits(bytes: number): boolean {
    return bytes <= SMALL_WRITE && this.#pace.quick;
  }

  /** Also if there seems to be no content: another upload in another event loop may have written some in between. */
  async #dropOldContent(bytes: number): Promise<void> {
    this.#replaces = undefined;
    if (this.#waits(bytes)) this.#file.truncateSync(0);
    else await this.#file.truncate(0);
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
  }
}
