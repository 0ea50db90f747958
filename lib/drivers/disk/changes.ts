/**
 * Creating, removing and renaming below a {@link DiskRoot}, coordinated with uploads and other event loops.
 *
 * @module
 */

import { toVfsError } from "./errors.ts";
import { fileKey, nameKey, removedOf, renameExclusively } from "./names.ts";
import { type DiskRoot, type Found, isSame, joinReal } from "./root.ts";
import type { ChangeOptions, NameChange, UploadLocks } from "../../vfs/upload_locks.ts";
import { type Removed, type RenameOptions, type Reservation, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { ROOT } from "../../vfs/virtual_path.ts";

/** Changes names below one root. Every method fails with {@link VfsError} and nothing else. */
export class DiskNames {
  readonly #root: DiskRoot;
  readonly #locks: UploadLocks<string>;

  constructor(root: DiskRoot, locks: UploadLocks<string>) {
    this.#root = root;
    this.#locks = locks;
  }

  /** Implements `Vfs.mkdir`. */
  mkdir(path: VirtualPath): Promise<void> {
    return this.#change(path, () => {
      const real = this.#root.place(path);
      return { keys: this.#reservable(real), act: () => this.#root.changes.makeDirectory(real) };
    });
  }

  /** Implements `Vfs.remove`. */
  remove(path: VirtualPath): Promise<Removed> {
    return this.#change(path, () => {
      const found = this.#root.find(path);
      if (found.info.isDirectory) throw new VfsError("isDirectory", `Is a directory: "${path}"`);
      const act = () => {
        this.#root.changes.removeFile(found.real);
        return removedOf(found.info);
      };
      return { keys: writable(found), act };
    });
  }

  /** Implements `Vfs.rename`. */
  rename(from: VirtualPath, to: VirtualPath, options: RenameOptions = {}): Promise<Removed | undefined> {
    return this.#change(from, () => this.#renaming(from, to, options), options);
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
    const require = (claim: Disposable | undefined): Disposable => {
      if (!claim) throw new VfsError(kind, `Another upload is about to take the name: "${path}"`);
      return claim;
    };
    return claim instanceof Promise ? claim.then(require) : require(claim);
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

  #renaming(from: VirtualPath, to: VirtualPath, options: RenameOptions): NameChange<string, Removed | undefined> {
    const source = this.#root.find(from);
    if (from === ROOT) throw new VfsError("denied", "The root cannot be renamed");
    const target = this.#root.place(to);
    const { isDirectory } = source.info;
    if (isDirectory && target.startsWith(joinReal(source.real, ""))) {
      throw new VfsError("badName", `Cannot be moved into itself: "${from}"`);
    }
    const there = this.#root.lookUp(target);
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
      if (source.real === target) return undefined;
      const { changes } = this.#root;
      if (options.exclusive || (isDirectory && !there)) renameExclusively(changes, source, target);
      else changes.rename(source.real, target);
      return replaced && removedOf(replaced.info);
    };
    return { keys: [...writable(source), ...replaced ? writable(replaced) : [], ...names], act };
  }

  /** Makes a change that no other event loop can interrupt. */
  async #change<T>(path: VirtualPath, look: () => NameChange<string, T>, options?: ChangeOptions): Promise<T> {
    try {
      return await this.#locks.change(look, options);
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
