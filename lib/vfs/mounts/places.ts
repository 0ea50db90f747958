/**
 * Where the mounts of a view are: which of its trees has a path, and what the mounts forbid.
 *
 * @module
 */

import {
  type Entry,
  type FileIdentity,
  type Removed,
  type RenameOptions,
  type Vfs,
  VfsError,
  type VirtualPath,
} from "../vfs.ts";
import { depthOf, isWithin, joinPath, nameOf, parentOf, resolvePath, ROOT } from "../virtual_path.ts";

/** A path as one of the trees knows it. */
export interface PlaceInTree {
  readonly tree: Tree;
  readonly inner: VirtualPath;
}

/** One of the views that a mounted view is made of. */
export class Tree {
  /** Where its root is shown; {@link ROOT} for the main one. */
  readonly at: VirtualPath;
  readonly vfs: Vfs;
  /** Drivers number their objects independently of each other. Empty for the main tree. */
  readonly #numberPrefix: string;

  /** The main tree has the index 0. */
  constructor(at: VirtualPath, vfs: Vfs, index: number) {
    this.at = at;
    this.vfs = vfs;
    this.#numberPrefix = index === 0 ? "" : `${index}.`;
  }

  /** An entry of the tree as the whole view shows it. */
  show(entry: Entry): Entry {
    if (this.at === ROOT) return entry;
    const { unique, target, leadsTo, link } = entry;
    return {
      ...entry,
      ...(unique !== undefined && { unique: this.#numberPrefix + unique }),
      ...(target !== undefined && { target: this.#showTarget(target) }),
      ...(leadsTo && { leadsTo: this.show(leadsTo) }),
      ...(link && { link: this.show(link) }),
    };
  }

  /** {@link show} for a batch of a listing. */
  showAll(entries: readonly Entry[]): readonly Entry[] {
    return this.at === ROOT ? entries : entries.map((entry) => this.show(entry));
  }

  /** {@link show} for what has lost a name. */
  showRemoved(removed: Removed | undefined): Removed | undefined {
    return removed?.unique === undefined ? removed : { ...removed, unique: this.#numberPrefix + removed.unique };
  }

  /** The identity that the tree itself knows: the inverse of {@link show}. */
  identityOf({ unique, ...file }: FileIdentity): FileIdentity {
    return unique === undefined ? file : { ...file, unique: unique.slice(this.#numberPrefix.length) };
  }

  /** `options`, with the file that is held as the tree itself knows it. */
  renameOptions(options: RenameOptions = {}): RenameOptions {
    const unique = options.held?.unique?.slice(this.#numberPrefix.length);
    return options.held ? { ...options, held: { ...options.held, unique } } : options;
  }

  /** A link to a path from the root means the root of its own tree. */
  #showTarget(target: string): string {
    if (!target.startsWith("/")) return target;
    return target === "/" ? this.at : this.at + target;
  }
}

/** The places of all mounts of a view. */
export class MountPlaces {
  /** The main tree first. */
  readonly trees: readonly Tree[];
  /** The innermost first, the main tree last. */
  readonly #innermostFirst: readonly Tree[];
  /** By directory: the names in it that are mounts, or that lead to one, with their paths. */
  readonly #below = new Map<VirtualPath, Map<string, VirtualPath>>();
  readonly #fixed = new Set<VirtualPath>([ROOT]);

  constructor(main: Vfs, mounts: readonly { readonly at: VirtualPath; readonly vfs: Vfs }[]) {
    this.trees = [new Tree(ROOT, main, 0), ...mounts.map(({ at, vfs }, index) => new Tree(at, vfs, index + 1))];
    this.#innermostFirst = this.trees.toSorted((one, other) => depthOf(other.at) - depthOf(one.at));
    for (const { at } of mounts) {
      for (let path = at; path !== ROOT; path = parentOf(path)) this.#add(path);
    }
  }

  /** The tree that has `path`. */
  find(path: VirtualPath): PlaceInTree {
    const tree = this.#innermostFirst.find(({ at }) => isWithin(path, at));
    if (!tree) throw new Error(`No tree has "${path}"`); // Every path is within the root.
    if (tree.at === ROOT) return { tree, inner: path };
    return { tree, inner: path.length === tree.at.length ? ROOT : resolveBelow(path, tree.at) };
  }

  /** See `VfsCapabilities.samePath`: what is above a mount is compared exactly. */
  samePath(path: VirtualPath): VirtualPath {
    const { tree, inner } = this.find(path);
    const same = tree.vfs.capabilities.samePath?.(inner) ?? inner;
    return tree.at === ROOT ? same : inner === ROOT ? tree.at : resolvePath(tree.at, same.slice(1));
  }

  /** The names in `directory` at which a mount is, or below which one is; `undefined` if there are none. */
  below(directory: VirtualPath): ReadonlyMap<string, VirtualPath> | undefined {
    return this.#below.get(directory);
  }

  /** Whether `path` is a mount, or a directory that contains one: it is always there. */
  isFixed(path: VirtualPath): boolean {
    return this.#fixed.has(path);
  }

  /** @throws {VfsError} `denied`, if `path` is always there. */
  requireFree(path: VirtualPath): void {
    if (!this.isFixed(path)) return;
    throw new VfsError("denied", `Has a mount: "${path}"`, {
      hint: "A mounted directory cannot be removed or renamed, nor one that contains it",
    });
  }

  /** @throws {VfsError} if the mounts alone rule out that `from` becomes `to`. */
  checkMove(from: VirtualPath, to: VirtualPath): void {
    this.requireFree(from);
    if (this.isFixed(to)) throw new VfsError("exists", `Has a mount: "${to}"`);
    if (this.find(from).tree === this.find(to).tree) return;
    throw new VfsError("otherTree", `Another mount: from "${from}" to "${to}"`);
  }

  #add(path: VirtualPath): void {
    this.#fixed.add(path);
    const parent = parentOf(path);
    let names = this.#below.get(parent);
    if (!names) this.#below.set(parent, names = new Map());
    names.set(nameOf(path), joinPath(parent, nameOf(path)));
  }
}

function resolveBelow(path: VirtualPath, at: VirtualPath): VirtualPath {
  return resolvePath(ROOT, path.slice(at.length));
}
