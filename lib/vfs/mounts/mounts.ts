/**
 * One view made of several: each mount shows the root of another view at a place of its own. Every operation goes to
 * the view that has the path, so drivers, quotas and digests stay apart, and links, which drivers resolve, never lead
 * from one into another.
 *
 * What the main view has at the place of a mount is hidden, as under a mount of the system. A directory that a mount
 * needs and the main view lacks is shown, and holds nothing but mounts.
 *
 * @module
 */

import { makeEntry } from "../entry.ts";
import { lookUp } from "../forwarding.ts";
import { mountedCapabilities } from "./capabilities.ts";
import { MountPlaces } from "./places.ts";
import {
  type Entry,
  type FileSink,
  type FileSource,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "../vfs.ts";
import { nameOf, parentOf, ROOT } from "../virtual_path.ts";

/** A view, and where its root is shown. */
export interface Mount {
  /** Not {@link ROOT}; no other mount has the same. It may be below another mount. */
  readonly at: VirtualPath;
  /** What is shown there. */
  readonly vfs: Vfs;
}

/** The options of {@link withMounts}. */
export interface MountOptions {
  /**
   * The time of directories that exist only for the mounts in them, in milliseconds since 1970.
   *
   * @default Date.now()
   */
  readonly modified?: number;
}

/** `main` with `mounts` in it; `main` itself without any. */
export function withMounts(main: Vfs, mounts: readonly Mount[], options: MountOptions = {}): Vfs {
  return mounts.length === 0 ? main : new MountedVfs(main, mounts, options);
}

class MountedVfs implements Vfs {
  readonly capabilities: VfsCapabilities;
  readonly #places: MountPlaces;
  readonly #modified: number;

  constructor(main: Vfs, mounts: readonly Mount[], { modified = Date.now() }: MountOptions) {
    this.#places = new MountPlaces(main, mounts);
    this.#modified = modified;
    this.capabilities = mountedCapabilities(this.#places);
  }

  async stat(path: VirtualPath): Promise<Entry> {
    const { tree, inner } = this.#places.find(path);
    if (!this.#places.isFixed(path)) return tree.show(await tree.vfs.stat(inner));
    const there = inner === ROOT ? await tree.vfs.stat(ROOT) : await lookUpDirectory(tree.vfs, inner);
    const { link: _, ...entry } = there === undefined ? this.#placeholder(path) : tree.show(there);
    return { ...entry, name: nameOf(path), fixed: true };
  }

  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    const { tree, inner } = this.#places.find(path);
    const mounted = this.#places.below(path);
    for await (const batch of orNothing(tree.vfs.list(inner), mounted)) {
      yield tree.showAll(mounted ? batch.filter(({ name }) => !mounted.has(name)) : batch);
    }
    if (mounted) yield await Promise.all([...mounted.values()].map((place) => this.#listed(place)));
  }

  async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    const { tree, inner } = this.#places.find(path);
    const mounted = this.#places.below(path);
    for await (const batch of orNothing(tree.vfs.names(inner), mounted)) {
      yield mounted ? batch.filter((name) => !mounted.has(name)) : batch;
    }
    if (mounted) yield [...mounted.keys()];
  }

  async openRead(path: VirtualPath, offset?: number): Promise<FileSource> {
    if (this.#places.isFixed(path)) throw isDirectory(path);
    const { tree, inner } = this.#places.find(path);
    return await tree.vfs.openRead(inner, offset);
  }

  async openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink> {
    if (this.#places.isFixed(path)) throw isDirectory(path);
    const { tree, inner } = this.#places.find(path);
    return await this.#create(path, () => tree.vfs.openWrite(inner, options));
  }

  async mkdir(path: VirtualPath): Promise<void> {
    if (this.#places.isFixed(path)) throw new VfsError("exists", `Already exists: "${path}"`);
    const { tree, inner } = this.#places.find(path);
    await this.#create(path, () => tree.vfs.mkdir(inner));
  }

  async rmdir(path: VirtualPath): Promise<void> {
    this.#places.requireFree(path);
    const { tree, inner } = this.#places.find(path);
    await tree.vfs.rmdir(inner);
  }

  async remove(path: VirtualPath): Promise<Removed | undefined> {
    if (this.#places.isFixed(path)) throw isDirectory(path);
    const { tree, inner } = this.#places.find(path);
    return tree.showRemoved(await tree.vfs.remove(inner));
  }

  async rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    this.#places.checkMove(from, to);
    const { tree, inner } = this.#places.find(from);
    const { inner: target } = this.#places.find(to);
    const inside = tree.renameOptions(options);
    return tree.showRemoved(await this.#create(to, () => tree.vfs.rename(inner, target, inside)));
  }

  /** A mount whose root cannot be looked at now is there all the same. */
  async #listed(place: VirtualPath): Promise<Entry> {
    try {
      return await this.stat(place);
    } catch (error) {
      if (!(error instanceof VfsError)) throw error;
      return { ...this.#placeholder(place), mode: 0, fixed: true };
    }
  }

  #placeholder(path: VirtualPath): Entry {
    return makeEntry({ name: nameOf(path), kind: "directory", modified: this.#modified, mode: 0o555 });
  }

  /** Runs `action`, which makes `path`, and says why nothing can be made in a directory that exists only for mounts. */
  async #create<T>(path: VirtualPath, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const parent = parentOf(path);
      if (!(error instanceof VfsError) || error.kind !== "notFound" || !this.#places.isFixed(parent)) throw error;
      const { tree, inner } = this.#places.find(parent);
      if (inner === ROOT || await lookUpDirectory(tree.vfs, inner) !== undefined) throw error;
      throw new VfsError("denied", `Only mounts can be in "${parent}"`, {
        hint: "This directory exists only for the directories mounted in it",
        cause: error,
      });
    }
  }
}

/** The directory at `path` of one view; `undefined` where there is none, or something else. */
async function lookUpDirectory(vfs: Vfs, path: VirtualPath): Promise<Entry | undefined> {
  try {
    const found = await lookUp(vfs, path);
    return found?.kind === "directory" ? found : undefined;
  } catch (error) {
    if (error instanceof VfsError && error.kind === "notDirectory") return undefined;
    throw error;
  }
}

/** `batches`; nothing if the directory is missing from its view and has something mounted below it. */
async function* orNothing<T>(
  batches: AsyncIterable<readonly T[]>,
  mounted: ReadonlyMap<string, VirtualPath> | undefined,
): AsyncGenerator<readonly T[], void> {
  try {
    yield* batches;
  } catch (error) {
    const isMissing = error instanceof VfsError && (error.kind === "notFound" || error.kind === "notDirectory");
    if (!mounted || !isMissing) throw error;
  }
}

function isDirectory(path: VirtualPath): VfsError {
  return new VfsError("isDirectory", `Is a directory: "${path}"`);
}
