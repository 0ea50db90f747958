/**
 * Objects as files and directories: what is where, and what is not. An object is a file. A directory is where an object
 * whose key ends with a slash marks it, or where any key lies below it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { makeEntry } from "../../vfs/entry.ts";
import { type Entry, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { isListable, nameOf, parentOf, ROOT } from "../../vfs/virtual_path.ts";
import { directoryKey, keyOf, type S3Place } from "./place.ts";
import type { ListPage, ObjectFacts, ObjectHead, ObjectStore } from "./store.ts";
import type { OpenUploads } from "./uploads.ts";

/** Milliseconds since 1970 under this name, as seconds: rclone and s3fs write and read the same. */
export const TIME_HEADER = "x-amz-meta-mtime";
/** Bytes of a name, as everywhere in this server. */
const MAX_NAME_BYTES = 255;
/** HEAD requests of one listing at the same time. */
const HEADS_AT_ONCE = 32;

/** The options of an {@link S3Tree}. */
export interface TreeOptions {
  /** `metadata`: listings show the time that was set for a file, at one request for each file. */
  readonly listTimes: "store" | "metadata";
}

/** The files and directories of one root. */
export class S3Tree {
  readonly store: ObjectStore;
  readonly place: S3Place;
  readonly #uploads: OpenUploads;
  readonly #options: TreeOptions;

  constructor(store: ObjectStore, place: S3Place, uploads: OpenUploads, options: TreeOptions) {
    this.store = store;
    this.place = place;
    this.#uploads = uploads;
    this.#options = options;
  }

  /** The object at `path`; `undefined` if there is none, whatever else may be there. */
  async object(path: VirtualPath): Promise<ObjectHead | undefined> {
    return path === ROOT ? undefined : await this.store.head(keyOf(this.place, path));
  }

  /** The directory at `path`; `undefined` if there is none. */
  async directory(path: VirtualPath): Promise<Entry | undefined> {
    // A session begins with a look at the root, which is there since it was opened.
    if (path === ROOT) return makeEntry({ name: nameOf(path), kind: "directory" });
    const key = directoryKey(this.place, path);
    const marker = await this.store.head(key);
    const isThere = marker !== undefined || !isEmptyPage(await this.store.list(key, { most: 1 }));
    return isThere
      ? makeEntry({ name: nameOf(path), kind: "directory", ...marker && { modified: timeOf(marker) } })
      : undefined;
  }

  /** What is at `path`; an upload that broke off counts as a file of the bytes that can be kept. */
  async find(path: VirtualPath): Promise<Entry | undefined> {
    const object = await this.object(path);
    if (object) return this.entryOf(path, object);
    const directory = await this.directory(path);
    if (directory) return directory;
    const broken = await this.#uploads.broken(keyOf(this.place, path));
    return broken && makeEntry({ name: nameOf(path), kind: "file", size: broken.size, modified: broken.begun });
  }

  /** @throws {VfsError} `notFound`, `notDirectory`. */
  async stat(path: VirtualPath): Promise<Entry> {
    return await this.find(path) ?? await this.#missing(path);
  }

  /** The file at `path`. @throws {VfsError} `isDirectory`, `notFound`, `notDirectory`. */
  async file(path: VirtualPath): Promise<ObjectHead> {
    return await this.object(path) ?? await this.refuseAsFile(path);
  }

  /** Explains why there is no file at `path`. */
  async refuseAsFile(path: VirtualPath): Promise<never> {
    const found = await this.find(path);
    if (found?.kind === "directory") throw new VfsError("isDirectory", `Is a directory: "${path}"`);
    if (!found) return await this.#missing(path);
    const hint =
      `The upload of this file broke off: its first ${found.size} bytes are kept, to go on with REST or APPE`;
    throw new VfsError("notFound", `Not complete: "${path}"`, { hint });
  }

  /** The directory that `path` is to be in must exist. @throws {VfsError} `notFound`, `notDirectory`. */
  async requireParent(path: VirtualPath): Promise<void> {
    const parent = parentOf(path);
    if (!await this.directory(parent)) await this.#missing(path);
  }

