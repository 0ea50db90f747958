/**
 * Resolves paths with `openat2(2)`, in a single step that follows no link on the way. Operations are then done in the
 * directory that was found, by name, so that no link can be put in between.
 *
 * The paths are absolute and have no `..`, so without links there is no way up either. Adding `RESOLVE_BENEATH` would
 * refuse absolute paths, need an open directory per root, and miss a link put above the root.
 *
 * @module
 */

import type { ContainedCalls, FileUse, OpenedFile } from "../drivers/disk/calls.ts";
import { FileStatus } from "./file_status.ts";
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  cString,
  type Libc,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_WRONLY,
} from "./libc.ts";
import { NativeFile } from "./native_file.ts";
import { lastCode, lastError, SystemError } from "./system_error.ts";

/** The number of `openat2`, the same on all processors; Linux has it since 5.6 (2020). */
const SYS_OPENAT2 = 437n;
const RESOLVE_NO_SYMLINKS = 0x4n;
const RENAME_NOREPLACE = 1;

/** To look at a name, which may be that of a link. */
const O_NAME = O_PATH | O_NOFOLLOW | O_CLOEXEC;

const FLAGS: Readonly<Record<FileUse, number>> = { read: 0, write: O_WRONLY, append: O_WRONLY | O_APPEND };

/** Mode bits of a new file and of a new directory before the umask, as the runtime uses them. */
const FILE_MODE = 0o666n;
const DIRECTORY_MODE = 0o777;

/** `-1` in place of an owner or a group: leaves it as it is. */
const UNCHANGED = 0xffffffff;

/** `UTIME_OMIT` in place of the nanoseconds: leaves that time unchanged. */
const OMIT = (1n << 30n) - 2n;

/** Bytes of `struct statfs`, with room to spare. */
const STATFS_SIZE = 256;
/** The types of tmpfs and ramfs. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

const UNSUPPORTED: ReadonlySet<string> = new Set(["ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** An open directory, and a name in it. */
type Place = readonly [directory: number, name: Uint8Array<ArrayBuffer>];

/** Resolves paths with the functions of `libc`. */
export class ContainedPaths implements ContainedCalls {
  readonly #libc: Libc;
  readonly #status: FileStatus;
  /** `struct open_how`: flags, mode, how to resolve. */
  readonly #how = new BigUint64Array([0n, 0n, RESOLVE_NO_SYMLINKS]);
  /** `struct statfs`: the type comes first, as a number of 64 bits with the lowest first. */
  readonly #system = new Uint32Array(STATFS_SIZE / Uint32Array.BYTES_PER_ELEMENT);

  private constructor(libc: Libc) {
    this.#libc = libc;
    this.#status = new FileStatus(libc);
  }

  /**
   * `undefined` if the system has no `openat2`, or does not allow it (`ENOSYS`; some containers refuse system calls
   * they do not know).
   */
  static probe(libc: Libc): ContainedPaths | undefined {
    const paths = new ContainedPaths(libc);
    return paths.isReal("/") ? paths : undefined;
  }

