/**
 * `statx(2)`: what the system says about a file, in the numbers that the runtime's `lstat` gives.
 *
 * @module
 */

import type { Identity } from "../vfs/disk_list.ts";
import { AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_SYMLINK_NOFOLLOW, cString, type Libc } from "./libc.ts";

/** Bytes of `struct statx`. */
const SIZE = 256;
/** Everything that `stat` tells. */
const STATX_BASIC_STATS = 0x7ff;
/** Type bits of a mode. */
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;
const ITSELF = cString("");

/** Looks at files. What it says is of the last look. */
export class FileStatus {
  readonly #libc: Libc;
  readonly #bytes = new Uint8Array(SIZE);
  readonly #view = new DataView(this.#bytes.buffer);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Looks at `name`, ended by NUL, in an open directory; a link is not followed. `false` where there is nothing to be seen. */
  look(directory: number, name: Uint8Array<ArrayBuffer>): boolean {
    return this.#look(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
  }

  /** Looks at an open file. */
  lookAt(file: number): boolean {
    return this.#look(file, ITSELF, AT_EMPTY_PATH);
  }

  /** Whether it is the one of these numbers. */
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
    return Number(this.#view.getBigInt64(112, true)) * 1000 + Math.trunc(this.#number(120) / 1_000_000);
  }

  /** As `makedev(3)` makes it of its two parts, as far as a number can hold it. */
  get device(): number {
    const major = this.#number(136);
    const minor = this.#number(140);
    return (major & ~0xfff) * 2 ** 32 + (minor & ~0xff) * 2 ** 12 + ((major & 0xfff) << 8) + (minor & 0xff);
  }

  get #mode(): number {
    return this.#view.getUint16(28, true);
  }

  #look(directory: number, name: Uint8Array<ArrayBuffer>, flags: number): boolean {
    return this.#libc.statx(directory, name, flags, STATX_BASIC_STATS, this.#bytes) === 0;
  }

  #number(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  #long(offset: number): number {
    return this.#number(offset) + this.#number(offset + 4) * 2 ** 32;
  }
}
