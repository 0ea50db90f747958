/**
 * A limit on the size of each file that is uploaded.
 *
 * @module
 */

import { ForwardingSink, ForwardingVfs } from "./forwarding.ts";
import { type FileSink, type OpenWriteOptions, type Vfs, VfsError, type VirtualPath } from "./vfs.ts";

/** `inner` with writes beyond the byte `limit` of a file refused as `tooLarge`: no byte after it is kept. */
export function withSizeLimit(inner: Vfs, limit: number): Vfs {
  return new LimitedVfs(inner, limit);
}

class LimitedVfs extends ForwardingVfs {
  readonly #limit: number;

  constructor(inner: Vfs, limit: number) {
    super(inner);
    this.#limit = limit;
  }

  override async openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    const sink = await this.inner.openWrite(path, options);
    return new LimitedSink(sink, { append: options.append === true, at: options.offset ?? 0, limit: this.#limit });
  }
}

/** Where a sink begins to write. */
interface Start {
  readonly append: boolean;
  readonly at: number;
  readonly limit: number;
}

class LimitedSink extends ForwardingSink {
  readonly #limit: number;
  #position: number;

  constructor(inner: FileSink, { append, at, limit }: Start) {
    super(inner);
    this.#limit = limit;
    this.#position = append ? inner.initialSize : at;
  }

  override async write(data: Uint8Array): Promise<void> {
    if (this.#position + data.length > this.#limit) {
      throw new VfsError("tooLarge", `Would have more than ${this.#limit} bytes`, {
        hint: `Files here have at most ${this.#limit} bytes`,
      });
    }
    await this.inner.write(data);
    this.#position += data.length;
  }
}