  /** The entries of a directory, a page at a time; the next page is asked for while one is used. */
  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    for await (const { objects, prefixes } of this.#pages(path)) {
      const start = directoryKey(this.place, path).length;
      const directories = prefixes.map((prefix) => prefix.slice(start, -1)).filter(isUsable)
        .map((name) => makeEntry({ name, kind: "directory" }));
      const files = objects.map((object) => ({ name: object.key.slice(start), object }))
        .filter(({ name }) => isUsable(name))
        .map(({ name, object }) => fileEntry(name, object, object.key));
      yield [...directories, ...this.#options.listTimes === "metadata" ? await this.#withTimes(path, files) : files];
    }
  }

  /** The objects below a directory, at any depth, its marker included: a page at a time. */
  async *below(path: VirtualPath): AsyncGenerator<ListPage["objects"], void> {
    const prefix = directoryKey(this.place, path);
    for (let page: ListPage | undefined = await this.store.list(prefix); page;) {
      yield page.objects;
      page = page.next === undefined ? undefined : await this.store.list(prefix, { from: page.next });
    }
  }

  /** The entry of a file. */
  entryOf(path: VirtualPath, object: ObjectHead): Entry {
    return { ...fileEntry(nameOf(path), object, keyOf(this.place, path)), modified: timeOf(object) };
  }

  async *#pages(path: VirtualPath): AsyncGenerator<ListPage, void> {
    const prefix = directoryKey(this.place, path);
    const first = await this.store.list(prefix, { delimiter: "/" });
    if (path !== ROOT && isEmptyPage(first)) await this.#requireDirectory(path);
    for (let page: ListPage | undefined = first; page;) {
      const next: Promise<ListPage> | undefined = page.next === undefined
        ? undefined
        : this.store.list(prefix, { delimiter: "/", from: page.next });
      // It may fail before anything waits for it.
      next?.catch(() => {});
      yield page;
      page = await next;
    }
  }

  async #requireDirectory(path: VirtualPath): Promise<void> {
    const found = await this.stat(path);
    if (found.kind !== "directory") throw new VfsError("notDirectory", `Not a directory: "${path}"`);
  }

  async #withTimes(directory: VirtualPath, files: readonly Entry[]): Promise<Entry[]> {
    const prefix = directoryKey(this.place, directory);
    return await mapAtOnce(files, HEADS_AT_ONCE, async (file) => {
      const head = await this.store.head(prefix + file.name);
      return head ? { ...file, modified: timeOf(head) } : file;
    });
  }

  /** A file on the way is another reason than nothing there. */
  async #missing(path: VirtualPath): Promise<never> {
    for (let parent = parentOf(path); parent !== ROOT; parent = parentOf(parent)) {
      if (await this.object(parent)) throw new VfsError("notDirectory", `Leads through a file: "${path}"`);
      if (await this.directory(parent)) break;
    }
    throw new VfsError("notFound", `Not found: "${path}"`);
  }
}

/** `use` of each of `items`, of which at most `most` at the same time; results in the order of the items. */
export async function mapAtOnce<T, R>(items: readonly T[], most: number, use: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await use(item);
    }
  }));
  return results;
}

/** The time that was set for an object, or else the time at which it was written; in milliseconds since 1970. */
export function timeOf({ headers, modified }: ObjectHead): number {
  const seconds = Number(headers[TIME_HEADER] ?? NaN);
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : modified;
}

/** {@link TIME_HEADER} for a time in milliseconds since 1970. */
export function timeHeader(modified: number): Record<string, string> {
  return { [TIME_HEADER]: String(modified / 1000) };
}

function isEmptyPage({ objects, prefixes }: ListPage): boolean {
  return objects.length === 0 && prefixes.length === 0;
}

function fileEntry(name: string, object: ObjectFacts, key: string): Entry {
  const { size, modified } = object;
  return makeEntry({ name, kind: "file", size, modified, unique: uniqueOf(key, object) });
}

/** Of two objects with the same content, both have the same ETag. */
export function uniqueOf(key: string, { etag }: Pick<ObjectFacts, "etag">): string {
  return createHash("sha1").update(`${etag} ${key}`).digest("hex").slice(0, 24);
}

/** Keys of other programs may have parts that are no names. */
function isUsable(name: string): boolean {
  if (name === "" || name === "." || name === ".." || !isListable(name)) return false;
  return name.length * 3 <= MAX_NAME_BYTES || new TextEncoder().encode(name).length <= MAX_NAME_BYTES;
}
