/**
 * Files that the runtime cannot open, as their path has a name that is not UTF-8.
 *
 * @module
 */

import type { DiskFile } from "./calls.ts";
import { toVfsError } from "./errors.ts";
import type { FileSource, VirtualPath } from "../../vfs/vfs.ts";

/** How a {@link RawSource} begins. */
export interface RawSourceOptions {
  /** For errors. */
  readonly path: VirtualPath;
  /** The first byte that is read. */
  readonly offset: number;
}

/** Such a file, open for reading. No other thread reads it instead: it would open it by the runtime. */
export class RawSource implements FileSource {
  readonly size: number;
  readonly #file: DiskFile;
  readonly #path: VirtualPath;
  #position: number;

  /** `file` is a regular one. */
  constructor(file: DiskFile, { path, offset }: RawSourceOptions) {
    this.size = file.info.size;
    this.#file = file;
    this.#path = path;
    this.#position = offset;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    try {
      // No memory of transfers is shared between threads, which is what the type would leave open.
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
