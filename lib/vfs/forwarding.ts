/**
 * The base of the wrappers: a view that forwards everything, of which they override only what they change.
 *
 * @module
 */

import {
  type DiscardOptions,
  type Entry,
  type FileSink,
  type FileSource,
  type LookUpOptions,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "./vfs.ts";

/** Forwards everything to `inner` unchanged. */
export class ForwardingSink implements FileSink {
  readonly initialSize: number;
  readonly created: boolean;
  /** The wrapped sink. */
  protected readonly inner: FileSink;

  /** Wraps `inner`, which is not to be used otherwise. */
  constructor(inner: FileSink) {
    this.inner = inner;
    this.initialSize = inner.initialSize;
    this.created = inner.created;
  }

  get opened(): Entry | undefined {
    return this.inner.opened;
  }

  hold(): boolean {
    return this.inner.hold?.() ?? true;
  }

  write(data: Uint8Array): Promise<void> {
    return this.inner.write(data);
  }

  commit(): Promise<void> {
    return this.inner.commit();
  }

  abort(): Promise<void> {
    return this.inner.abort();
  }

  discard(options?: DiscardOptions): Promise<Removed | undefined> {
    return this.inner.discard(options);
  }

  /**
   * {@link hold}, throwing if the file has been given away.
   *
   * @throws {VfsError} `takenOver`.
   */
  protected holdOrThrow(): void {
    if (!this.hold()) throw new VfsError("takenOver", "Another upload has taken over the file");
  }
}

/** Forwards every operation to `inner` unchanged. */
export class ForwardingVfs implements Vfs {
  /** The wrapped view. */
  protected readonly inner: Vfs;

  /** Wraps `inner`, which others may use as well. */
  constructor(inner: Vfs) {
    this.inner = inner;
  }

  get capabilities(): VfsCapabilities {
    return this.inner.capabilities;
  }

  stat(path: VirtualPath): Promise<Entry> {
    return this.inner.stat(path);
  }

  /** Goes by the `stat` of a wrapper that has its own. */
  lookUp(path: VirtualPath, options?: LookUpOptions): Promise<Entry | undefined> {
    const isForwarded = this.stat === ForwardingVfs.prototype.stat;
    return isForwarded ? lookUp(this.inner, path, options) : statIfThere(this, path);
  }

  list(path: VirtualPath): AsyncIterable<readonly Entry[]> {
    return this.inner.list(path);
  }

  names(path: VirtualPath): AsyncIterable<readonly string[]> {
    return this.inner.names(path);
  }

  openRead(path: VirtualPath, offset?: number): Promise<FileSource> {
    return this.inner.openRead(path, offset);
  }

  openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink> {
    return this.inner.openWrite(path, options);
  }

  mkdir(path: VirtualPath): Promise<void> {
    return this.inner.mkdir(path);
  }

  rmdir(path: VirtualPath): Promise<void> {
    return this.inner.rmdir(path);
  }

  remove(path: VirtualPath): Promise<Removed | undefined> {
    return this.inner.remove(path);
  }

  rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    return this.inner.rename(from, to, options);
  }
}

/**
 * The capabilities of a driver for a view; each call that names a path first runs `check`, which throws to refuse.
 * Without `outline`, whose names nothing would check.
 */
export function guardExtras(
  capabilities: VfsCapabilities,
  check: (path: VirtualPath, extra: keyof VfsCapabilities) => void,
): VfsCapabilities {
  const { outline: _, ...others } = capabilities;
  const { reserve, setMode, copyAttributes, setModified, resolve, removeStale, space, digests } = others;
  return {
    ...others,
    ...(reserve && {
      reserve: async (path) => {
        check(path, "reserve");
        return await reserve(path);
      },
    }),
    ...(setMode && {
      setMode: async (path, mode) => {
        check(path, "setMode");
        await setMode(path, mode);
      },
    }),
    ...(copyAttributes && {
      copyAttributes: async (from, to, known) => {
        check(from, "copyAttributes");
        check(to, "copyAttributes");
        await copyAttributes(from, to, known);
      },
    }),
    ...(resolve && {
      resolve: async (path) => {
        check(path, "resolve");
        return await resolve(path);
      },
    }),
    ...(setModified && {
      setModified: async (path, modified) => {
        check(path, "setModified");
        await setModified(path, modified);
      },
    }),
    ...(removeStale && {
      removeStale: async (path) => {
        check(path, "removeStale");
        return await removeStale(path);
      },
    }),
    ...(space && {
      space: async (path) => {
        check(path, "space");
        return await space(path);
      },
    }),
    ...(digests && {
      digests: {
        find: (path, file, algorithm) => {
          check(path, "digests");
          return digests.find(path, file, algorithm);
        },
        // What was just sent or received is no secret to the client.
        remember: (path, file, found) => digests.remember(path, file, found),
      },
    }),
  };
}

/** What is at `path`, if anything is. */
export function lookUp(vfs: Vfs, path: VirtualPath, options?: LookUpOptions): Promise<Entry | undefined> {
  return vfs.lookUp ? vfs.lookUp(path, options) : statIfThere(vfs, path);
}

async function statIfThere(vfs: Vfs, path: VirtualPath): Promise<Entry | undefined> {
  try {
    return await vfs.stat(path);
  } catch (error) {
    if (error instanceof VfsError && error.kind === "notFound") return undefined;
    throw error;
  }
}
