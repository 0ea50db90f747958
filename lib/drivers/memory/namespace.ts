/**
 * The files and directories of a memory file system by path: lookup, creation, and removal of names.
 *
 * @module
 */

import { VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { nameOf, parentOf, ROOT } from "../../vfs/virtual_path.ts";
import { MemoryBudget, MemoryDirectory, MemoryFile, type MemoryNode } from "./tree.ts";

/** The options of a {@link MemoryNamespace}. */
export interface MemoryNamespaceOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Capacity in bytes. */
  readonly capacity: number;
}

/** A tree of files and directories, which starts with an empty root. It knows no locks. */
export class MemoryNamespace {
  readonly #clock: () => number;
  #budget: MemoryBudget;
  #root: MemoryDirectory;
  #lastId = 0;

  constructor({ clock, capacity }: MemoryNamespaceOptions) {
    this.#clock = clock;
    this.#budget = new MemoryBudget(capacity);
    this.#root = new MemoryDirectory(this.#newNode());
  }

  /** The bytes shared by all its files. */
  get budget(): MemoryBudget {
    return this.#budget;
  }

  /** Replaces everything with a copy of `other`, with a budget of its own. Open handles keep the previous files. */
  restore(other: MemoryNamespace): void {
    const budget = new MemoryBudget(this.#budget.capacity);
    this.#root = other.#root.clone({ budget, nextId: () => this.nextId() });
    this.#budget = budget;
  }

  /** A number that no file or directory of this tree has had before. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** `undefined` if the name does not exist; a file on the way is `notDirectory`, as on a disk. */
  find(path: VirtualPath): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root;
    if (path === ROOT) return node;
    for (const name of path.slice(1).split("/")) {
      if (node.kind !== "directory") throw new VfsError("notDirectory", `Leads through a file: "${path}"`);
      node = node.entries.get(name);
      if (node === undefined) return undefined;
    }
    return node;
  }

  /**
   * The file or directory at `path`.
   *
   * @throws {VfsError} `notFound`, `notDirectory`.
   */
  node(path: VirtualPath): MemoryNode {
    const node = this.find(path);
    if (node === undefined) throw new VfsError("notFound", `Not found: "${path}"`);
    return node;
  }

  /**
   * The file at `path`.
   *
   * @throws {VfsError} `isDirectory`, and as {@link node}.
   */
  file(path: VirtualPath): MemoryFile {
    const node = this.node(path);
    if (node.kind !== "file") throw new VfsError("isDirectory", `Is a directory: "${path}"`);
    return node;
  }

  /**
   * The directory at `path`.
   *
   * @throws {VfsError} as {@link node}.
   */
  directory(path: VirtualPath): MemoryDirectory {
    const node = this.node(path);
    if (node.kind !== "directory") throw new VfsError("notDirectory", `Not a directory: "${path}"`);
    return node;
  }

  /** Whether `path` leads to this very file. */
  isNamed(path: VirtualPath, file: MemoryFile): boolean {
    try {
      return this.find(path) === file;
    } catch (error) {
      if (error instanceof VfsError) return false;
      throw error;
    }
  }

  /** The key of the name for the locks, whether or not it is in use. */
  nameKey(path: VirtualPath): string {
    return `${this.directory(parentOf(path)).id} ${nameOf(path)}`;
  }

  /** Creates an empty file; the name must not exist. */
  addFile(path: VirtualPath): MemoryFile {
    return this.#add(path, new MemoryFile(this.#budget, this.#newNode()));
  }

  /** Creates an empty directory; the name must not exist. */
  addDirectory(path: VirtualPath): MemoryDirectory {
    return this.#add(path, new MemoryDirectory(this.#newNode()));
  }

  /** Creates the directory at `path` and its missing parents. */
  addDirectories(path: VirtualPath): void {
    if (this.find(path) !== undefined) return;
    this.addDirectories(parentOf(path));
    this.addDirectory(path);
  }

  /** Moves `node` from `from` to `to`, and replaces what was there. */
  move(node: MemoryNode, from: VirtualPath, to: VirtualPath): void {
    this.#add(to, node);
    this.drop(from);
  }

  /** Removes the name. */
  drop(path: VirtualPath): void {
    this.#changing(path).entries.delete(nameOf(path));
  }

  #add<N extends MemoryNode>(path: VirtualPath, node: N): N {
    this.#changing(path).entries.set(nameOf(path), node);
    return node;
  }

  /** The directory that contains `path` and is about to change. */
  #changing(path: VirtualPath): MemoryDirectory {
    const parent = this.directory(parentOf(path));
    parent.modified = this.#clock();
    return parent;
  }

  #newNode(): { readonly id: number; readonly modified: number } {
    return { id: this.nextId(), modified: this.#clock() };
  }
}
