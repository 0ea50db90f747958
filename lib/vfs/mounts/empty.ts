/**
 * A tree with nothing in it: the root of an account that has only mounts.
 *
 * @module
 */

import { makeEntry } from "../entry.ts";
import {
  type Entry,
  type FileSink,
  type FileSource,
  type Removed,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "../vfs.ts";
import { ROOT } from "../virtual_path.ts";

/** A root directory that is always empty. */
export class EmptyVfs implements Vfs {
  readonly capabilities: VfsCapabilities = {};
  readonly #modified = Date.now();

  stat(path: VirtualPath): Promise<Entry> {
    if (path !== ROOT) return missing(path);
    return Promise.resolve(makeEntry({ name: "/", kind: "directory", mode: 0o555, modified: this.#modified }));
  }

  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    await this.stat(path);
    yield [];
  }

  async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    await this.stat(path);
    yield [];
  }

  openRead(path: VirtualPath): Promise<FileSource> {
    return path === ROOT ? isDirectory() : missing(path);
  }

  openWrite(path: VirtualPath): Promise<FileSink> {
    return path === ROOT ? isDirectory() : closed(path);
  }

  mkdir(path: VirtualPath): Promise<void> {
    return path === ROOT ? Promise.reject(new VfsError("exists", "Already exists: the root")) : closed(path);
  }

  rmdir(path: VirtualPath): Promise<void> {
    return path === ROOT ? closed(path) : missing(path);
  }

  remove(path: VirtualPath): Promise<Removed | undefined> {
    return path === ROOT ? isDirectory() : missing(path);
  }

  rename(from: VirtualPath): Promise<Removed | undefined> {
    return from === ROOT ? closed(from) : missing(from);
  }
}

function missing(path: VirtualPath): Promise<never> {
  return Promise.reject(new VfsError("notFound", `Not found: "${path}"`));
}

function closed(path: VirtualPath): Promise<never> {
  const hint = "This directory exists only for the directories mounted in it";
  return Promise.reject(new VfsError("denied", `Nothing can be made at "${path}"`, { hint }));
}

function isDirectory(): Promise<never> {
  return Promise.reject(new VfsError("isDirectory", "Is a directory: the root"));
}
