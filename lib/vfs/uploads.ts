/**
 * What others see of an upload while it runs, and what is left of an interrupted one. Wraps a driver, below the
 * access-scoped view, so that rules apply to the names users know.
 *
 * @module
 */

import { ForwardingVfs, guardExtras, lookUp } from "./forwarding.ts";
import { AtomicSink, isPart, partName, RemovedWhenBroken } from "./upload_sinks.ts";
import {
  type Entry,
  type FileSink,
  type FileSource,
  keepsContent,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "./vfs.ts";
import { joinPath, nameOf, parentOf } from "./virtual_path.ts";

/** How uploads are stored. */
export interface UploadPolicy {
  /**
   * `inPlace`: bytes are in the file as they arrive, so that an interrupted upload can be resumed. `atomic`: a new or
   * replaced file is complete from the moment it is visible; resuming and appending still work in place. An `atomic`
   * upload over a link replaces the link.
   */
  readonly mode: "inPlace" | "atomic";
  /**
   * What happens to an interrupted upload. `delete` removes only what this upload created; an `atomic` one that is kept
   * stays hidden.
   */
  readonly broken: "keep" | "delete";
}

/**
 * `inner` with uploads stored as `policy` says. The temporary names of `atomic` uploads are invisible in this view; a
 * directory that contains a forgotten one is `notEmpty`.
 */
export function withUploadPolicy(inner: Vfs, policy: UploadPolicy): Vfs {
  return new UploadVfs(inner, policy);
}

class UploadVfs extends ForwardingVfs {
  readonly #policy: UploadPolicy;
  readonly #capabilities: VfsCapabilities;

  constructor(inner: Vfs, policy: UploadPolicy) {
    super(inner);
    this.#policy = policy;
    this.#capabilities = {
      ...guardExtras(inner.capabilities, requireVisible),
      ...(policy.mode === "atomic" && { atomicWrites: true }),
    };
  }

  override get capabilities(): VfsCapabilities {
    return this.#capabilities;
  }

  override async stat(path: VirtualPath): Promise<Entry> {
    requireVisible(path);
    return await this.inner.stat(path);
  }

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    for await (const batch of this.inner.list(path)) yield batch.filter((entry) => !isPart(entry.name));
  }

  override async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    for await (const batch of this.inner.names(path)) yield batch.filter((name) => !isPart(name));
  }

  override async openRead(path: VirtualPath, offset?: number): Promise<FileSource> {
    requireVisible(path);
    return await this.inner.openRead(path, offset);
  }

  override async openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    requireUsable(path);
    const renames = this.#policy.mode === "atomic" && !this.inner.capabilities.atomicWrites;
    if (renames && !keepsContent(options)) return await this.#openAtomic(path, options);
    const sink = await this.inner.openWrite(path, options);
    return this.#policy.broken === "keep" || !sink.created ? sink : new RemovedWhenBroken(sink);
  }

  override async mkdir(path: VirtualPath): Promise<void> {
    requireUsable(path);
    await this.inner.mkdir(path);
  }

  override async remove(path: VirtualPath): Promise<Removed | undefined> {
    requireVisible(path);
    return await this.inner.remove(path);
  }

  override async rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    requireVisible(from);
    requireUsable(to);
    return await this.inner.rename(from, to, options);
  }

  async #openAtomic(path: VirtualPath, options: OpenWriteOptions): Promise<FileSink> {
    const target = await lookUp(this.inner, path);
    if (target !== undefined) requireReplaceable(path, target, options);
    const part = joinPath(parentOf(path), partName(nameOf(path)));
    const reservation = options.reserved ? await this.inner.capabilities.reserve?.(path) : undefined;
    try {
      const sink = await this.inner.openWrite(part, { exclusive: true });
      return new AtomicSink(this.inner, {
        path,
        part,
        sink,
        replaced: target,
        keepBroken: this.#policy.broken === "keep",
        exclusive: options.exclusive === true,
        reservation,
      });
    } catch (error) {
      reservation?.[Symbol.dispose]();
      throw error;
    }
  }
}

function requireVisible(path: VirtualPath): void {
  if (isPart(nameOf(path))) throw new VfsError("notFound", `Reserved for temporary files: "${path}"`);
}

function requireUsable(path: VirtualPath): void {
  if (isPart(nameOf(path))) throw new VfsError("badName", `Reserved for temporary files: "${path}"`);
}

function requireReplaceable(path: VirtualPath, there: Entry, options: OpenWriteOptions): void {
  if (options.exclusive) throw new VfsError("exists", `Already exists: "${path}"`);
  if (there.kind === "directory") throw new VfsError("isDirectory", `Is a directory: "${path}"`);
  if (there.kind !== "file") throw new VfsError("denied", `Not a regular file: "${path}"`);
}
