/**
 * Files that the runtime cannot open, because their path has a name that is not UTF-8.
 *
 * @module
 */

import type { DiskFile } from "./calls.ts";
import { toVfsError } from "./errors.ts";
import type { FileSource, VirtualPath } from "../../vfs/vfs.ts";

/** The options of a {@link RawSource}. */
export interface RawSourceOptions {
  /** For error messages. */
  readonly path: VirtualPath;
  /** The first byte to read. */
  readonly offset: number;
}

/** Such a file, open for reading. It cannot be handed to another thread, which would open it by the runtime. */
export class RawSource implements FileSource {
  readonly size: number;
  readonly #file: DiskFile;
  readonly #path: VirtualPath;
  #position: number;

  /** `file` is a regular file. */
  constructor(file: DiskFile, { path, offset }: RawSourceOptions) {
    this.size = file.info.size;
    this.#file = file;
    this.#path = path;
    this.#position = offset;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    try {
      // Buffers of transfers are never shared between threads, although the type allows it.
      const count = await this.#file.read(buffer as Uint8Array<ArrayBuffer>, this.#position);
      this.#position += count ?? 0;
      return count;
    } catch (error) {
      throw toVfsError(error, this.#path);
    }
  }

  close(): void {
    this.#file.close();
  }
}
