/**
 * The S3 driver: files are objects of a bucket, in Amazon's S3 or a store that speaks its protocol.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import {
  type Entry,
  type FileSink,
  type FileSource,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "../../vfs/vfs.ts";
import { isWithin, parentOf, ROOT } from "../../vfs/virtual_path.ts";
import { asVfs } from "./errors.ts";
import { SinkOpener, type SinkOpenerParts } from "./opening.ts";
import { directoryKey, keyOf } from "./place.ts";
import { LARGEST_COPY, moveDirectory, moveObject } from "./renames.ts";
import { openSource } from "./source.ts";
import type { ObjectHead } from "./store.ts";
import { type S3Tree, timeHeader, uniqueOf } from "./tree.ts";

const EMPTY = new Uint8Array();
/** The content type by which other programs (s3fs, the console of Amazon) know an object that marks a directory. */
const DIRECTORY_HEADERS = { "content-type": "application/x-directory" };
/** Milliseconds that a rename waits for an upload if it waits at all: as long as another upload would. */
const PATIENCE = 6_000;
/** Milliseconds that a change of names waits otherwise for other servers, which hold names for a moment too. */
const BRIEFLY = 200;
const PAUSE = 25;

/** What a root needs. */
export interface S3VfsParts extends SinkOpenerParts {
  readonly tree: S3Tree;
  readonly renameLimit: number;
}

/** A root in an object store. */
export class S3Vfs implements Vfs {
  /** What an object store cannot do is left out: modes, links, free space. */
  readonly capabilities: VfsCapabilities;
  readonly #parts: S3VfsParts;
  readonly #tree: S3Tree;
  readonly #opener: SinkOpener;

