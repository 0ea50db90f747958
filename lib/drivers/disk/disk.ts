/**
 * Files on disk below one real directory. `drivers/disk/root.ts` keeps everything inside it.
 *
 * Everything that looks at or changes names is synchronous, within one turn of the event loop: cheaper than a trip to a
 * thread, and no session of this server can change the tree between a check and the operation it is for. Work that
 * takes time per byte (reading, writing, truncating) is synchronous only in small amounts and while the disk is fast
 * (`drivers/disk/files.ts`), and so is removing (`drivers/disk/large_files.ts`).
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { KnownDoor, mayEnter, openRoot } from "./rights.ts";
import type { ContainedCalls, DirectoryReader, DiskFile, Found, OpenedFile } from "./calls.ts";
import { attempt, attemptEach, converting, ifThere, toVfsError } from "./errors.ts";
import { diskExtras } from "./attributes.ts";
import { DiskSink, DiskSource } from "./files.ts";
import { DiskNames } from "./changes.ts";
import type { Fsync } from "./durability.ts";
import { lockPart } from "./stale_parts.ts";
import { describeName, listDirectory, listNames } from "./list.ts";
import { fileKey } from "./names.ts";
import { DEFAULT_SYMLINKS, DiskRoot, type SymlinkPolicy } from "./root.ts";
import { type FullDirectory, unlistedNames } from "./unlisted.ts";
import {
  type Entry,
  type FileSink,
  type FileSource,
  keepsContent,
  type LookUpOptions,
  type OpenWriteOptions,
  type Outline,
  type Removed,
  type RenameOptions,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "../../vfs/vfs.ts";
import { type Opened, UploadLocks } from "../../vfs/upload_locks.ts";
import { nameOf, ROOT } from "../../vfs/virtual_path.ts";

/** The locks of uploads for all roots: the same file may be below several of them. */
export const diskUploads: UploadLocks<string> = new UploadLocks();

/** The options of a {@link DiskVfs}. */
export interface DiskVfsOptions {
  /**
   * How links are treated.
   *
   * @default "follow-inside"
   */
  readonly symlinks?: SymlinkPolicy;
  /** Reads directories in place of the runtime, where it can. */
  readonly readDirectory?: DirectoryReader | undefined;
  /**
   * Whether uploads are on stable storage when their end is reported.
   *
   * @default "never"
   */
  readonly fsync?: Fsync;
  /** Resolves paths in one step, which closes the gap between a check and an operation (`drivers/disk/root.ts`). */
  readonly paths?: ContainedCalls | undefined;
}

/**
 * The files below `root`, as `deno run --allow-read=… --allow-write=…` permits them.
 *
 * @throws {Error} quoting `root`, if it is missing, not a directory or not permitted.
 */
export async function openDisk(root: string, options: DiskVfsOptions = {}): Promise<DiskVfs> {
  try {
    const real = await Deno.realPath(root);
    if ((await Deno.stat(real)).isDirectory) return new DiskVfs(real, options);
  } catch (error) {
    const reason = messageOf(error);
    throw new Error(`Cannot open directory "${root}": ${reason}`, { cause: error });
  }
  throw new Error(`Cannot open directory "${root}": it is not a directory`);
}

/** Files on disk; created by {@link openDisk}. */
export class DiskVfs implements Vfs {
  readonly #links: boolean;
  readonly #root: DiskRoot;
  readonly #door: KnownDoor;
  readonly #names: DiskNames;
  readonly #readDirectory: DirectoryReader | undefined;
  readonly #fsync: Fsync;
  #capabilities: VfsCapabilities | undefined;

  /** `root` is the real path of an existing directory. */
  constructor(root: string, options: DiskVfsOptions = {}) {
    const symlinks = options.symlinks ?? DEFAULT_SYMLINKS;
    this.#links = symlinks === "follow-inside";
    this.#root = new DiskRoot(root, symlinks, options.paths);
    this.#door = new KnownDoor(this.#root);
    this.#fsync = options.fsync ?? "never";
    this.#names = new DiskNames(this.#root, { locks: diskUploads, fsync: this.#fsync });
    this.#readDirectory = options.readDirectory;
  }

