/**
 * A limit on the bytes an account keeps. Wraps a driver, *below* the upload policy, so that temporary files count while they are there.
 *
 * @module
 */

import { ForwardingVfs, lookUp } from "./forwarding.ts";
import {
  type Entry,
  type FileSink,
  type OpenWriteOptions,
  type Space,
  type Vfs,
  VfsError,
  type VfsExtras,
  type VirtualPath,
} from "./vfs.ts";
import { joinPath, ROOT } from "./virtual_path.ts";

/** Bytes in use, shared by all sessions of an account. */
export interface Usage {
  /** Bytes in use as far as is known; 0 before the first count. */
  readonly bytes: number;
  /** Counts what is in `vfs`, the first time; a failed count is made again the next time. */
  count(vfs: Vfs): Promise<void>;
  /** Notes that `bytes` came to be, or went away where negative. */
  add(bytes: number): void;
  /** As {@link add}, unless there would be more than `limit` then; gives whether it did. */
  take(bytes: number, limit: number): boolean;
}

/**
 * Bytes in use, for one event loop. Counted once by walking the tree, then kept up with what this server does; what
 * others do to the tree meanwhile is not seen.
 */
export class UsageMeter implements Usage {
  #bytes = 0;
  #counting: Promise<void> | undefined;

  get bytes(): number {
    return this.#bytes;
  }

  async count(vfs: Vfs): Promise<void> {
    this.#counting ??= sizeOfTree(vfs).then((bytes) => this.add(bytes));
    try {
      await this.#counting;
    } catch (error) {
      this.#counting = undefined;
      throw error;
    }
  }

  add(bytes: number): void {
    this.#bytes = Math.max(0, this.#bytes + bytes);
  }

  take(bytes: number, limit: number): boolean {
    if (this.#bytes + bytes > limit) return false;
    this.#bytes += bytes;
    return true;
  }
}

/** Gives each root a meter of its own: accounts that share a root share its bytes too. */
export function usageMeters(): (rootPath: string) => Usage {
  const meters = new Map<string, UsageMeter>();
  return (rootPath) => {
    let meter = meters.get(rootPath);
    if (!meter) meters.set(rootPath, meter = new UsageMeter());
    return meter;
  };
}

/** What {@link withQuota} works with. */
export interface QuotaOptions {
  /** Bytes. */
  readonly limit: number;
  readonly usage: Usage;
}

/** `inner` with writes beyond the limit refused as `overQuota`. The whole of `inner` counts. */
export function withQuota(inner: Vfs, options: QuotaOptions): Vfs {
  return new QuotaVfs(inner, options);
}

class QuotaVfs extends ForwardingVfs {
  readonly #limit: number;
  readonly #usage: Usage;
  readonly #extras: VfsExtras;

  constructor(inner: Vfs, options: QuotaOptions) {
    super(inner);
    this.#limit = options.limit;
    this.#usage = options.usage;
    const { space } = inner.extras;
    this.#extras = { ...inner.extras, ...(space && { space: (path) => this.#limitSpace(path, space) }) };
  }

  override get extras(): VfsExtras {
    return this.#extras;
  }

  override async openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    await this.#usage.count(this.inner);
    const replaces = !options.append && !options.exclusive && (options.offset ?? 0) === 0;
    const before = replaces ? await lookUp(this.inner, path) : undefined;
    const sink = await this.inner.openWrite(path, options);
    if (before !== undefined && !sink.created) this.#usage.add(-before.size);
    return new MeteredSink(sink, {
      limit: this.#limit,
      usage: this.#usage,
      offset: options.append ? sink.initialSize : options.offset ?? 0,
    });
  }

  override async remove(path: VirtualPath): Promise<void> {
    await this.#usage.count(this.inner);
    const before = await lookUp(this.inner, path);
    await this.inner.remove(path);
    this.#usage.add(-ownSize(before));
  }

  override async rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    await this.#usage.count(this.inner);
    const source = await this.inner.stat(from);
    const target = await lookUp(this.inner, to);
    await this.inner.rename(from, to);
    const same = from === to || (source.unique !== undefined && source.unique === target?.unique);
    if (!same) this.#usage.add(-ownSize(target));
  }

  async #limitSpace(path: VirtualPath, space: (path: VirtualPath) => Promise<Space>): Promise<Space> {
    await this.#usage.count(this.inner);
    const { free, total } = await space(path);
    const left = Math.max(0, this.#limit - this.#usage.bytes);
    return { free: Math.min(free, left), total: Math.min(total, this.#limit) };
  }
}

interface Metering extends QuotaOptions {
  /** First byte that will be written. */
  readonly offset: number;
}

/** Asks for room before each write, so that sessions that write at once cannot pass the limit together. */
class MeteredSink implements FileSink {
  readonly initialSize: number;
  readonly created: boolean;
  readonly #sink: FileSink;
  readonly #limit: number;
  readonly #usage: Usage;
  #size: number;
  #position: number;

  constructor(sink: FileSink, { limit, usage, offset }: Metering) {
    this.initialSize = sink.initialSize;
    this.created = sink.created;
    this.#sink = sink;
    this.#limit = limit;
    this.#usage = usage;
    this.#size = sink.initialSize;
    this.#position = offset;
  }

  async write(data: Uint8Array): Promise<void> {
    const growth = Math.max(0, this.#position + data.length - this.#size);
    if (growth > 0 && !this.#usage.take(growth, this.#limit)) {
      throw new VfsError("overQuota", `Over the quota of ${this.#limit} bytes`);
    }
    try {
      await this.#sink.write(data);
    } catch (error) {
      this.#usage.add(-growth);
      throw error;
    }
    this.#size += growth;
    this.#position += data.length;
  }

  commit(): Promise<void> {
    return this.#sink.commit();
  }

  abort(): Promise<void> {
    return this.#sink.abort();
  }
}

/** A link takes no room of its own; what it leads to is counted under its own name. */
function ownSize(entry: Entry | undefined): number {
  return entry?.kind === "file" && !entry.linked ? entry.size : 0;
}

/** Bytes of all files below `directory`. Rejects when that cannot be listed. */
export async function sizeOfTree(vfs: Vfs, directory: VirtualPath = ROOT): Promise<number> {
  let bytes = 0;
  for await (const batch of vfs.list(directory)) {
    for (const entry of batch) {
      if (entry.kind === "directory" && !entry.linked) bytes += await sizeBelow(vfs, joinPath(directory, entry.name));
      else bytes += ownSize(entry);
    }
  }
  return bytes;
}

/** A directory that is gone meanwhile or closed to this server counts nothing, or one of them would end all uploads. */
async function sizeBelow(vfs: Vfs, directory: VirtualPath): Promise<number> {
  try {
    return await sizeOfTree(vfs, directory);
  } catch (error) {
    if (error instanceof VfsError) return 0;
    throw error;
  }
}
