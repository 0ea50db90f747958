/**
 * Names that an account must not see, or must not touch. A name counts wherever it is in a path: what is below a hidden
 * directory is hidden with it.
 *
 * @module
 */

import { ForwardingVfs, guardExtras } from "./forwarding.ts";
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
} from "./vfs.ts";
import { nameOf, parentOf } from "./virtual_path.ts";

/** Decides about single names, without slashes. */
export interface NameFilter {
  /** The name is not listed and not found, and nothing can be given it. */
  readonly hides: (name: string) => boolean;
  /** The name is listed, and every use of it is refused. */
  readonly denies: (name: string) => boolean;
}

/** `inner` without the names that `filter` hides, and with those refused that it denies. */
export function withNameFilter(inner: Vfs, filter: NameFilter): Vfs {
  return new FilteredVfs(inner, filter);
}

class FilteredVfs extends ForwardingVfs {
  readonly #filter: NameFilter;
  readonly #capabilities: VfsCapabilities;

  constructor(inner: Vfs, filter: NameFilter) {
    super(inner);
    this.#filter = filter;
    this.#capabilities = guardExtras(inner.capabilities, (path, extra) => {
      if (extra === "reserve") this.#requireMakeable(path);
      else this.#requireUsable(path);
    });
  }

  override get capabilities(): VfsCapabilities {
    return this.#capabilities;
  }

  override async stat(path: VirtualPath): Promise<Entry> {
    this.#requireUsable(path);
    return await this.inner.stat(path);
  }

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    this.#requireUsable(path);
    for await (const batch of this.inner.list(path)) yield batch.filter(({ name }) => !this.#filter.hides(name));
  }

  override async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    this.#requireUsable(path);
    for await (const batch of this.inner.names(path)) yield batch.filter((name) => !this.#filter.hides(name));
  }

  override async openRead(path: VirtualPath, offset?: number): Promise<FileSource> {
    this.#requireUsable(path);
    return await this.inner.openRead(path, offset);
  }

  override async openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink> {
    this.#requireMakeable(path);
    return await this.inner.openWrite(path, options);
  }

  override async mkdir(path: VirtualPath): Promise<void> {
    this.#requireMakeable(path);
    await this.inner.mkdir(path);
  }

  override async rmdir(path: VirtualPath): Promise<void> {
    this.#requireUsable(path);
    await this.inner.rmdir(path);
  }

  override async remove(path: VirtualPath): Promise<Removed | undefined> {
    this.#requireUsable(path);
    return await this.inner.remove(path);
  }

  override async rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    this.#requireUsable(from);
    this.#requireMakeable(to);
    return await this.inner.rename(from, to, options);
  }

  #requireUsable(path: VirtualPath): void {
    for (const name of namesIn(path)) {
      if (this.#filter.hides(name)) throw new VfsError("notFound", `Hidden by the account: "${path}"`);
      if (this.#filter.denies(name)) throw refused("denied", path, "deny");
    }
  }

  /** A name that could be made and is then gone would be a riddle: it is refused as a name. */
  #requireMakeable(path: VirtualPath): void {
    this.#requireUsable(parentOf(path));
    const name = nameOf(path);
    if (this.#filter.hides(name)) throw refused("badName", path, "hide");
    if (this.#filter.denies(name)) throw refused("denied", path, "deny");
  }
}

function namesIn(path: VirtualPath): string[] {
  return path.split("/").filter((name) => name !== "");
}

function refused(kind: "denied" | "badName", path: string, field: "deny" | "hide"): VfsError {
  return new VfsError(kind, `Refused by the field "${field}" of the account: "${path}"`, { account: { path, field } });
}
