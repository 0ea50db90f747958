/**
 * Creating, removing and renaming below a {@link DiskRoot}, coordinated with uploads and other event loops.
 *
 * @module
 */

import type { Found } from "./calls.ts";
import { isSame } from "./opened_file.ts";
import { type Fsync, syncDirectoriesOf } from "./durability.ts";
import { toVfsError } from "./errors.ts";
import { type GiveBack, isLarge, replaceLarge, setAside } from "./large_files.ts";
import { fileKey, nameKey, removedOf, renameExclusively, uniqueOf } from "./names.ts";
import { joinReal } from "./real_path.ts";
import type { DiskRoot } from "./root.ts";
import type { ChangeOptions, NameChange, UploadLocks } from "../../vfs/upload_locks.ts";
import { type Removed, type RenameOptions, type Reservation, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { ROOT } from "../../vfs/virtual_path.ts";

interface DiskNamesOptions {
  readonly locks: UploadLocks<string>;
  /** `close`: what changes names here resolves when they are on stable storage, except for removals. */
  readonly fsync: Fsync;
}

/** A name that was changed. */
interface Changed {
  readonly removed: Removed | undefined;
  /** To be called last; absent if there is nothing to do. */
  readonly giveBack?: GiveBack | undefined;
}

/** Changes names below one root. Every method fails with {@link VfsError} and nothing else. */
export class DiskNames {
  readonly #root: DiskRoot;
  readonly #locks: UploadLocks<string>;
  readonly #syncs: boolean;

  constructor(root: DiskRoot, { locks, fsync }: DiskNamesOptions) {
    this.#root = root;
    this.#locks = locks;
    this.#syncs = fsync === "close";
  }

  /** Implements `Vfs.mkdir`. */
  async mkdir(path: VirtualPath): Promise<void> {
    let real = "";
    await this.#change(path, () => {
      real = this.#root.place(path);
      return { keys: this.#reservable(real), act: () => this.#root.changes.makeDirectory(real) };
    });
    await this.#sync(path, real);
  }

  /** Implements `Vfs.remove`. */
  async remove(path: VirtualPath): Promise<Removed> {
    const { giveBack, removed } = await this.#change(path, () => {
      const found = this.#root.find(path);
      if (found.info.isDirectory) throw new VfsError("isDirectory", `Is a directory: "${path}"`);
      const { changes } = this.#root;
      const act = () => {
        const giveBack = isLarge(found.info) ? setAside(changes, found.real) : void changes.removeFile(found.real);
        return { removed: removedOf(found.info), giveBack };
      };
      return { keys: writable(found), act };
    });
    await giveBack?.();
    return removed;
  }

  /** Implements `Vfs.rename`. */
  async rename(from: VirtualPath, to: VirtualPath, options: RenameOptions = {}): Promise<Removed | undefined> {
    let names: readonly string[] = [];
    const { giveBack, removed } = await this.#change(from, () => {
      const { ends, ...change } = this.#renaming(from, to, options);
      names = ends;
      return change;
    }, options);
    await this.#sync(to, ...names);
    if (giveBack) {
      await options.held?.release();
      await giveBack();
    }
    return removed;
  }

  /** Implements `VfsCapabilities.reserve`. */
  async reserve(path: VirtualPath): Promise<Reservation> {
    try {
      return await this.#reserve(path);
    } catch (error) {
      throw toVfsError(error, path);
    }
  }

  /** Holds a name while a file of that name is being made; fails with `kind` if the name is reserved. */
  claim(path: VirtualPath, kind: "exists" | "busy"): Disposable | undefined | Promise<Disposable> {
    if (!this.#locks.mayBeReserved) return undefined;
    const claim = this.#locks.reserve(nameKey(this.#root, this.#root.place(path)));
    const granted = (claim: Disposable | undefined): Disposable => {
      if (!claim) throw new VfsError(kind, `Another upload is about to take the name: "${path}"`);
      return claim;
    };
    return claim instanceof Promise ? claim.then(granted) : granted(claim);
  }

  async #reserve(path: VirtualPath): Promise<Reservation> {
    const real = this.#root.place(path);
    // In this order: another event loop may be about to make the file.
    using held = new DisposableStack();
    const reservation = await this.#locks.reserve(nameKey(this.#root, real));
    if (!reservation) throw new VfsError("exists", `Another upload is about to take the name: "${path}"`);
    held.use(reservation);
    if (this.#root.lookUp(real)) throw new VfsError("exists", `Already exists: "${path}"`);
    return held.move();
  }

  #renaming(
    from: VirtualPath,
    to: VirtualPath,
    options: RenameOptions,
  ): NameChange<string, Changed> & { readonly ends: readonly string[] } {
    const source = this.#root.find(from);
    if (from === ROOT) throw new VfsError("denied", "The root cannot be renamed");
    const { real: target, info: there } = this.#root.seekBeside(to, { of: from, real: source.real });
    const { isDirectory } = source.info;
    if (isDirectory && target.startsWith(joinReal(source.real, ""))) {
      throw new VfsError("badName", `Cannot be moved into itself: "${from}"`);
    }
    // The same object under another spelling does not count as taken where case does not matter.
    const replaced = there !== undefined && !isSame(there, source.info) ? { real: target, info: there } : undefined;
    if (replaced) {
      const leadsTo = replaced.info.isSymlink ? this.#root.followLink(target)?.info : replaced.info;
      if (options.exclusive || isDirectory || leadsTo?.isDirectory) {
        throw new VfsError("exists", `Already exists: "${to}"`);
      }
    }
    const names = there === undefined && !options.reservation ? this.#reservable(target) : [];
    const act = () => {
      if (source.real === target) return { removed: undefined };
      const { changes } = this.#root;
      let giveBack: GiveBack | undefined;
      const rename = () => changes.rename(source.real, target);
      if (options.exclusive || (isDirectory && !there)) renameExclusively(changes, source, target);
      else if (replaced && isLarge(replaced.info)) giveBack = replaceLarge(changes, target, rename);
      else rename();
      return { removed: replaced && removedOf(replaced.info), giveBack };
    };
    const isHeld = replaced !== undefined && options.held !== undefined &&
      options.held.unique === uniqueOf(replaced.info);
    const others = replaced && !isHeld ? writable(replaced) : [];
    return { keys: [...writable(source), ...others, ...names], act, ends: [source.real, target] };
  }

  /** Makes a change that no other event loop can interrupt. */
  async #change<T>(path: VirtualPath, look: () => NameChange<string, T>, options?: ChangeOptions): Promise<T> {
    try {
      return await this.#locks.change(look, options);
    } catch (error) {
      throw toVfsError(error, path);
    }
  }

  /** Waits until the names at the real paths are on stable storage, if that was asked for. */
  async #sync(path: VirtualPath, ...names: readonly string[]): Promise<void> {
    if (!this.#syncs) return;
    try {
      await syncDirectoriesOf(...names);
    } catch (error) {
      throw toVfsError(error, path);
    }
  }

  /** A name that may have been reserved. */
  #reservable(real: string): readonly string[] {
    return this.#locks.mayBeReserved ? [nameKey(this.#root, real)] : [];
  }
}

/** The keys under which an upload may be writing to it. */
function writable(found: Found): readonly string[] {
  return found.info.isFile ? [fileKey(found)] : [];
}
