/**
 * The parts of a memory file system: files and directories, and the count of the bytes they hold together.
 *
 * @module
 */

import { MemoryContent } from "./content.ts";
import { type Entry, type Removed, VfsError } from "../../vfs/vfs.ts";

/** The bytes shared by all files of one file system. */
export class MemoryBudget {
  readonly capacity: number;
  #used = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Bytes of all files. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that can still be written. */
  get free(): number {
    return this.capacity - this.#used;
  }

  /**
   * Takes `bytes`, or gives them back if negative.
   *
   * @throws {VfsError} `noSpace`.
   */
  take(bytes: number): void {
    if (bytes > this.free) throw new VfsError("noSpace", "Memory file system is full");
    this.#used += bytes;
  }
}

interface NodeOptions {
  readonly id: number;
  readonly modified: number;
}

/** The properties of the target file system that a copy of a node needs. */
interface CloneOptions {
  readonly budget: MemoryBudget;
  readonly nextId: () => number;
}

/** A regular file. Handles hold a reference to it, so it outlives its name. */
export class MemoryFile {
  readonly kind = "file";
  #id: number;
  mode = 0o644;
  modified: number;
  #content = new MemoryContent();
  #budget: MemoryBudget | undefined;

  constructor(budget: MemoryBudget, options: NodeOptions) {
    this.#budget = budget;
    this.#id = options.id;
    this.modified = options.modified;
  }

  /**
   * Identifies the file; changes with {@link truncate}, as otherwise a digest of the old content would be taken for
   * that of the new one.
   */
  get id(): number {
    return this.#id;
  }

  get size(): number {
    return this.#content.size;
  }

  /** The content to read from or write to; replaced by {@link truncate}. */
  get content(): MemoryContent {
    return this.#content;
  }

  /**
   * Writes all of `data` at `position`, which is not past the end, or nothing.
   *
   * @throws {VfsError} `noSpace`.
   */
  write(position: number, data: Uint8Array): void {
    this.#budget?.take(Math.max(0, position + data.length - this.size));
    this.#content.write(position, data);
  }

  /** Empties the file, which has a new identity from then on; readers keep the content they have open. */
  truncate(id: number): void {
    this.#id = id;
    this.#budget?.take(-this.size);
    this.#content = new MemoryContent();
  }

  /** The same file for another file system, which is charged for it; writes of open handles stay with this one. */
  clone({ budget, nextId }: CloneOptions): MemoryFile {
    budget.take(this.size);
    const clone = new MemoryFile(budget, { id: nextId(), modified: this.modified });
    clone.mode = this.mode;
    clone.#content = this.#content.fork();
    return clone;
  }

  /** Gives the bytes back when the last name is gone; what open handles still write is no longer counted. */
  unlink(): Removed {
    this.#budget?.take(-this.size);
    this.#budget = undefined;
    return { size: this.size, unique: uniqueOf(this) };
  }
}

/** A directory. */
export class MemoryDirectory {
  readonly kind = "directory";
  readonly id: number;
  readonly size = 0;
  readonly entries = new Map<string, MemoryNode>();
  mode = 0o755;
  modified: number;

  constructor(options: NodeOptions) {
    this.id = options.id;
    this.modified = options.modified;
  }

  /** The same directory for another file system, with everything below it. */
  clone(options: CloneOptions): MemoryDirectory {
    const clone = new MemoryDirectory({ id: options.nextId(), modified: this.modified });
    clone.mode = this.mode;
    for (const [name, node] of this.entries) clone.entries.set(name, node.clone(options));
    return clone;
  }
}

/** Rights of the owner, which a directory always keeps, as on a disk. */
const OWNER_ALL = 0o700;

/** Sets the mode of `node`. */
export function setMode(node: MemoryNode, mode: number): void {
  node.mode = node.kind === "directory" ? mode | OWNER_ALL : mode;
}

/** Anything that has a name. */
export type MemoryNode = MemoryFile | MemoryDirectory;

/** The entry of `node` for `stat` and `list`. */
export function describe(name: string, node: MemoryNode): Entry {
  return {
    name,
    kind: node.kind,
    size: node.size,
    modified: node.modified,
    mode: node.mode,
    links: 1,
    owner: "ftp",
    group: "ftp",
    unique: uniqueOf(node),
  };
}

/** See {@link Entry.unique}. */
export function uniqueOf({ id }: MemoryNode): string {
  return id.toString(36);
}
