/**
 * Opens the sinks of a root, as the options of an upload say.
 *
 * @module
 */

import type { Opened, UploadLocks } from "../../vfs/upload_locks.ts";
import { type FileSink, keepsContent, type OpenWriteOptions, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { ROOT } from "../../vfs/virtual_path.ts";
import { type AppendBase, AppendGroup, AppendSink } from "./appends.ts";
import { PartWriter } from "./part_writer.ts";
import { keyOf } from "./place.ts";
import { ChangeSink, type SinkTools, type Target, WholeSink } from "./sinks.ts";
import type { ObjectHead } from "./store.ts";
import type { S3Tree } from "./tree.ts";
import type { BrokenUpload } from "./uploads.ts";

/** The locks of all roots in one store. */
export type StoreLocks = UploadLocks<string>;

/** What uploads to one store have in common. */
export interface SinkOpenerParts {
  readonly tools: SinkTools;
  readonly locks: StoreLocks;
  /** The appends that run, by key. */
  readonly groups: Map<string, { readonly group: AppendGroup; members: number }>;
  /** Finds out what the store can do, once. */
  readonly prepare: () => Promise<void>;
}

/** Opens sinks. */
export class SinkOpener {
  readonly #parts: SinkOpenerParts;
  readonly #tree: S3Tree;

  constructor(parts: SinkOpenerParts, tree: S3Tree) {
    this.#parts = parts;
    this.#tree = tree;
  }

  /** As `Vfs.openWrite`. */
  async open(path: VirtualPath, options: OpenWriteOptions): Promise<FileSink> {
    if (path === ROOT) throw new VfsError("isDirectory", "The root is a directory");
    const target = { path, key: keyOf(this.#tree.place, path) };
    await this.#parts.prepare();
    // An exclusive upload waits for nobody: which one gets the name is decided at the end.
    if (options.exclusive) return await this.#openExclusive(target, options);
    return await this.#parts.locks.open(() => this.#open(target, options), options.signal);
  }

  async #openExclusive({ path, key }: Target, { reserved = false }: OpenWriteOptions): Promise<FileSink> {
    const taken = () => new VfsError("exists", `Already exists: "${path}"`);
    const reservation = reserved ? await this.#parts.locks.reserve(key) : undefined;
    try {
      if ((reserved && !reservation) || await this.#tree.find(path)) throw taken();
      await this.#tree.requireParent(path);
    } catch (error) {
      reservation?.[Symbol.dispose]();
      throw error;
    }
    const release = () => reservation?.[Symbol.dispose]();
    return new WholeSink(this.#parts.tools, { path, key }, { created: true, exclusive: true, release });
  }

  async #open(target: Target, options: OpenWriteOptions): Promise<Opened<string>> {
    const { key } = target;
    const { tools } = this.#parts;
    const unchanged = tools.steps.watch(key);
    // One that joins others goes on with what they have made.
    const joins = options.append === true && this.#parts.groups.has(key);
    const object = joins ? undefined : await this.#tree.object(target.path);
    const sink = await this.#sink(target, options, object);
    const isSame = async () => unchanged() && (await tools.store.head(key))?.etag === object?.etag;
    const isCurrent = joins ? () => true : tools.locks.isShared ? () => isSame().catch(() => false) : unchanged;
    return { key, mode: options.append ? "append" : "alone", sink, isCurrent };
  }

  async #sink(target: Target, options: OpenWriteOptions, object: ObjectHead | undefined): Promise<FileSink> {
    const { path, key } = target;
    const { tools } = this.#parts;
    const { append = false, offset = 0, existing = false } = options;
    const running = append ? this.#parts.groups.get(key) : undefined;
    if (running) return this.#join(key, running);
    if (!object && await this.#tree.directory(path)) {
      throw new VfsError("isDirectory", `Is a directory: "${path}"`);
    }
    const broken = object ? undefined : await tools.uploads.broken(key);
    if (!object) await this.#tree.requireParent(path);
    if (!object && !broken && existing) throw new VfsError("notFound", `Not found: "${path}"`);
    if (append) return this.#append(target, { object, broken });
    if (!keepsContent(options)) {
      return new WholeSink(tools, target, { created: !object, exclusive: false, base: object });
    }
    if (object) {
      if (offset > object.size) throw pastEnd(path);
      return new ChangeSink(tools, target, object, offset);
    }
    if (broken && offset > 0) return resumed(tools, target, broken, offset);
    if (offset > 0) throw pastEnd(path);
    return new WholeSink(tools, target, { created: true, exclusive: false });
  }

  #append(target: Target, base: AppendBase): AppendSink {
    const { groups, tools } = this.#parts;
    // Another may have begun while the store was asked.
    const running = groups.get(target.key) ?? { group: new AppendGroup(tools, target, base), members: 0 };
    groups.set(target.key, running);
    return this.#join(target.key, running);
  }

  #join(key: string, running: { readonly group: AppendGroup; members: number }): AppendSink {
    running.members++;
    return new AppendSink(running.group, () => {
      if (--running.members === 0) this.#parts.groups.delete(key);
    });
  }
}

/** Only the end of a part can be continued: the store shows nothing of the parts. */
function resumed(tools: SinkTools, target: Target, broken: BrokenUpload, offset: number): WholeSink {
  let [size, count] = [0, 0];
  for (const part of broken.parts) {
    if (size >= offset) break;
    size += part.size;
    count++;
  }
  if (size !== offset) {
    const hint = `Of the upload that broke off the first ${broken.size} bytes are kept: go on with REST ${broken.size}`;
    throw new VfsError("pastEnd", `No part ends at ${offset}: "${target.path}"`, { hint });
  }
  const writer = PartWriter.resuming(tools, broken, count);
  return new WholeSink(tools, target, { created: false, exclusive: false, writer });
}

function pastEnd(path: VirtualPath): VfsError {
  return new VfsError("pastEnd", `Offset is past the end of "${path}"`);
}
