/**
 * Digests of files that need not be read again. Wraps a driver, *below* the upload policy, so that whatever changes a
 * file also forgets its digests, under the name that the bytes have in the driver.
 *
 * @module
 */

import { ForwardingSink, ForwardingVfs } from "./forwarding.ts";
import type {
  DiscardOptions,
  FileIdentity,
  FileSink,
  KnownDigests,
  OpenWriteOptions,
  Removed,
  RenameOptions,
  Vfs,
  VfsCapabilities,
  VirtualPath,
} from "./vfs.ts";

/**
 * Where digests are remembered, for all views at once. A key names one file for every account. No caller waits until
 * something is remembered or forgotten: an entry for another state of a file is never found.
 */
export interface DigestMemory {
  /** The digest of a file in the state of `identity`; `undefined` if it is not known. */
  find(key: string, identity: FileIdentity, algorithm: string): string | undefined | Promise<string | undefined>;
  /** Remembers digests of the whole file. */
  remember(key: string, identity: FileIdentity, digests: ReadonlyMap<string, string>): void;
  /** The file is about to change, or has changed. */
  forget(key: string): void;
}

/** The options of {@link withDigests}. */
export interface DigestOptions {
  /** What is known, for all views that share it. */
  readonly memory: DigestMemory;
  /** Names the tree that `inner` shows: views of the same tree share what is known about its files. */
  readonly root: string;
}

/** `inner` with the capability to remember digests, which are forgotten when the file changes through this view. */
export function withDigests(inner: Vfs, options: DigestOptions): Vfs {
  return new DigestVfs(inner, options);
}

class DigestVfs extends ForwardingVfs {
  readonly #memory: DigestMemory;
  readonly #root: string;
  readonly #capabilities: VfsCapabilities;

  constructor(inner: Vfs, { memory, root }: DigestOptions) {
    super(inner);
    this.#memory = memory;
    this.#root = root;
    this.#capabilities = { ...inner.capabilities, digests: this.#makeDigests() };
  }

  override get capabilities(): VfsCapabilities {
    return this.#capabilities;
  }

  /** What is learned about the file while it is written counts no more once the upload has ended. */
  override async openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink> {
    const sink = await this.inner.openWrite(path, options);
    this.#forget(path);
    return new ForgettingSink(sink, () => this.#forget(path));
  }

  override async remove(path: VirtualPath): Promise<Removed | undefined> {
    const removed = await this.inner.remove(path);
    this.#forget(path);
    return removed;
  }

  override async rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    const removed = await this.inner.rename(from, to, options);
    this.#forget(from);
    this.#forget(to);
    return removed;
  }

  #makeDigests(): KnownDigests {
    return {
      find: (path, file, algorithm) => this.#memory.find(this.#keyOf(path), file, algorithm),
      remember: (path, file, digests) => this.#memory.remember(this.#keyOf(path), file, digests),
    };
  }

  #forget(path: VirtualPath): void {
    this.#memory.forget(this.#keyOf(path));
  }

  #keyOf(path: VirtualPath): string {
    return `${this.#root}\0${path}`;
  }
}

/** Forgets the digests of its file at its end, whatever the end is. */
class ForgettingSink extends ForwardingSink {
  readonly #forget: () => void;

  constructor(inner: FileSink, forget: () => void) {
    super(inner);
    this.#forget = forget;
  }

  override async commit(): Promise<void> {
    await this.inner.commit();
    this.#forget();
  }

  override async abort(): Promise<void> {
    await this.inner.abort();
    this.#forget();
  }

  override async discard(options?: DiscardOptions): Promise<Removed | undefined> {
    const removed = await this.inner.discard(options);
    this.#forget();
    return removed;
  }
}
