/**
 * A file system in memory, for tests and fixtures: behaves like a disk for every command, and ends with the process.
 *
 * @module
 */

import { type NameChange, type Opened, UploadLocks, type UploadLocksOptions } from "../../vfs/upload_locks.ts";
import { isWithin, nameOf, parentOf, resolvePath, ROOT } from "../../vfs/virtual_path.ts";
import { describe, MemoryBudget, MemoryDirectory, MemoryFile, type MemoryNode, setMode } from "./tree.ts";
import { MemorySink, MemorySource } from "./files.ts";
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
  /** Milliseconds since 1970. Default `Date.now`. */
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
  readonly capabilities: VfsCapabilities;
  readonly #clock: () => number;
  readonly #uploads: UploadLocks<Key>;
  #budget: MemoryBudget;
  #root: MemoryDirectory;
  #lastId = 0;

  constructor(options: MemoryVfsOptions = {}) {
    this.#clock = options.clock ?? Date.now;
    this.#uploads = new UploadLocks(options.uploadLocks);
    this.#budget = new MemoryBudget(options.capacity ?? Number.MAX_SAFE_INTEGER);
    this.#root = new MemoryDirectory(this.#newNode());
    this.capabilities = this.#makeExtras();
    for (const [path, content] of Object.entries(options.files ?? {})) this.write(path, content);
  }

  /**
   * The content of the file at `path`, for tests and embedders.
   *
   * @throws {VfsError} `notFound`, `isDirectory`.
   */
  read(path: string): Uint8Array<ArrayBuffer> {
    const snapshot = this.#file(resolvePath(ROOT, path)).content.snapshot();
    const bytes = new Uint8Array(snapshot.size);
    for (let position = 0; position < bytes.length;) position += snapshot.copy(position, bytes.subarray(position));
    return bytes;
  }

  /** Creates the file at `path`, with its parents, or replaces its content, for tests and embedders; text as UTF-8. */
  write(path: string, content: string | Uint8Array): void {
    const resolved = resolvePath(ROOT, path);
    this.#makeDirectories(parentOf(resolved));
    const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const file = this.#openForWriting(resolved, {});
    if (file.size > 0) file.truncate(++this.#lastId);
    file.write(0, data);
    file.modified = this.#clock();
  }

  /**
   * An independent file system with the same files. The bytes are shared until one of the two writes to them, so a
   * clone costs one small object per file and directory.
   */
  clone(): MemoryVfs {
    const clone = new MemoryVfs({ clock: this.#clock, capacity: this.#budget.capacity });
    clone.restore(this);
    return clone;
  }

  /**
   * Replaces all files with those of `other`, as a {@link clone} of it would have them. Open handles keep the previous
   * files.
   */
  restore(other: MemoryVfs): void {
    const budget = new MemoryBudget(this.#budget.capacity);
    this.#root = other.#root.clone({ budget, nextId: () => ++this.#lastId });
    this.#budget = budget;
  }

  stat(path: VirtualPath): Promise<Entry> {
    return attempt(() => describe(nameOf(path), this.#node(path)));
  }

  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    for (const batch of this.#batches(path)) yield batch.map(([name, node]) => describe(name, node));
  }

  async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    for (const batch of this.#batches(path)) yield batch.map(([name]) => name);
  }

  openRead(path: VirtualPath, offset = 0): Promise<FileSource> {
    return attempt(() => {
      const file = this.#file(path);
      if (offset > file.size) throw pastEnd(path);
      return new MemorySource(file.content.snapshot(), offset);
    });
  }

  openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    return this.#uploads.open(() => attempt(() => this.#openSink(path, options)), options.signal);
  }

  mkdir(path: VirtualPath): Promise<void> {
    return this.#uploads.change(() => {
      if (this.#find(path) !== undefined) throw new VfsError("exists", `Already there: "${path}"`);
      return { keys: [this.#nameKey(path)], act: () => void this.#add(path, new MemoryDirectory(this.#newNode())) };
    });
  }

  rmdir(path: VirtualPath): Promise<void> {
    return attempt(() => {
      const directory = this.#directory(path);
      if (path === ROOT) throw new VfsError("denied", "The root cannot be removed");
      if (directory.entries.size > 0) throw new VfsError("notEmpty", `Not empty: "${path}"`);
      this.#drop(path);
    });
  }

  remove(path: VirtualPath): Promise<Removed> {
    return this.#uploads.change(() => {
      const file = this.#file(path);
      return { keys: [file], act: () => this.#unlink(path, file) };
    });
  }

  rename(from: VirtualPath, to: VirtualPath, options: RenameOptions = {}): Promise<Removed | undefined> {
    return this.#uploads.change(() => this.#renaming(from, to, options), options);
  }

  #renaming(from: VirtualPath, to: VirtualPath, options: RenameOptions): NameChange<Key, Removed | undefined> {
    const node = this.#node(from);
    if (from === ROOT) throw new VfsError("denied", "The root cannot be renamed");
    if (from === to) return { keys: [], act: () => undefined };
    if (node.kind === "directory" && isWithin(to, from)) {
      throw new VfsError("badName", `Cannot be moved into itself: "${from}"`);
    }
    const target = this.#find(to);
    if (target !== undefined && (target.kind === "directory" || node.kind === "directory" || options.exclusive)) {
      throw new VfsError("exists", `Already there: "${to}"`);
    }
    const act = () => {
      this.#add(to, node);
      this.#drop(from);
      return target?.unlink();
    };
    const names = target ? [target] : options.reservation ? [] : [this.#nameKey(to)];
    return { keys: node.kind === "file" ? [node, ...names] : names, act };
  }

  #unlink(path: VirtualPath, file: MemoryFile): Removed {
    this.#drop(path);
    return file.unlink();
  }

  #openSink(path: VirtualPath, options: OpenWriteOptions): Opened<Key> {
    const created = this.#find(path) === undefined;
    if (created) this.#requireUnreserved(path, options);
    const file = this.#openForWriting(path, options);
    const replaces = !created && !keepsContent(options);
    const isNamed = () => this.#isNamed(path, file);
    const sink = new MemorySink(file, {
      created,
      clock: this.#clock,
      truncate: replaces ? () => file.truncate(++this.#lastId) : undefined,
      position: options.append ? "end" : options.offset ?? 0,
      isNamed,
      unlink: () => this.#unlink(path, file),
    });
    return { key: file, mode: options.append ? "append" : "alone", sink, isCurrent: isNamed };
  }

  #openForWriting(path: VirtualPath, options: OpenWriteOptions): MemoryFile {
    const offset = options.offset ?? 0;
    const found = this.#find(path);
    if (found === undefined) {
      if (options.existing) throw new VfsError("notFound", `Not found: "${path}"`);
      if (offset > 0) throw pastEnd(path);
      return this.#add(path, new MemoryFile(this.#budget, this.#newNode()));
    }
    if (options.exclusive) throw new VfsError("exists", `Already there: "${path}"`);
    const file = this.#file(path);
    if (offset > file.size) throw pastEnd(path);
    return file;
  }

  #makeDirectories(path: VirtualPath): void {
    if (this.#find(path) !== undefined) return;
    this.#makeDirectories(parentOf(path));
    this.#add(path, new MemoryDirectory(this.#newNode()));
  }

  *#batches(path: VirtualPath): Generator<[string, MemoryNode][], void> {
    const entries = [...this.#directory(path).entries];
    for (let start = 0; start < entries.length; start += LIST_BATCH) yield entries.slice(start, start + LIST_BATCH);
  }

  #newNode(): { readonly id: number; readonly modified: number } {
    return { id: ++this.#lastId, modified: this.#clock() };
  }

  #add<N extends MemoryNode>(path: VirtualPath, node: N): N {
    this.#changing(path).entries.set(nameOf(path), node);
    return node;
  }

  #drop(path: VirtualPath): void {
    this.#changing(path).entries.delete(nameOf(path));
  }

  /** The key of the name for the locks, whether or not it is in use. */
  #nameKey(path: VirtualPath): string {
    return `${this.#directory(parentOf(path)).id} ${nameOf(path)}`;
  }

  /** Whether `path` leads to this very file. */
  #isNamed(path: VirtualPath, file: MemoryFile): boolean {
    try {
      return this.#find(path) === file;
    } catch (error) {
      if (error instanceof VfsError) return false;
      throw error;
    }
  }

  #requireUnreserved(path: VirtualPath, { exclusive = false }: OpenWriteOptions): void {
    if (!this.#uploads.mayBeReserved) return;
    using claim = this.#uploads.reserve(this.#nameKey(path));
    if (!claim) {
      throw new VfsError(exclusive ? "exists" : "busy", `Another upload is about to have the name: "${path}"`);
    }
  }

  #reserve(path: VirtualPath): Reservation {
    if (this.#find(path) !== undefined) throw new VfsError("exists", `Already there: "${path}"`);
    const reservation = this.#uploads.reserve(this.#nameKey(path));
    if (!reservation) throw new VfsError("exists", `Another upload is about to have the name: "${path}"`);
    return reservation;
  }

  /** The directory that contains `path` and is about to change. */
  #changing(path: VirtualPath): MemoryDirectory {
    const parent = this.#directory(parentOf(path));
    parent.modified = this.#clock();
    return parent;
  }

  #directory(path: VirtualPath): MemoryDirectory {
    const node = this.#node(path);
    if (node.kind !== "directory") throw new VfsError("notDirectory", `Not a directory: "${path}"`);
    return node;
  }

  #file(path: VirtualPath): MemoryFile {
    const node = this.#node(path);
    if (node.kind !== "file") throw new VfsError("isDirectory", `Is a directory: "${path}"`);
    return node;
  }

  #node(path: VirtualPath): MemoryNode {
    const node = this.#find(path);
    if (node === undefined) throw new VfsError("notFound", `Not found: "${path}"`);
    return node;
  }

  /** `undefined` if the name does not exist; a file on the way is `notDirectory`, as on a disk. */
  #find(path: VirtualPath): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root;
    if (path === ROOT) return node;
    for (const name of path.slice(1).split("/")) {
      if (node.kind !== "directory") throw new VfsError("notDirectory", `Leads through a file: "${path}"`);
      node = node.entries.get(name);
      if (node === undefined) return undefined;
    }
    return node;
  }

  #makeExtras(): VfsCapabilities {
    return {
      reserve: (path) => attempt(() => this.#reserve(path)),
      setMode: (path, mode) => attempt(() => setMode(this.#node(path), mode)),
      setModified: (path, modified) => attempt(() => void (this.#node(path).modified = modified)),
      space: () => Promise.resolve({ free: this.#budget.free, total: this.#budget.capacity }),
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
