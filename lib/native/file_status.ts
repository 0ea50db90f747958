/**
 * `statx(2)`: what the system reports about a file, in the form of the runtime's `lstat`.
 *
 * @module
 */

import type { Identity } from "../drivers/disk/calls.ts";
import { AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_SYMLINK_NOFOLLOW, cString, type Libc } from "./libc.ts";

/** Bytes of `struct statx`. */
const SIZE = 256;
/** All fields of `stat`. */
const STATX_BASIC_STATS = 0x7ff;
/** The time of creation, if the file system stores it. */
const STATX_BTIME = 0x800;
/** Type bits of a mode. */
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;
const S_IFBLK = 0o060000;
const S_IFCHR = 0o020000;
const S_IFIFO = 0o010000;
const S_IFSOCK = 0o140000;
const ITSELF = cString("");

/** Queries files. The properties are those of the last query. */
export class FileStatus {
  readonly #libc: Libc;
  readonly #bytes = new Uint8Array(SIZE);
  /** The same memory: all processors that the runtime supports have the lowest byte first. */
  readonly #words = new Uint32Array(this.#bytes.buffer);
  readonly #halves = new Uint16Array(this.#bytes.buffer);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Queries `name`, terminated by NUL, in an open directory; a link is not followed. `false` if that fails. */
  look(directory: number, name: Uint8Array<ArrayBuffer>): boolean {
    return this.#look(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
  }

  /** Queries an open file. */
  lookAt(file: number): boolean {
    return this.#look(file, ITSELF, AT_EMPTY_PATH);
  }

  /** Whether it is the object with these numbers. */
  is({ device, inode }: Identity): boolean {
    return this.inode === inode && this.device === device;
  }

  get kind(): "file" | "directory" | "link" | "other" {
    switch (this.#mode & S_IFMT) {
      case S_IFREG:
        return "file";
      case S_IFDIR:
        return "directory";
      case S_IFLNK:
        return "link";
      default:
        return "other";
    }
  }

  get links(): number {
    return this.#number(16);
  }

  get owner(): number {
    return this.#number(20);
  }

  get group(): number {
    return this.#number(24);
  }

  /** Permission bits. */
  get permissions(): number {
    return this.#mode & 0o7777;
  }

  get inode(): number {
    return this.#long(32);
  }

  get size(): number {
    return this.#long(40);
  }

  /** Milliseconds since 1970. */
  get modified(): number {
    return this.#time(112);
  }

  get device(): number {
    return this.#deviceAt(136);
  }

  /** Everything, in the form of the runtime. */
  get info(): Deno.FileInfo {
    const type = this.#mode & S_IFMT;
    return {
      isFile: type === S_IFREG,
      isDirectory: type === S_IFDIR,
      isSymlink: type === S_IFLNK,
      isBlockDevice: type === S_IFBLK,
      isCharDevice: type === S_IFCHR,
      isFifo: type === S_IFIFO,
      isSocket: type === S_IFSOCK,
      size: this.size,
      mtime: new Date(this.modified),
      atime: new Date(this.#time(64)),
      birthtime: (this.#number(0) & STATX_BTIME) === 0 ? null : new Date(this.#time(80)),
      ctime: new Date(this.#time(96)),
      dev: this.device,
      ino: this.inode,
      mode: this.#mode,
      nlink: this.links,
      uid: this.owner,
      gid: this.group,
      rdev: this.#deviceAt(128),
      blksize: this.#number(4),
      blocks: this.#long(48),
    };
  }

  get #mode(): number {
    return this.#halves[14] ?? 0;
  }

  #look(directory: number, name: Uint8Array<ArrayBuffer>, flags: number): boolean {
    return this.#libc.statx(directory, name, flags, STATX_BASIC_STATS | STATX_BTIME, this.#bytes) === 0;
  }

  /** In milliseconds, as the runtime computes it: fractions of a millisecond are dropped. */
  #time(offset: number): number {
    // Times before 1970 are negative.
    const seconds = this.#number(offset) + (this.#number(offset + 4) | 0) * 2 ** 32;
    return seconds * 1000 + Math.trunc(this.#number(offset + 8) / 1_000_000);
  }

  /** Combined from its two parts as by `makedev(3)`, as far as a number can hold it. */
  #deviceAt(offset: number): number {
    const major = this.#number(offset);
    const minor = this.#number(offset + 4);
    return (major & ~0xfff) * 2 ** 32 + (minor & ~0xff) * 2 ** 12 + ((major & 0xfff) << 8) + (minor & 0xff);
  }

  #number(offset: number): number {
    return this.#words[offset >> 2] ?? 0;
  }

  #long(offset: number): number {
    return this.#number(offset) + this.#number(offset + 4) * 2 ** 32;
  }
}
