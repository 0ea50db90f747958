/**
 * Directories with `getdents64(2)` and `statx(2)`: two to four times as fast as the runtime's functions, which resolve
 * the path of each name anew (docs/performance.md). Names are looked up in the open directory, so it does not matter if
 * its path changes in the meantime.
 *
 * @module
 */

import type { DirectoryName, DirectoryReader, Identity } from "../drivers/disk/calls.ts";
import { decodeName, nameOfBytes } from "../vfs/raw_names.ts";
import type { Entry } from "../vfs/vfs.ts";
import type { ContainedPaths } from "./contained_paths.ts";
import { FileStatus } from "./file_status.ts";
import { cString, type Libc, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW } from "./libc.ts";

/** Bytes of names that are read at once: about 800 names. */
const NAMES = 32 * 1024;
const BATCH = 64;

/** Offsets of the fields of `struct linux_dirent64`. */
const RECORD_LENGTH = 16;
const RECORD_TYPE = 18;
const RECORD_NAME = 19;

/** Its types. Some file systems do not report them. */
const DT_UNKNOWN = 0;
const DT_DIR = 4;
const DT_LNK = 10;

/** Reads directories with the functions of `libc`, resolved by `paths` if given. */
export function directoryReader(libc: Libc, paths?: ContainedPaths): DirectoryReader {
  const open = (directory: string, identity: Identity) => {
    const flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const descriptor = paths ? paths.tryOpen(directory, flags) : libc.open(cString(directory), flags, 0);
    if (descriptor < 0) return undefined;
    const status = new FileStatus(libc);
    // Without paths that support them, names that are not UTF-8 lead nowhere.
    const toName = paths ? nameOfBytes : decodeName;
    if (status.lookAt(descriptor) && status.is(identity)) return { libc, descriptor, status, toName };
    libc.close(descriptor);
    return undefined;
  };
  return {
    entries(directory, identity) {
      const opened = open(directory, identity);
      return opened && new DirectoryWalk(opened, describer());
    },
    names(directory, identity) {
      const opened = open(directory, identity);
      return opened && new DirectoryWalk(opened, nameOnly);
    },
  };
}

/** An open directory. */
interface OpenedDirectory {
  readonly libc: Libc;
  readonly descriptor: number;
  readonly status: FileStatus;
  /** `undefined` for a name that is left out. */
  readonly toName: (bytes: Uint8Array) => string | undefined;
}

/** The description of one name; `look` queries it, and returns `undefined` if that fails. */
type Describe<T> = (name: string, type: number, look: () => FileStatus | undefined) => T | undefined;

/** Closes the directory when the iteration ends, however that happens. */
class DirectoryWalk<T> implements Iterable<readonly T[]> {
  readonly #libc: Libc;
  readonly #directory: number;
  readonly #status: FileStatus;
  readonly #describe: Describe<T>;
  readonly #toName: OpenedDirectory["toName"];
  readonly #names = new Uint8Array(NAMES);
  readonly #view = new DataView(this.#names.buffer);

  constructor({ libc, descriptor, status, toName }: OpenedDirectory, describe: Describe<T>) {
    this.#libc = libc;
    this.#directory = descriptor;
    this.#status = status;
    this.#describe = describe;
    this.#toName = toName;
  }

  *[Symbol.iterator](): Generator<readonly T[], void> {
    try {
      for (let length; (length = this.#read()) > 0;) yield* this.#batches(length);
    } finally {
      this.#libc.close(this.#directory);
    }
  }

  /** Returns the number of bytes of names that were read; 0 at the end. */
  #read(): number {
    const length = Number(this.#libc.getdents64(this.#directory, this.#names, BigInt(NAMES)));
    if (length >= 0) return length;
    // A directory that was removed has ended.
    if (this.#status.lookAt(this.#directory) && this.#status.links === 0) return 0;
    throw new Error("Cannot continue reading the directory");
  }

  *#batches(length: number): Generator<readonly T[], void> {
    let batch: T[] = [];
    for (let start = 0; start < length;) {
      const end = start + this.#view.getUint16(start + RECORD_LENGTH, true);
      const entry = this.#entryAt(start, end);
      start = end;
      if (entry) batch.push(entry);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }

  /** `undefined` for the directory itself, its parent, and for entries that are gone. */
  #entryAt(start: number, end: number): T | undefined {
    const bytes = this.#names.subarray(start + RECORD_NAME, end);
    const length = bytes.indexOf(0);
    if (isDots(bytes, length)) return undefined;
    const name = this.#toName(bytes.subarray(0, length));
    if (name === undefined) return undefined;
    const look = () => this.#status.look(this.#directory, bytes) ? this.#status : undefined;
    return this.#describe(name, this.#names[start + RECORD_TYPE] ?? DT_UNKNOWN, look);
  }
}

const DOT = 0x2e;

function isDots(name: Uint8Array, length: number): boolean {
  return name[0] === DOT && (length === 1 || (length === 2 && name[1] === DOT));
}

/** Describes the entries of one directory, most of which have an owner, a group and a device in common. */
function describer(): Describe<Entry> {
  const digits = [new LastText(10), new LastText(10), new LastText(36)] as const;
  return (name, _type, look) => {
    const status = look();
    if (!status) return undefined;
    const { kind, size, modified, permissions, links, inode } = status;
    const [owner, group, device] = digits;
    return {
      name,
      kind,
      size,
      modified,
      mode: permissions,
      links,
      owner: owner.of(status.owner),
      group: group.of(status.group),
      unique: `${device.of(status.device)}g${inode.toString(36)}`,
    };
  };
}

/** Keeps the text of the last number. */
class LastText {
  readonly #radix: number;
  #number = 0;
  #text = "0";

  constructor(radix: number) {
    this.#radix = radix;
  }

  of(number: number): string {
    if (number === this.#number) return this.#text;
    this.#number = number;
    return this.#text = number.toString(this.#radix);
  }
}

const nameOnly: Describe<DirectoryName> = (name, type, look) => {
  const kind = type === DT_UNKNOWN ? look()?.kind : undefined;
  return { name, isDirectory: type === DT_DIR || kind === "directory", isSymlink: type === DT_LNK || kind === "link" };
};
