/**
 * An upload under a temporary name, which takes the place of another file once it is complete.
 *
 * @module
 */

import { ForwardingSink } from "./forwarding.ts";
import type { DiscardOptions, Entry, FileSink, Removed, Reservation, Vfs, VirtualPath } from "./vfs.ts";
import { joinPath, keptName, nameOf, parentOf } from "./virtual_path.ts";

interface Replacing {
  /** The name it gets at the end. */
  readonly path: VirtualPath;
  /** The file with the bytes until the end. */
  readonly part: VirtualPath;
  readonly sink: FileSink;
  /** What was at `path` when the upload began. */
  readonly replaced: Entry | undefined;
  /** That file, open so that no other upload writes to it. */
  readonly held?: FileSink | undefined;
  /** Keeps the bytes of an interrupted upload, hidden. */
  readonly keepBroken?: boolean;
  /** Another file of that name is not replaced. */
  readonly exclusive?: boolean;
  /** Keeps {@link path} for this upload. */
  readonly reservation?: Reservation | undefined;
}

const NOTHING = new Uint8Array();

/** An upload under a temporary name, which is renamed once it is complete. */
export class ReplacingSink extends ForwardingSink {
  override readonly created: boolean;
  readonly #vfs: Vfs;
  readonly #upload: Replacing;

  constructor(vfs: Vfs, upload: Replacing) {
    super(upload.sink);
    this.#vfs = vfs;
    this.#upload = upload;
    this.created = upload.replaced === undefined;
  }

  override hold(): boolean {
    return this.inner.hold?.() !== false && this.#upload.held?.hold?.() !== false;
  }

  /** The file that is held would be given to a waiting upload if nothing seemed to be written to it. */
  override async write(data: Uint8Array): Promise<void> {
    this.holdOrThrow();
    try {
      await this.inner.write(data);
    } finally {
      await this.#upload.held?.write(NOTHING);
    }
  }

  /** The rename decides whether the name is free, and replaces an existing file, in one step. */
  override async commit(): Promise<void> {
    const { path, part, replaced, held, exclusive = false, reservation } = this.#upload;
    this.holdOrThrow();
    await this.inner.commit();
    await this.#vfs.rename(part, path, {
      exclusive,
      waits: !exclusive,
      reservation,
      held: held && { unique: replaced?.unique, release: () => held.abort() },
    });
    await this.#release();
  }

  override async abort(): Promise<void> {
    if (!this.#upload.keepBroken) return void await this.discard();
    await this.#keep();
    await this.#release();
  }

  /** An upload that is kept when interrupted is removed only if it is empty and that is all that was asked for. */
  override async discard({ ifEmpty = false }: DiscardOptions = {}): Promise<Removed | undefined> {
    const { part, keepBroken } = this.#upload;
    try {
      if (ifEmpty && keepBroken && (await this.#vfs.stat(part)).size > 0) return void await this.#keep();
      // Its upload does not keep it from being removed.
      await this.inner.abort();
      const removed = await this.#vfs.remove(part);
      return this.created ? removed : undefined;
    } catch {
      // The upload is already reported as failed; a file that cannot be removed stays until the next sweep.
      return undefined;
    } finally {
      await this.#release();
    }
  }

  /** Under a name by which it is not taken for the part of an upload that was killed. */
  async #keep(): Promise<void> {
    const { part } = this.#upload;
    await this.inner.abort();
    try {
      await this.#vfs.rename(part, joinPath(parentOf(part), keptName(nameOf(part))), { exclusive: true });
    } catch {
      // It is kept until the next sweep.
    }
  }

  async #release(): Promise<void> {
    const { held, reservation } = this.#upload;
    await this.inner.abort();
    await held?.abort();
    reservation?.[Symbol.dispose]();
  }
}