  isReal(path: string): boolean {
    const descriptor = this.tryOpen(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return false;
    this.#libc.close(descriptor);
    return true;
  }

  lstat(path: string): Deno.FileInfo {
    return this.#describe(this.#open(path, O_NAME));
  }

  lookUp(path: string): Deno.FileInfo | "nothing" | "link" {
    const descriptor = this.tryOpen(path, O_NAME);
    if (descriptor >= 0) return this.#describe(descriptor);
    const code = lastCode(this.#libc);
    if (code === "ENOENT") return "nothing";
    if (code === "ELOOP") return "link";
    throw new SystemError(code, "look at a path");
  }

  /** What is open there, which is then closed. */
  #describe(descriptor: number): Deno.FileInfo {
    try {
      if (!this.#status.lookAt(descriptor)) throw lastError(this.#libc, "look at a file");
      return this.#status.info;
    } finally {
      this.#libc.close(descriptor);
    }
  }

  create(path: string): void {
    this.#libc.close(this.#open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE));
  }

  open(path: string, use: FileUse): Pick<OpenedFile, "file" | "info"> | undefined {
    // Before the open: opening a FIFO wakes a program at its other end, opening a device may do anything.
    const name = cString(path);
    if (!this.#status.look(AT_FDCWD, name) || this.#status.kind !== "file") return undefined;
    const descriptor = this.#tryOpen(name, FLAGS[use] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) {
      const error = lastError(this.#libc, "open a file");
      if (error.code === "ELOOP" || error.code === "ENOENT") return undefined;
      throw error;
    }
    if (this.#status.lookAt(descriptor) && this.#status.kind === "file") {
      return { file: new NativeFile(this.#libc, descriptor), info: this.#status.info };
    }
    this.#libc.close(descriptor);
    return undefined;
  }

  createOpen(path: string, use: FileUse): Pick<OpenedFile, "file" | "info"> {
    const descriptor = this.#open(path, FLAGS[use] | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (this.#status.lookAt(descriptor)) {
      return { file: new NativeFile(this.#libc, descriptor), info: this.#status.info };
    }
    const error = lastError(this.#libc, "look at a file");
    this.#libc.close(descriptor);
    throw error;
  }

  isInMemory(path: string, device: number): boolean {
    const descriptor = this.tryOpen(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return false;
    try {
      const isThat = this.#status.lookAt(descriptor) && this.#status.device === device;
      return isThat && this.#libc.fstatfs(descriptor, this.#system) === 0 && IN_MEMORY.has(this.#system[0] ?? 0);
    } finally {
      this.#libc.close(descriptor);
    }
  }

  makeDirectory(path: string): void {
    this.#at(path, (directory, name) => this.#libc.mkdirat(directory, name, DIRECTORY_MODE));
  }

  removeDirectory(path: string): void {
    this.#at(path, (directory, name) => this.#libc.unlinkat(directory, name, AT_REMOVEDIR));
  }

  removeFile(path: string): void {
    this.#at(path, (directory, name) => this.#libc.unlinkat(directory, name, 0));
  }

  async removeLargeFile(path: string): Promise<void> {
    const [parent, name] = splitPath(path);
    const directory = this.#open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    try {
      await this.#libc.unlinkLarge(directory, name, 0);
    } finally {
      this.#libc.close(directory);
    }
  }

  rename(from: string, to: string): void {
    this.#between(from, to, (...ends) => this.#libc.renameat(...ends));
  }

  renameToFree(from: string, to: string): void {
    this.#between(from, to, (...ends) => this.#libc.renameat2(...ends, RENAME_NOREPLACE));
  }

  link(from: string, to: string): void {
    this.#between(from, to, (...ends) => this.#libc.linkat(...ends, 0));
  }

  setMode(path: string, mode: number): void {
    try {
      this.#at(path, (directory, name) => this.#libc.fchmodat(directory, name, mode, AT_SYMLINK_NOFOLLOW));
    } catch (error) {
      // Before glibc 2.32, and without /proc. Here the runtime follows links, in the moment since the path was
      // resolved.
      if (!(error instanceof SystemError && UNSUPPORTED.has(error.code))) throw error;
      Deno.chmodSync(path, mode);
    }
  }

  setOwner(path: string, owner: number | null, group: number | null): void {
    this.#at(
      path,
      (directory, name) =>
        this.#libc.fchownat(directory, name, owner ?? UNCHANGED, group ?? UNCHANGED, AT_SYMLINK_NOFOLLOW),
    );
  }

  setModified(path: string, modified: number): void {
    const seconds = Math.floor(modified / 1000);
    const nanoseconds = Math.round((modified - seconds * 1000) * 1_000_000);
    const times = new BigInt64Array([0n, OMIT, BigInt(seconds), BigInt(nanoseconds)]);
    this.#at(path, (directory, name) => this.#libc.utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW));
  }

  /** Returns a descriptor, or a negative number. */
  tryOpen(path: string, flags: number, mode = 0n): number {
    return this.#tryOpen(cString(path), flags, mode);
  }

  #tryOpen(path: Uint8Array<ArrayBuffer>, flags: number, mode = 0n): number {
    this.#how[0] = BigInt(flags);
    this.#how[1] = mode;
    const size = BigInt(this.#how.byteLength);
    return Number(this.#libc.syscall(SYS_OPENAT2, AT_FDCWD, path, this.#how, size));
  }

  #open(path: string, flags: number, mode = 0n): number {
    const descriptor = this.tryOpen(path, flags, mode);
    if (descriptor < 0) throw lastError(this.#libc, "open a path");
    return descriptor;
  }

  /** Runs `act` with the directories of both paths, and the names in them. A negative result means failure. */
  #between(from: string, to: string, act: (...ends: [...Place, ...Place]) => number): void {
    const [newParent, newName] = splitPath(to);
    this.#at(from, (directory, name, parent) => {
      if (parent === newParent) return act(directory, name, directory, newName);
      this.#at(to, (newDirectory) => act(directory, name, newDirectory, newName));
      return 0;
    });
  }

  /** Runs `act` in the directory of `path`, whose own path is `parent`. A negative result means failure. */
  #at(path: string, act: (...place: [...Place, parent: string]) => number): void {
    const [parent, name] = splitPath(path);
    const directory = this.#open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    try {
      if (act(directory, name, parent) < 0) throw lastError(this.#libc, "act on a path");
    } finally {
      this.#libc.close(directory);
    }
  }
}

/** The path of the directory, and the name in it. */
function splitPath(path: string): [directory: string, name: Uint8Array<ArrayBuffer>] {
  const slash = path.lastIndexOf("/");
  return [path.slice(0, Math.max(slash, 1)), cString(path.slice(slash + 1))];
}
