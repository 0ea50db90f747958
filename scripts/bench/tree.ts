/**
 * The files that all servers serve, made for a run and gone after it.
 *
 * @module
 */

import { join } from "@std/path";
import { run } from "./packages.ts";
import { NOBODY } from "./server.ts";

const PIECE = new Uint8Array(1 << 20).fill(120);

/** A host may take memory back at once when a GiB is free, and after two seconds where it is less. */
const MOST_WARM = 900 << 20;

/** A directory of the benchmark's own. */
export class Tree implements AsyncDisposable {
  readonly root: string;
  readonly #mounted: boolean;

  private constructor(root: string, mounted: boolean) {
    this.root = root;
    this.#mounted = mounted;
    // Not writable: vsftpd refuses to serve such a root.
    Deno.chmodSync(root, 0o755);
  }

  /** On the file system of `parent`. */
  static onDisk(parent: string): Tree {
    return new Tree(Deno.makeTempDirSync({ dir: parent, prefix: "tree-" }), false);
  }

  /**
   * In memory: a file system of its own, as the runtime permits nothing below `/dev`. Where that may not be mounted, it
   * is a directory inside `parent` like any other.
   */
  static async inMemory(parent: string): Promise<Tree> {
    const root = Deno.makeTempDirSync({ dir: parent, prefix: "tree-" });
    try {
      await run("mount", ["-t", "tmpfs", "-o", "size=90%", "denoftpd-bench", root], parent);
      return new Tree(root, true);
    } catch {
      return new Tree(root, false);
    }
  }

  /** Whether the files are in memory only. */
  get inMemory(): boolean {
    return this.#mounted;
  }

  /** A directory that everybody may write to. */
  folder(name: string): void {
    Deno.mkdirSync(join(this.root, name));
    this.#open(join(this.root, name));
  }

  /** A file of `size` bytes, with real blocks and in the page cache. */
  file(name: string, size: number): void {
    using file = Deno.openSync(join(this.root, name), { write: true, create: true });
    for (let left = size; left > 0;) left -= file.writeSync(PIECE.subarray(0, left));
  }

  /**
   * Uses memory for a file of `size` bytes once. The host of a virtual machine takes back what is free (free page
   * reporting), and who writes next waits for it: `dd` into a tmpfs reaches 2.7 GB/s with memory that is there, and 0.4
   * to 0.6 with such.
   */
  warm(size: number): void {
    this.file("warm", Math.min(size, MOST_WARM));
    this.remove("warm");
  }

  /** A folder with `count` files of `size` bytes, named 0 and up. */
  files(folder: string, count: number, size: number): void {
    this.folder(folder);
    for (let index = 0; index < count; index++) this.file(`${folder}/${index}`, size);
  }

  /** Removes a file, if it is there. */
  remove(name: string): void {
    try {
      Deno.removeSync(join(this.root, name));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Removes what is in a folder. */
  empty(folder: string): void {
    for (const { name } of Deno.readDirSync(join(this.root, folder))) this.remove(`${folder}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#mounted) await run("umount", ["--lazy", this.root], "/");
    Deno.removeSync(this.root, { recursive: true });
  }

  /** For servers that drop root and for those that keep it. */
  #open(path: string): void {
    Deno.chmodSync(path, 0o777);
    if (Deno.uid() === 0) Deno.chownSync(path, NOBODY, NOBODY);
  }
}
