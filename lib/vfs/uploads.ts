/**
 * What others see of an upload while it runs, and what is left of an interrupted one. Wraps a driver, below the
 * access-scoped view, so that rules apply to the names users know.
 *
 * @module
 */

import { ForwardingSink, ForwardingVfs, guardExtras, lookUp } from "./forwarding.ts";
import {
  type DiscardOptions,
  type Entry,
  type FileSink,
  type FileSource,
  keepsContent,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Reservation,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "./vfs.ts";
import { joinPath, nameOf, parentOf, withEnding } from "./virtual_path.ts";

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

/**
 * Another extension, so that programs that watch the directory do not take the file for a finished one (drakkan/sftpgo
 * issue 1983).
 */
const PART_EXTENSION = ".denoftpd-part";
const RANDOM_CHARACTERS = 8;

/** A hidden name for an unfinished upload to `name`, within the 255 bytes a name may have. */
export function partName(name: string): string {
  return `.${withEnding(name, `.${randomPart()}${PART_EXTENSION}`, 1)}`;
}

/** A random part that makes a name unique. */
export function randomPart(): string {
  return crypto.randomUUID().slice(0, RANDOM_CHARACTERS);
}

/** Whether `name` is one that {@link partName} makes. */
export function isPart(name: string): boolean {
  return name.startsWith(".") && name.endsWith(PART_EXTENSION);
}

/** An upload whose file is removed again unless it is committed. */
export class RemovedWhenBroken extends ForwardingSink {
  override async abort(): Promise<void> {
    await this.inner.discard();
  }

  /** Whatever its content. */
  override discard(): Promise<Removed | undefined> {
    return this.inner.discard();
  }
}

interface AtomicUpload {
  readonly path: VirtualPath;
  /** The file with the bytes until the end. */
  readonly part: VirtualPath;
  readonly sink: FileSink;
  /** What was at `path` when the upload began. */
  readonly replaced: Entry | undefined;
  readonly keepBroken: boolean;
  readonly exclusive: boolean;
  /** Keeps {@link path} for this upload. */
  readonly reservation: Reservation | undefined;
}

/** An upload under a temporary name, which is renamed once it is complete. */
export class AtomicSink extends ForwardingSink {
  override readonly created: boolean;
  readonly #vfs: Vfs;
  readonly #upload: AtomicUpload;

  constructor(vfs: Vfs, upload: AtomicUpload) {
    super(upload.sink);
    this.#vfs = vfs;
    this.#upload = upload;
    this.created = upload.replaced === undefined;
  }

  /** The rename decides whether the name is free, and replaces an existing file, in one step. */
  override async commit(): Promise<void> {
    await this.inner.commit();
    const { path, part, replaced, exclusive, reservation } = this.#upload;
    // The file may belong to a more privileged user; its content matters more than its mode.
    if (replaced !== undefined) await this.#vfs.capabilities.setMode?.(part, replaced.mode).catch(() => {});
    await this.#vfs.rename(part, path, { exclusive, waits: !exclusive, reservation });
    reservation?.[Symbol.dispose]();
  }

  override async abort(): Promise<void> {
    if (!this.#upload.keepBroken) return void await this.discard();
    await this.inner.abort();
    this.#upload.reservation?.[Symbol.dispose]();
  }

  /** An upload that is kept when interrupted is removed only if it is empty and that is all that was asked for. */
  override async discard({ ifEmpty = false }: DiscardOptions = {}): Promise<Removed | undefined> {
    const { part, keepBroken, reservation } = this.#upload;
    await this.inner.abort();
    try {
      if (ifEmpty && keepBroken && (await this.#vfs.stat(part)).size > 0) return undefined;
      return await this.#vfs.remove(part);
    } catch {
      // The upload is already reported as failed; a file that cannot be removed stays.
      return undefined;
    } finally {
      reservation?.[Symbol.dispose]();
    }
  }
}
