/**
 * A limit on the bytes an account stores. Wraps a driver, *below* the upload policy, so that temporary files count
 * while they exist.
 *
 * @module
 */

import { ForwardingSink, ForwardingVfs, lookUp } from "./forwarding.ts";
import type { Usage } from "./usage.ts";
import {
  type DiscardOptions,
  type Entry,
  type FileSink,
  keepsContent,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Space,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "./vfs.ts";

/** The options of {@link withQuota}. */
export interface QuotaOptions {
  /** The limit in bytes. */
  readonly limit: number;
  /** What is in use; shared by all views of the same files. */
  readonly usage: Usage;
}

/**
 * `inner` with writes beyond the limit refused as `overQuota`. The whole of `inner` counts. Reports the space that is
 * left even if `inner` cannot.
 */
export function withQuota(inner: Vfs, options: QuotaOptions): Vfs {
  return new QuotaVfs(inner, options);
}

class QuotaVfs extends ForwardingVfs {
  readonly #limit: number;
  readonly #usage: Usage;
  readonly #capabilities: VfsCapabilities;

  constructor(inner: Vfs, options: QuotaOptions) {
    super(inner);
    this.#limit = options.limit;
    this.#usage = options.usage;
    this.#capabilities = { ...inner.capabilities, space: (path) => this.#space(path) };
  }

  override get capabilities(): VfsCapabilities {
    return this.#capabilities;
  }

  override async openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    await this.#usage.count(this.inner);
    const replaces = !options.exclusive && !keepsContent(options);
    const before = replaces ? await lookUp(this.inner, path) : undefined;
    const sink = await this.inner.openWrite(path, options);
    return new MeteredSink(sink, {
      inner: this.inner,
      limit: this.#limit,
      usage: this.#usage,
      path,
      offset: options.append ? sink.initialSize : options.offset ?? 0,
      replaces: sink.created ? undefined : before,
    });
  }

  override async remove(path: VirtualPath): Promise<Removed | undefined> {
    await this.#usage.count(this.inner);
    return this.#release(await this.inner.remove(path));
  }

  override async rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    await this.#usage.count(this.inner);
    // Reported before as well, as a count may end before this does.
    this.#usage.moved();
    try {
      return this.#release(await this.inner.rename(from, to, options));
    } finally {
      this.#usage.moved();
    }
  }

  /** Only the driver knows what has lost its name, however many replace it at the same time, and reports it once. */
  #release(removed: Removed | undefined): Removed | undefined {
    if (removed) this.#usage.release(removed.size);
    return removed;
  }

  async #space(path: VirtualPath): Promise<Space> {
    const storage = await this.#storageSpace(path);
    await this.#usage.recount(this.inner);
    const left = Math.max(0, this.#limit - await this.#usage.bytes);
    return { free: Math.min(storage.free, left), total: Math.min(storage.total, this.#limit) };
  }

  async #storageSpace(path: VirtualPath): Promise<Space> {
    const { space } = this.inner.capabilities;
    if (space) return await space(path);
    // Fails as `space` would if nothing is there.
    await this.inner.stat(path);
    return { free: Infinity, total: Infinity };
  }
}

interface Metering extends QuotaOptions {
  /** Counted again before a write is refused. */
  readonly inner: Vfs;
  readonly path: VirtualPath;
  /** The first byte that will be written. */
  readonly offset: number;
  /** The file whose content is dropped with the first write, or at the commit. */
  readonly replaces: Entry | undefined;
}

/** Asks for room before each write, so that sessions that write at the same time cannot exceed the limit together. */
class MeteredSink extends ForwardingSink {
  readonly #metering: Metering;
  /** Whether a count sees what was written before the end. */
  readonly #isSeen: boolean;
  /** Bytes written that no count sees yet. */
  #unseen = 0;
  #size: number;
  #position: number;
  #replaces: Entry | undefined;

  constructor(sink: FileSink, metering: Metering) {
    super(sink);
    this.#metering = metering;
    this.#isSeen = metering.inner.capabilities.atomicWrites !== true;
    this.#size = sink.initialSize;
    this.#position = metering.offset;
    this.#replaces = metering.replaces;
  }

  override async write(data: Uint8Array): Promise<void> {
    // The size of a file that belongs to another upload by now must not be subtracted, nor may that change while room
    // is looked for.
    this.holdOrThrow();
    const { usage } = this.#metering;
    const growth = Math.max(0, this.#position + data.length - this.#size);
    const answer = this.#replaces === undefined && this.#take(growth, 0);
    const taken = answer instanceof Promise ? await answer : answer;
    if (!taken) await this.#makeRoom(growth);
    try {
      await this.inner.write(data);
    } catch (error) {
      usage.release(growth);
      throw error;
    } finally {
      if (this.#isSeen) usage.settle(growth);
      else this.#unseen += growth;
    }
    this.#size += growth;
    this.#position += data.length;
  }

  override async commit(): Promise<void> {
    const replaced = this.#replaces === undefined ? 0 : await this.#replacedSize(this.#replaces);
    await this.inner.commit();
    this.#settleAll();
    this.#metering.usage.release(replaced);
  }

  override async abort(): Promise<void> {
    try {
      await this.inner.abort();
    } finally {
      this.#settleAll();
    }
  }

  override async discard(options?: DiscardOptions): Promise<Removed | undefined> {
    try {
      const removed = await this.inner.discard(options);
      if (removed) this.#metering.usage.release(removed.size);
      return removed;
    } finally {
      this.#settleAll();
    }
  }

  #settleAll(): void {
    this.#metering.usage.settle(this.#unseen);
    this.#unseen = 0;
  }

  /** Files may have been removed outside this server: it counts again before it refuses. */
  async #makeRoom(growth: number): Promise<void> {
    const { inner, limit, usage } = this.#metering;
    if (await this.#takeAndRelease(growth)) return;
    await usage.recount(inner);
    if (!await this.#takeAndRelease(growth)) throw new VfsError("overQuota", `Quota of ${limit} bytes exceeded`);
  }

  /** The replaced content makes room. */
  async #takeAndRelease(growth: number): Promise<boolean> {
    const replaced = this.#replaces === undefined ? 0 : await this.#replacedSize(this.#replaces);
    if (!await this.#take(growth, replaced)) return false;
    this.#metering.usage.release(replaced);
    this.#replaces = undefined;
    return true;
  }

  #take(growth: number, replaced: number): boolean | Promise<boolean> {
    const { limit, usage } = this.#metering;
    return growth === 0 || usage.take(growth, limit + replaced);
  }

  /** Asked at the last moment: of two uploads that replace one file, the second replaces what the first has written. */
  async #replacedSize(opened: Entry): Promise<number> {
    const { inner, path } = this.#metering;
    const there = await lookUp(inner, path);
    return there !== undefined && there.unique === opened.unique ? there.size : 0;
  }
}
