/**
 * Uploads that do more at their end than to close a file, and the temporary names some of them have.
 *
 * @module
 */

import { ForwardingSink, lookUp } from "./forwarding.ts";
import { type Entry, type FileSink, type Vfs, VfsError, type VirtualPath } from "./vfs.ts";

/** Another extension, so that nobody who watches the directory takes the file for a finished one (drakkan/sftpgo issue 1983). */
const PART_EXTENSION = ".denoftpd-part";
const MAX_NAME_BYTES = 255;
const RANDOM_CHARACTERS = 8;

/** A hidden name for an unfinished upload to `name`, within the 255 bytes a name may have. */
export function partName(name: string): string {
  const random = crypto.randomUUID().slice(0, RANDOM_CHARACTERS);
  const room = MAX_NAME_BYTES - `..${random}${PART_EXTENSION}`.length;
  // `encodeInto` never cuts a character in two, and tells how much of the text it took.
  const { read } = new TextEncoder().encodeInto(name, new Uint8Array(room));
  return `.${name.slice(0, read)}.${random}${PART_EXTENSION}`;
}

/** Whether `name` is one that {@link partName} makes. */
export function isPart(name: string): boolean {
  return name.startsWith(".") && name.endsWith(PART_EXTENSION);
}

interface InPlaceUpload {
  readonly path: VirtualPath;
  readonly sink: FileSink;
  /** {@link Entry.unique} of the file. */
  readonly unique: string | undefined;
}

/** A new file that goes away again unless it is committed. */
export class RemovedWhenBroken extends ForwardingSink {
  readonly #vfs: Vfs;
  readonly #upload: InPlaceUpload;

  constructor(vfs: Vfs, upload: InPlaceUpload) {
    super(upload.sink);
    this.#vfs = vfs;
    this.#upload = upload;
  }

  /** Removes the file before it is given back: whoever waits for it makes another one. */
  override async abort(): Promise<void> {
    if (this.hold()) await this.#remove();
    await this.inner.abort();
  }

  /** Only the file that this upload made: another may have been given its name since. Never rejects. */
  async #remove(): Promise<void> {
    const { path, unique } = this.#upload;
    try {
      if ((await lookUp(this.#vfs, path))?.unique === unique) await this.#vfs.remove(path);
    } catch {
      // The upload is reported as failed already; a file that cannot be removed stays.
    }
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

  override async commit(): Promise<void> {
    await this.inner.commit();
    const { path, part, replaced, exclusive } = this.#upload;
    if (exclusive && await lookUp(this.#vfs, path) !== undefined) {
      throw new VfsError("exists", `Already there: "${path}"`);
    }
    // The file may belong to somebody who may do more than we; its content counts for more than its mode.
    if (replaced !== undefined) await this.#vfs.extras.setMode?.(part, replaced.mode).catch(() => {});
    await this.#vfs.rename(part, path);
  }

  override async abort(): Promise<void> {
    await this.inner.abort();
    // As with any failed clean-up: the upload is reported as failed already.
    if (!this.#upload.keepBroken) await this.#vfs.remove(this.#upload.part).catch(() => {});
  }
}
