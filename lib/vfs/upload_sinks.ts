/**
 * Uploads that do more at their end than close a file, and the temporary names of some.
 *
 * @module
 */

import { ForwardingSink } from "./forwarding.ts";
import type { DiscardOptions, Entry, FileSink, Removed, Reservation, Vfs, VirtualPath } from "./vfs.ts";
import { withEnding } from "./virtual_path.ts";

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