  constructor(parts: S3VfsParts) {
    this.#parts = parts;
    this.#tree = parts.tree;
    this.#opener = new SinkOpener(parts, parts.tree);
    this.capabilities = {
      resume: true,
      append: true,
      atomicWrites: true,
      usage: () => asVfs(ROOT, () => this.#usage()),
      setModified: (path, modified) => asVfs(path, () => this.#setModified(path, modified)),
    };
  }

  stat(path: VirtualPath): Promise<Entry> {
    return asVfs(path, () => this.#tree.stat(path));
  }

  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    const pages = this.#tree.list(path);
    try {
      for (;;) {
        const { done, value } = await asVfs(path, () => pages.next());
        if (done) return;
        yield value;
      }
    } finally {
      await pages.return();
    }
  }

  async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    for await (const batch of this.list(path)) yield batch.map(({ name }) => name);
  }

  openRead(path: VirtualPath, offset = 0): Promise<FileSource> {
    return asVfs(path, async () => {
      const key = keyOf(this.#tree.place, path);
      const source = path === ROOT ? undefined : await openSource(this.#tree.store, key, offset);
      return source ?? await this.#tree.refuseAsFile(path);
    });
  }

  openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    return asVfs(path, () => this.#opener.open(path, options));
  }

  mkdir(path: VirtualPath): Promise<void> {
    return this.#step(path, [path], async () => {
      if (await this.#tree.find(path)) throw new VfsError("exists", `Already exists: "${path}"`);
      await this.#tree.requireParent(path);
      await this.#mark(path);
    });
  }

  rmdir(path: VirtualPath): Promise<void> {
    return this.#step(path, [path], async () => {
      if (path === ROOT) throw new VfsError("denied", "The root cannot be removed");
      const { kind } = await this.#tree.stat(path);
      if (kind !== "directory") throw new VfsError("notDirectory", `Not a directory: "${path}"`);
      const key = directoryKey(this.#tree.place, path);
      const { objects } = await this.#tree.store.list(key, { most: 2 });
      if (objects.some((object) => object.key !== key)) throw new VfsError("notEmpty", `Not empty: "${path}"`);
      await this.#tree.store.remove(key);
      await this.#keepParent(path);
    });
  }

  remove(path: VirtualPath): Promise<Removed> {
    return this.#free({}, () => this.#remove(path));
  }

  #remove(path: VirtualPath): Promise<Removed> {
    return this.#step(path, [path], async () => {
      const key = keyOf(this.#tree.place, path);
      const object = await this.#tree.object(path);
      using _held = await this.#hold([key]);
      const broken = object ? undefined : await this.#parts.tools.uploads.broken(key);
      if (!object && broken) {
        await this.#parts.tools.uploads.endBroken(key);
        return { size: broken.size };
      }
      const { size, etag } = object ?? await this.#tree.file(path);
      await this.#tree.store.remove(key);
      this.#parts.tools.steps.changed(key);
      await this.#keepParent(path);
      return { size, unique: uniqueOf(key, { etag }) };
    });
  }

  async rename(from: VirtualPath, to: VirtualPath, options: RenameOptions = {}): Promise<Removed | undefined> {
    return await this.#free(options, () => this.#step(from, [from, to], () => this.#rename(from, to, options)));
  }

  /** What `act` resolves to, once no upload is in its way, or after some time. */
  async #free<T>({ waits = false }: RenameOptions, act: () => Promise<T>): Promise<T> {
    const until = performance.now() + (waits ? PATIENCE : this.#parts.tools.locks.isShared ? BRIEFLY : 0);
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof VfsError) || error.kind !== "busy" || performance.now() >= until) throw error;
        await delay(PAUSE);
      }
    }
  }

  async #rename(from: VirtualPath, to: VirtualPath, options: RenameOptions): Promise<Removed | undefined> {
    const { tools, renameLimit, prepare } = this.#parts;
    const { place } = this.#tree;
    await prepare();
    if (from === ROOT) throw new VfsError("denied", "The root cannot be renamed");
    const object = await this.#tree.object(from);
    if (!object && (await this.#tree.stat(from)).kind === "file") await this.#tree.refuseAsFile(from);
    if (from === to) return undefined;
    if (!object && isWithin(to, from)) throw new VfsError("badName", `Cannot be moved into itself: "${from}"`);
    const replaced = await this.#tree.object(to);
    const isTaken = replaced ? !object || options.exclusive : await this.#tree.directory(to);
    if (isTaken) throw new VfsError("exists", `Already exists: "${to}"`);
    await this.#tree.requireParent(to);
    if (!object) {
      await moveDirectory(tools, this.#tree, { from, to, limit: renameLimit });
      return void await this.#keepParent(from);
    }
    const [key, target] = [keyOf(place, from), keyOf(place, to)];
    const unique = replaced && uniqueOf(target, replaced);
    const isHeld = unique !== undefined && options.held?.unique === unique;
    using _held = await this.#hold(isHeld ? [key] : [key, target]);
    await moveObject(tools, { ...object, key }, target);
    for (const changed of [key, target]) tools.steps.changed(changed);
    await this.#keepParent(from);
    return replaced && unique !== undefined ? { size: replaced.size, unique } : undefined;
  }

  /** No upload may write to these objects meanwhile. @throws {VfsError} `busy`. */
  async #hold(keys: readonly string[]): Promise<Disposable> {
    const { locks, tools } = this.#parts;
    using held = new DisposableStack();
    for (const key of keys) {
      locks.wanted(key);
      const reservation = await locks.reserve(key);
      if (!reservation) {
        tools.locks.ask(key);
        throw new VfsError("busy", `An upload writes to "${key}"`);
      }
      held.use(reservation);
    }
    return held.move();
  }

  /** A directory without a marker must not disappear with the last file in it: its user would not find it again. */
  async #keepParent(path: VirtualPath): Promise<void> {
    const parent = parentOf(path);
    if (parent === ROOT || await this.#tree.directory(parent)) return;
    await this.#mark(parent);
  }

  async #mark(path: VirtualPath, headers: ObjectHead["headers"] = {}): Promise<void> {
    const key = directoryKey(this.#tree.place, path);
    await this.#tree.store.put(key, EMPTY, { headers: { ...DIRECTORY_HEADERS, ...headers } });
  }

  async #setModified(path: VirtualPath, modified: number): Promise<void> {
    if (path === ROOT) throw new VfsError("unsupported", "The root has no time of its own");
    const key = keyOf(this.#tree.place, path);
    await this.#parts.tools.steps.run([key], async () => {
      const object = await this.#tree.object(path);
      if (!object && await this.#tree.directory(path)) return await this.#mark(path, timeHeader(modified));
      const { size, etag, headers } = object ?? await this.#tree.refuseAsFile(path);
      if (size > LARGEST_COPY) {
        const hint = "The object store cannot set the time of a file above 5 GiB";
        throw new VfsError("unsupported", `Too large for a copy: "${path}"`, { hint });
      }
      await this.#tree.store.copy({ key, etag }, key, { ...headers, ...timeHeader(modified) });
      this.#parts.tools.steps.changed(key);
    });
  }

  async #usage(): Promise<number> {
    let bytes = 0;
    for await (const objects of this.#tree.below(ROOT)) for (const { size } of objects) bytes += size;
    return bytes;
  }

  #step<T>(path: VirtualPath, paths: readonly VirtualPath[], action: () => Promise<T>): Promise<T> {
    return asVfs(path, () => {
      const keys = [...new Set(paths)].map((each) => each === ROOT ? "" : keyOf(this.#tree.place, each));
      return this.#parts.tools.steps.run(keys, action);
    });
  }
}
