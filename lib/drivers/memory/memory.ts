/**
 * A file system in memory, for tests and fixtures: behaves like a disk for every command, and ends with the process.
 *
 * @module
 */

import { type NameChange, type Opened, UploadLocks, type UploadLocksOptions } from "../../vfs/upload_locks.ts";
import { isWithin, nameOf, parentOf, resolvePath, ROOT } from "../../vfs/virtual_path.ts";
import { describe, type MemoryFile, type MemoryNode, setMode, uniqueOf } from "./tree.ts";
import { MemorySink, MemorySource } from "./files.ts";
import { MemoryNamespace } from "./namespace.ts";
import {
  type Entry,
  type FileSink,
  type FileSource,
  keepsContent,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Reservation,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "../../vfs/vfs.ts";

const LIST_BATCH = 64;

/** The options of a {@link MemoryVfs}. */
export interface MemoryVfsOptions {
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
  readonly clock?: () => number;
  /** Initial files: path to content, text as UTF-8. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Capacity in bytes; writes beyond it are `noSpace`. No limit when absent. */
  readonly capacity?: number;
  /** How uploads to the same file wait for each other. */
  readonly uploadLocks?: UploadLocksOptions;
}

/** A key of the locks: a file, or a name in a directory. */
type Key = MemoryFile | string;

/** Files and directories in memory, with the capabilities of a disk. */
export class MemoryVfs implements Vfs {
  /** Everything but links and atomic writes. */
  readonly capabilities: VfsCapabilities;
  readonly #clock: () => number;
  readonly #uploads: UploadLocks<Key>;
  readonly #tree: MemoryNamespace;

  /**
   * An empty file system, or one with the files of `options`.
   *
   * @throws {VfsError} for a file with an invalid path, or if {@link MemoryVfsOptions.capacity} is too small.
   */
  constructor(options: MemoryVfsOptions = {}) {
    this.#clock = options.clock ?? Date.now;
    this.#uploads = new UploadLocks(options.uploadLocks);
    this.#tree = new MemoryNamespace({
      clock: this.#clock,
      capacity: options.capacity ?? Number.MAX_SAFE_INTEGER,
    });
    this.capabilities = this.#makeExtras();
    for (const [path, content] of Object.entries(options.files ?? {})) this.write(path, content);
  }

  /**
   * The content of the file at `path`, for tests and embedders.
   *
   * @throws {VfsError} `notFound`, `isDirectory`.
   */
  read(path: string): Uint8Array<ArrayBuffer> {
    const snapshot = this.#tree.file(resolvePath(ROOT, path)).content.snapshot();
    const bytes = new Uint8Array(snapshot.size);
    for (let position = 0; position < bytes.length;) position += snapshot.copy(position, bytes.subarray(position));
    return bytes;
  }

  /** Creates the file at `path`, with its parents, or replaces its content, for tests and embedders; text as UTF-8. */
  write(path: string, content: string | Uint8Array): void {
    const resolved = resolvePath(ROOT, path);
    this.#tree.addDirectories(parentOf(resolved));
    const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const file = this.#openForWriting(resolved, {});
    if (file.size > 0) file.truncate(this.#tree.nextId());
    file.write(0, data);
    file.modified = this.#clock();
  }

  /**
   * An independent file system with the same files. The bytes are shared until one of the two writes to them, so a
   * clone costs one small object per file and directory.
   */
  clone(): MemoryVfs {
    const clone = new MemoryVfs({ clock: this.#clock, capacity: this.#tree.budget.capacity });
    clone.restore(this);
    return clone;
  }

  /**
   * Replaces all files with those of `other`, as a {@link clone} of it would have them. Open handles keep the previous
   * files.
   */
  restore(other: MemoryVfs): void {
    this.#tree.restore(other.#tree);
  }

  stat(path: VirtualPath): Promise<Entry> {
    return attempt(() => describe(nameOf(path), this.#tree.node(path)));
  }

  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    for (const batch of this.#batches(path)) yield batch.map(([name, node]) => describe(name, node));
  }

  async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    for (const batch of this.#batches(path)) yield batch.map(([name]) => name);
  }

  openRead(path: VirtualPath, offset = 0): Promise<FileSource> {
    return attempt(() => {
      const file = this.#tree.file(path);
      if (offset > file.size) throw pastEnd(path);
      return new MemorySource(file.content.snapshot(), offset);
    });
  }

  openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    return this.#uploads.open(() => attempt(() => this.#openSink(path, options)), options.signal);
  }

  /** As {@link Vfs.mkdir}; `busy` while an upload has reserved the name. */
  mkdir(path: VirtualPath): Promise<void> {
    return this.#uploads.change(() => {
      if (this.#tree.find(path) !== undefined) throw new VfsError("exists", `Already exists: "${path}"`);
      return { keys: [this.#tree.nameKey(path)], act: () => void this.#tree.addDirectory(path) };
    });
  }

  rmdir(path: VirtualPath): Promise<void> {
    return attempt(() => {
      const directory = this.#tree.directory(path);
      if (path === ROOT) throw new VfsError("denied", "The root cannot be removed");
      if (directory.entries.size > 0) throw new VfsError("notEmpty", `Not empty: "${path}"`);
      this.#tree.drop(path);
    });
  }

  remove(path: VirtualPath): Promise<Removed> {
    return this.#uploads.change(() => {
      const file = this.#tree.file(path);
      return { keys: [file], act: () => this.#unlink(path, file) };
    });
  }

  rename(from: VirtualPath, to: VirtualPath, options: RenameOptions = {}): Promise<Removed | undefined> {
    return this.#uploads.change(() => this.#renaming(from, to, options), options);
  }

  #renaming(from: VirtualPath, to: VirtualPath, options: RenameOptions): NameChange<Key, Removed | undefined> {
    const node = this.#tree.node(from);
    if (from === ROOT) throw new VfsError("denied", "The root cannot be renamed");
    if (from === to) return { keys: [], act: () => undefined };
    if (node.kind === "directory" && isWithin(to, from)) {
      throw new VfsError("badName", `Cannot be moved into itself: "${from}"`);
    }
    const target = this.#tree.find(to);
    if (target !== undefined && (target.kind === "directory" || node.kind === "directory" || options.exclusive)) {
      throw new VfsError("exists", `Already exists: "${to}"`);
    }
    const act = () => {
      this.#tree.move(node, from, to);
      return target?.unlink();
    };
    const isHeld = target !== undefined && options.held?.unique === uniqueOf(target);
    const names = target ? isHeld ? [] : [target] : options.reservation ? [] : [this.#tree.nameKey(to)];
    return { keys: node.kind === "file" ? [node, ...names] : names, act };
  }

  #unlink(path: VirtualPath, file: MemoryFile): Removed {
    this.#tree.drop(path);
    return file.unlink();
  }

  #openSink(path: VirtualPath, options: OpenWriteOptions): Opened<Key> {
    const created = this.#tree.find(path) === undefined;
    if (created) this.#requireUnreserved(path, options);
    const file = this.#openForWriting(path, options);
    const replaces = !created && !keepsContent(options);
    const isNamed = () => this.#tree.isNamed(path, file);
    const sink = new MemorySink(file, {
      created,
      clock: this.#clock,
      truncate: replaces ? () => file.truncate(this.#tree.nextId()) : undefined,
      position: options.append ? "end" : options.offset ?? 0,
      isNamed,
      unlink: () => this.#unlink(path, file),
    });
    return { key: file, mode: options.append ? "append" : "alone", sink, isCurrent: isNamed };
  }

  #openForWriting(path: VirtualPath, options: OpenWriteOptions): MemoryFile {
    const offset = options.offset ?? 0;
    const found = this.#tree.find(path);
    if (found === undefined) {
      if (options.existing) throw new VfsError("notFound", `Not found: "${path}"`);
      if (offset > 0) throw pastEnd(path);
      return this.#tree.addFile(path);
    }
    if (options.exclusive) throw new VfsError("exists", `Already exists: "${path}"`);
    const file = this.#tree.file(path);
    if (offset > file.size) throw pastEnd(path);
    return file;
  }

  *#batches(path: VirtualPath): Generator<[string, MemoryNode][], void> {
    const entries = [...this.#tree.directory(path).entries];
    for (let start = 0; start < entries.length; start += LIST_BATCH) yield entries.slice(start, start + LIST_BATCH);
  }

  #requireUnreserved(path: VirtualPath, { exclusive = false }: OpenWriteOptions): void {
    if (!this.#uploads.mayBeReserved) return;
    using claim = this.#uploads.reserveHere(this.#tree.nameKey(path));
    if (!claim) {
      throw new VfsError(exclusive ? "exists" : "busy", `Another upload is about to take the name: "${path}"`);
    }
  }

  #reserve(path: VirtualPath): Reservation {
    if (this.#tree.find(path) !== undefined) throw new VfsError("exists", `Already exists: "${path}"`);
    const reservation = this.#uploads.reserveHere(this.#tree.nameKey(path));
    if (!reservation) throw new VfsError("exists", `Another upload is about to take the name: "${path}"`);
    return reservation;
  }

  #makeExtras(): VfsCapabilities {
    return {
      resume: true,
      append: true,
      usage: () => Promise.resolve(this.#tree.budget.used),
      reserve: (path) => attempt(() => this.#reserve(path)),
      setMode: (path, mode) => attempt(() => setMode(this.#tree.node(path), mode)),
      copyAttributes: (from, to) => attempt(() => setMode(this.#tree.file(to), this.#tree.file(from).mode & 0o777)),
      setModified: (path, modified) => attempt(() => void (this.#tree.node(path).modified = modified)),
      space: () => Promise.resolve({ free: this.#tree.budget.free, total: this.#tree.budget.capacity }),
    };
  }
}

/** Runs `action` at once and returns its outcome as a promise, so that an action is never seen half done. */
function attempt<T>(action: () => T): Promise<T> {
  return new Promise((resolve) => resolve(action()));
}

function pastEnd(path: VirtualPath): VfsError {
  return new VfsError("pastEnd", `Offset is past the end of "${path}"`);
}
