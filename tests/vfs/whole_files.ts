import { ForwardingVfs, lookUp } from "../../lib/vfs/forwarding.ts";
import {
  type FileSink,
  keepsContent,
  type OpenWriteOptions,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "../../lib/vfs/vfs.ts";
import { parentOf } from "../../lib/vfs/virtual_path.ts";

/** A driver that can only store whole files, as an object store does: an upload is kept aside until its commit. */
export class WholeFiles extends ForwardingVfs {
  override get capabilities(): VfsCapabilities {
    return { atomicWrites: true };
  }

  override async openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    if (keepsContent(options)) throw new VfsError("unsupported", "Only whole files can be stored");
    const there = await lookUp(this.inner, path);
    if (there === undefined) {
      if (options.existing) throw new VfsError("notFound", `Not found: "${path}"`);
      const { kind } = await this.inner.stat(parentOf(path));
      if (kind !== "directory") throw new VfsError("notDirectory", `Not a directory: "${parentOf(path)}"`);
    } else if (there.kind === "directory") throw new VfsError("isDirectory", `Is a directory: "${path}"`);
    else if (options.exclusive) throw new VfsError("exists", `Already exists: "${path}"`);
    return new WholeFileSink(there === undefined, async (content) => {
      const sink = await this.inner.openWrite(path, options);
      for (const piece of content) await sink.write(piece);
      await sink.commit();
    });
  }
}

class WholeFileSink implements FileSink {
  readonly initialSize = 0;
  readonly created: boolean;
  readonly #store: (content: readonly Uint8Array[]) => Promise<void>;
  #content: Uint8Array[] = [];

  constructor(created: boolean, store: (content: readonly Uint8Array[]) => Promise<void>) {
    this.created = created;
    this.#store = store;
  }

  write(data: Uint8Array): Promise<void> {
    this.#content.push(data.slice());
    return Promise.resolve();
  }

  commit(): Promise<void> {
    return this.#store(this.#content);
  }

  abort(): Promise<void> {
    this.#content = [];
    return Promise.resolve();
  }

  async discard(): Promise<undefined> {
    await this.abort();
  }
}
