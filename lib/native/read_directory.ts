/**
 * Directories by `getdents64(2)` and `statx(2)`: two to four times as fast as with the runtime's functions, which look at the path of each
 * name anew (docs/performance.md). Names are looked at in the open directory, so it does not matter what becomes of its path meanwhile.
 *
 * @module
 */

import type { DirectoryReader } from "../vfs/disk_list.ts";
import type { Entry } from "../vfs/vfs.ts";
import { FileStatus } from "./file_status.ts";
import { cString, type Libc, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW } from "./libc.ts";

/** Bytes of names that are read at once: some 800. */
const NAMES = 32 * 1024;
const BATCH = 64;

/** Where the fields of `struct linux_dirent64` are. */
const RECORD_LENGTH = 16;
const RECORD_NAME = 19;

/** Reads directories with the functions of `libc`. */
export function directoryReader(libc: Libc): DirectoryReader {
  return (directory, identity) => {
    const descriptor = libc.open(cString(directory), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (descriptor < 0) return undefined;
    const status = new FileStatus(libc);
    if (status.lookAt(descriptor) && status.is(identity)) return new DirectoryWalk(libc, descriptor, status);
    libc.close(descriptor);
    return undefined;
  };
}

/** Closes the directory at its end, whichever way it comes about. */
class DirectoryWalk implements Iterable<readonly Entry[]> {
  readonly #libc: Libc;
  readonly #directory: number;
  readonly #status: FileStatus;
  readonly #names = new Uint8Array(NAMES);
  readonly #view = new DataView(this.#names.buffer);
  /** A name may begin with the bytes that elsewhere mark UTF-8. */
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(libc: Libc, directory: number, status: FileStatus) {
    this.#libc = libc;
    this.#directory = directory;
    this.#status = status;
  }

  *[Symbol.iterator](): Generator<readonly Entry[], void> {
    try {
      for (let length; (length = this.#read()) > 0;) yield* this.#batches(length);
    } finally {
      this.#libc.close(this.#directory);
    }
  }

  /** Gives the bytes of names that were read; 0 at the end. */
  #read(): number {
    const length = Number(this.#libc.getdents64(this.#directory, this.#names, BigInt(NAMES)));
    if (length >= 0) return length;
    // One that was removed has come to its end.
    if (this.#status.lookAt(this.#directory) && this.#status.links === 0) return 0;
    throw new Error("Cannot read the directory any further");
  }

  *#batches(length: number): Generator<readonly Entry[], void> {
    let batch: Entry[] = [];
    for (let start = 0; start < length;) {
      const end = start + this.#view.getUint16(start + RECORD_LENGTH, true);
      const entry = this.#entryAt(start + RECORD_NAME, end);
      start = end;
      if (entry) batch.push(entry);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }

  /** `undefined` for the directory and its parent, for what is gone, and for a name that is not UTF-8. */
  #entryAt(start: number, end: number): Entry | undefined {
    const bytes = this.#names.subarray(start, end);
    const length = bytes.indexOf(0);
    if (isDots(bytes, length) || !this.#status.look(this.#directory, bytes)) return undefined;
    try {
      return describe(this.#decoder.decode(bytes.subarray(0, length)), this.#status);
    } catch {
      return undefined;
    }
  }
}

const DOT = 0x2e;

function isDots(name: Uint8Array, length: number): boolean {
  return name[0] === DOT && (length === 1 || (length === 2 && name[1] === DOT));
}

function describe(name: string, status: FileStatus): Entry {
  const { kind, size, modified, permissions, links, owner, group, inode, device } = status;
  const unique = `${device.toString(36)}g${inode.toString(36)}`;
  return { name, kind, size, modified, mode: permissions, links, owner: `${owner}`, group: `${group}`, unique };
}