  /** Found out when first asked for, which a look whether the root can be opened does not. */
  get capabilities(): VfsCapabilities {
    return this.#capabilities ??= {
      resume: true,
      append: true,
      ...(this.#links && { links: true }),
      ...diskExtras(this.#root),
      reserve: (path) => this.#names.reserve(path),
      outline: (path) => this.#outline(path),
    };
  }

  stat(path: VirtualPath): Promise<Entry> {
    return attempt(path, () => {
      const open = path === ROOT && openRoot(this.#root);
      return open ? describeName(this.#root, open, ROOT) : this.#describe(path, this.#root.seen(path));
    });
  }

  lookUp(path: VirtualPath, { guess = false }: LookUpOptions = {}): Promise<Entry | undefined> {
    return attempt(path, () => {
      if (guess && this.#root.seemsFree(path)) return undefined;
      return ifThere(() => {
        const { real, info } = this.#root.seek(path);
        return info && this.#describe(path, { real, info });
      });
    });
  }

  list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    return attemptEach(path, listDirectory(this.#root, path, this.#readDirectory));
  }

  async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    for await (const batch of this.#outline(path)) yield batch.map(({ name }) => name);
  }

  openRead(path: VirtualPath, offset = 0): Promise<FileSource> {
    try {
      const { file, info, real } = this.#root.open(path, "read");
      if (offset > 0) seekTo(file, { path, offset, size: info.size });
      const { dev: device, ino: inode, size } = info;
      // An inexact number may belong to two files, and the runtime cannot open a name that is not UTF-8.
      const isFound = inode !== null && Number.isSafeInteger(inode) && !this.#root.isRaw(path);
      const location = isFound && { location: { path: real, device, inode, offset } };
      return Promise.resolve(new DiskSource(file, { path, size, device, ...location }));
    } catch (error) {
      return Promise.reject(toVfsError(error, path));
    }
  }

  openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    return diskUploads.open(() => converting(path, () => this.#openWrite(path, options)), options.signal);
  }

  mkdir(path: VirtualPath): Promise<void> {
    if (!this.#root.isRaw(nameOf(path))) return this.#names.mkdir(path);
    return Promise.reject(new VfsError("badName", `Would not be valid UTF-8: "${path}"`));
  }

  rmdir(path: VirtualPath): Promise<void> {
    return attempt(path, () => {
      const { real, info } = this.#root.find(path);
      if (path === ROOT) throw new VfsError("denied", "The root cannot be removed");
      if (!info.isDirectory) throw new VfsError("notDirectory", `Not a directory: "${path}"`);
      this.#removeDirectory({ path, real, info });
    });
  }

  remove(path: VirtualPath): Promise<Removed> {
    return this.#names.remove(path);
  }

  rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    return this.#names.rename(from, to, options);
  }

  #outline(path: VirtualPath): AsyncGenerator<readonly Outline[], void> {
    return attemptEach(path, listNames(this.#root, path, this.#readDirectory));
  }

  #removeDirectory(directory: FullDirectory): void {
    try {
      this.#root.changes.removeDirectory(directory.real);
    } catch (error) {
      const vfsError = toVfsError(error, directory.path);
      const hint = vfsError.kind === "notEmpty" ? unlistedNames(this.#root, directory) : undefined;
      throw hint === undefined ? vfsError : new VfsError("notEmpty", vfsError.message, { cause: error, hint });
    }
  }

  #describe(path: VirtualPath, found: Found): Entry {
    const entry = describeName(this.#root, found, nameOf(path));
    const isLink = entry.kind === "link" || entry.link !== undefined;
    if (isLink && this.#root.symlinks === "hide") throw new VfsError("notFound", `Is a link: "${path}"`);
    if (entry.kind !== "directory") return entry;
    const isOpen = path === ROOT && !isLink
      ? this.#door.mayEnter(found)
      : mayEnter(this.#root, isLink ? this.#root.follow(path) : found.real);
    return isOpen ? entry : { ...entry, closed: true };
  }

  #openWrite(path: VirtualPath, options: OpenWriteOptions): Opened<string> | Promise<Opened<string>> {
    const { append = false, offset = 0, exclusive = false, existing = false } = options;
    if (this.#root.isRaw(path)) {
      throw new VfsError("unsupported", `Cannot be written, because its name is not UTF-8: "${path}"`);
    }
    const found = exclusive ? undefined : this.#openExisting(path, append);
    if (found) return this.#opened(path, options, { opened: found, created: false });
    if (existing) throw new VfsError("notFound", `Not found: "${path}"`);
    if (offset > 0) throw pastEnd(path);
    const name = this.#names.claim(path, exclusive ? "exists" : "busy");
    return name instanceof Promise
      ? name.then((name) => this.#openNew(path, options, name))
      : this.#openNew(path, options, name);
  }

  /** @param name keeps uploads that have reserved the name away while the file is being made. */
  #openNew(path: VirtualPath, options: OpenWriteOptions, name: Disposable | undefined): Opened<string> {
    using _name = name;
    const made = this.#create(path, options);
    // Otherwise another event loop has created it at the same moment.
    const opened = made ?? this.#openExisting(path, options.append === true);
    if (!opened) throw new VfsError("busy", `Created and removed by another process at the same moment: "${path}"`);
    return this.#opened(path, options, { opened, created: made !== undefined });
  }

  #opened(
    path: VirtualPath,
    options: OpenWriteOptions,
    { opened: { file, info, real }, created }: { readonly opened: OpenedFile; readonly created: boolean },
  ): Opened<string> {
    const { append = false, offset = 0 } = options;
    if (offset > 0) seekTo(file, { path, offset, size: info.size });
    const replaced = !created && !keepsContent(options);
    const sink = new DiskSink(file, {
      path,
      size: replaced ? 0 : info.size,
      device: info.dev,
      info,
      created,
      replaces: replaced ? info.size : undefined,
      root: this.#root,
      real,
      fsync: this.#fsync,
      part: options.part === true,
    });
    return {
      key: fileKey({ real, info }),
      mode: append ? "append" : "alone",
      sink,
      isCurrent: () => sink.isCurrent(),
      isPrivate: options.part === true,
    };
  }

  #openExisting(path: VirtualPath, append: boolean): OpenedFile | undefined {
    return ifThere(() => this.#root.open(path, append ? "append" : "write"));
  }

  /** `undefined` if a file is there by now and an existing one is allowed. */
  #create(path: VirtualPath, options: OpenWriteOptions): OpenedFile | undefined {
    try {
      const opened = this.#root.create(path, options.append === true ? "append" : "write");
      if (!options.part || lockPart(opened.file)) return opened;
      opened.file.close();
      throw new VfsError("busy", `Removed as a stale part at the moment it was made: "${path}"`);
    } catch (error) {
      const vfsError = toVfsError(error, path);
      if (vfsError.kind !== "exists" || options.exclusive) throw vfsError;
      // Something is there that could not be opened: a link that leads nowhere, and must not be written through.
      if (this.#root.seek(path).info?.isSymlink) throw new VfsError("denied", `Is a link: "${path}"`);
      return undefined;
    }
  }
}

interface Seek {
  readonly path: VirtualPath;
  readonly offset: number;
  readonly size: number;
}

function seekTo(file: DiskFile, { path, offset, size }: Seek): void {
  try {
    if (offset > size) throw pastEnd(path);
    file.seekSync(offset, Deno.SeekMode.Start);
  } catch (error) {
    file.close();
    throw error;
  }
}

function pastEnd(path: VirtualPath): VfsError {
  return new VfsError("pastEnd", `Offset is past the end of "${path}"`);
}
