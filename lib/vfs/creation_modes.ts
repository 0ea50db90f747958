/**
 * The modes of new files and directories. Wraps a driver, *below* the upload policy, so that a temporary file has its
 * mode before it has a byte, and its name.
 *
 * @module
 */

import { ForwardingVfs } from "./forwarding.ts";
import type { FileSink, OpenWriteOptions, Vfs, VirtualPath } from "./vfs.ts";

/** Permission bits that are taken away; absent: what the process leaves. */
export interface CreationMasks {
  /** From 666, for files. */
  readonly files?: number | undefined;
  /** From 777, for directories. */
  readonly directories?: number | undefined;
}

/** `inner` with `masks` for what is made through it, whatever the umask of the process; without modes, `inner`. */
export function withCreationModes(inner: Vfs, masks: CreationMasks): Vfs {
  return inner.capabilities.setMode ? new MaskedVfs(inner, masks) : inner;
}

class MaskedVfs extends ForwardingVfs {
  readonly #masks: CreationMasks;

  constructor(inner: Vfs, masks: CreationMasks) {
    super(inner);
    this.#masks = masks;
  }

  override async openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink> {
    const sink = await this.inner.openWrite(path, options);
    const { files } = this.#masks;
    if (!sink.created || files === undefined) return sink;
    try {
      await this.inner.capabilities.setMode?.(path, 0o666 & ~files);
      return sink;
    } catch (error) {
      await sink.discard();
      throw error;
    }
  }

  override async mkdir(path: VirtualPath): Promise<void> {
    await this.inner.mkdir(path);
    const { directories } = this.#masks;
    if (directories !== undefined) await this.inner.capabilities.setMode?.(path, 0o777 & ~directories);
  }
}
