/**
 * Uploads that do more at their end than to close a file, and the temporary names some of them have.
 *
 * @module
 */

import { ForwardingSink } from "./forwarding.ts";
import type { DiscardOptions, Entry, FileSink, Removed, Reservation, Vfs, VirtualPath } from "./vfs.ts";
import { withEnding } from "./virtual_path.ts";

/** Another extension, so that nobody who watches the directory takes the file for a finished one (drakkan/sftpgo issue 1983). */
const PART_EXTENSION = ".denoftpd-part";
const RANDOM_CHARACTERS = 8;

/** A hidden name for an unfinished upload to `name`, within the 255 bytes a name may have. */
export function partName(name: string): string {
  return `.${withEnding(name, `.${randomPart()}${PART_EXTENSION}`, 1)}`;
}

/** What makes a name one that nobody else has chosen. */
export function randomPart(): string {
  return crypto.randomUUID().slice(0, RANDOM_CHARACTERS);
}

/** Whether `name` is one that {@link partName} makes. */
export function isPart(name: string): boolean {
  return name.startsWith(".") && name.endsWith(PART_EXTENSION);
}

/** An upload whose file goes away again unless it is committed. */
export class RemovedWhenBroken extends ForwardingSink {
  override async abort(): Promise<void> {
    await this.inner.discard();
  }

  /** Whatever is in it. */
  override discard(): Promise<Removed | undefined> {
    return this.inner.discard();
  }
}

interface AtomicUpload {
  readonly path: VirtualPath;
  /** Where the bytes are until the end. */
  readonly part: VirtualPath;
  readonly sink: FileSink;
  /** What was at `path` when the upload began. */
  readonly replaced: Entry | undefined;
  readonly keepBroken: boolean;
  readonly exclusive: boolean;
  /** Keeps {@link path} for this upload. */
  readonly reservation: Reservation | undefined;
}

/** An upload under a temporary name, which gets its own once it is complete. */
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

  /** The rename decides whether the name is free, and has replaced what was there, in one step. */
  override async commit(): Promise<void> {
    await this.inner.commit();
    const { path, part, replaced, exclusive, reservation } = this.#upload;
    // The file may belong to somebody who may do more than we; its content counts for more than its mode.
    if (replaced !== undefined) await this.#vfs.capabilities.setMode?.(part, replaced.mode).catch(() => {});
    await this.#vfs.rename(part, path, { exclusive, waits: !exclusive, reservation });
    reservation?.[Symbol.dispose]();
  }

  override async abort(): Promise<void> {
    if (!this.#upload.keepBroken) return void await this.discard();
    await this.inner.abort();
    this.#upload.reservation?.[Symbol.dispose]();
  }

  /** Of what is kept when it breaks off, only what is empty goes where that is all that is wanted. */
  override async discard({ ifEmpty = false }: DiscardOptions = {}): Promise<Removed | undefined> {
    const { part, keepBroken, reservation } = this.#upload;
    await this.inner.abort();
    try {
      if (ifEmpty && keepBroken && (await this.#vfs.stat(part)).size > 0) return undefined;
      return await this.#vfs.remove(part);
    } catch {
      // The upload is reported as failed already; a file that cannot be removed stays.
      return undefined;
    } finally {
      reservation?.[Symbol.dispose]();
    }
  }
}
