/**
 * Containment: turns virtual paths into real ones that do not leave the root, whatever links there are. Path permissions of the
 * runtime do not stop links, so this is the wall.
 *
 * How: the real path is asked of the system and compared with the root. An open asks in the order identity (device and inode through
 * the asked path), real path, open, identity of the open handle. The two identities must be the same object and the real path
 * between them inside, so a directory or link swapped once at any moment is noticed before a byte moves; nothing is truncated before.
 *
 * What remains: who can change the tree outside this server may swap *twice* within these microseconds (out, in for the real path,
 * out again). Operations without a handle (making, removing and renaming names, modes, times) have the moment between real path and
 * system call. A file made through a swapped directory is noticed and refused, but stays behind, empty. A FIFO put in the place of a
 * file within the moment before the open blocks the process. Sessions of this server cannot do any of it: the checks and
 * the act are synchronous calls with nothing between. The runtime has no `openat`, which would close the rest; a root that only this
 * server writes to has none of it.
 *
 * Why synchronous: measured on Deno 2.9.6 (page-cached local disk), the four calls of an open cost 16 µs in all, against 100 µs as
 * asynchronous operations, each of which crosses to a thread and back. The price: a disk that must be waited for, as over a
 * network, makes all sessions wait.
 *
 * @module
 */

import { SEPARATOR } from "@std/path";
import { VfsError, type VirtualPath } from "./vfs.ts";
import { nameOf, parentOf, ROOT } from "./virtual_path.ts";
import { isNotFound } from "./disk_errors.ts";

/** Separators, drives, streams, wildcards, names of devices, and endings that Windows drops. */
const WINDOWS_SPECIAL = /[\\:*?"<>|]|\/(con|prn|aux|nul|com\d|lpt\d)(\.|\/|$)|[. ](\/|$)/i;

/**
 * What links in the tree mean. `follow-inside`: those that stay inside the root are what they lead to. `hide`: none is there.
 * `deny`: they are listed as links and lead nowhere.
 */
export type SymlinkPolicy = "follow-inside" | "hide" | "deny";

/** What the system says about one name. */
export interface Found {
  /** Its real path as it was looked at. */
  readonly real: string;
  readonly info: Deno.FileInfo;
}

/** A file with what the system says about it. */
export interface OpenedFile extends Found {
  readonly file: Deno.FsFile;
}

/** The real directory behind `/`. Throws the runtime's errors as well as {@link VfsError}. */
export class DiskRoot {
  readonly symlinks: SymlinkPolicy;
  readonly #root: string;
  /** What a real path inside the root begins with. */
  readonly #prefix: string;

  /** `root` is a real path: absolute, links resolved. */
  constructor(root: string, symlinks: SymlinkPolicy) {
    this.symlinks = symlinks;
    this.#root = root;
    this.#prefix = root.endsWith(SEPARATOR) ? root : root + SEPARATOR;
  }

  /**
   * The real path of what `path` leads to. A link that leaves the root is `notFound`, just as a broken one, so that nobody learns
   * what is there outside.
   */
  follow(path: VirtualPath): string {
    const asked = this.#asked(path);
    const real = this.#look(path, () => Deno.realPathSync(asked));
    if (real !== asked) this.#requireAllowed(real, path);
    return real;
  }

  /** What `link`, the path of one, leads to; `undefined` where that is nothing for this view. */
  followLink(link: string): Found | undefined {
    if (this.symlinks !== "follow-inside") return undefined;
    try {
      const real = Deno.realPathSync(link);
      return this.#contains(real) ? { real, info: Deno.lstatSync(real) } : undefined;
    } catch {
      return undefined;
    }
  }

  /** What a user calls the real path `real`; `undefined` for one outside. */
  nameInside(real: string): string | undefined {
    if (!this.#contains(real)) return undefined;
    return `/${real.slice(this.#prefix.length).replaceAll(SEPARATOR, "/")}`;
  }

  /** The place of the name itself: links are followed up to its directory, and the name need not be there. */
  place(path: VirtualPath): string {
    if (path === ROOT) return this.#root;
    return joinReal(this.follow(parentOf(path)), nameOf(path));
  }

  /** The name itself, a link not followed. */
  find(path: VirtualPath): Found {
    const real = this.place(path);
    const info = Deno.lstatSync(real);
    if (info.isSymlink && this.symlinks === "hide") throw notFound(path);
    if (info.isSymlink && this.symlinks === "deny") throw new VfsError("denied", `Is a link: "${path}"`);
    return { real, info };
  }

  /** Opens a regular file that is there, without truncating it: `isDirectory` or `denied` for anything else. */
  open(path: VirtualPath, options: Deno.OpenOptions): OpenedFile {
    const before = this.#look(path, () => Deno.statSync(this.#asked(path)));
    const real = this.follow(path);
    if (before.isDirectory) throw new VfsError("isDirectory", `Is a directory: "${path}"`);
    // Before the open: that of a FIFO waits for the other end, that of a device may do anything.
    if (!before.isFile) throw new VfsError("denied", `Not a regular file: "${path}"`);
    return this.#opened(real, options, (info) => {
      if (!isSame(info, before)) throw new VfsError("busy", `Changed while it was opened: "${path}"`);
    });
  }

  /** Makes a file that must not be there yet and opens it for writing. `createNew` (`O_EXCL`) does not follow a link of that name. */
  create(path: VirtualPath, options: { readonly append: boolean }): OpenedFile {
    const before = this.#look(path, () => Deno.statSync(this.#asked(parentOf(path))));
    const directory = this.follow(parentOf(path));
    const real = joinReal(directory, nameOf(path));
    return this.#opened(real, { write: true, append: options.append, createNew: true }, () => {
      const after = Deno.lstatSync(directory);
      if (!isSame(after, before)) throw new VfsError("busy", `Directory changed while this was made: "${path}"`);
    });
  }

  /** Throws when `directory`, a real path that this root once gave, has become another one. */
  requireUnmoved(directory: string, path: VirtualPath): void {
    if (Deno.realPathSync(directory) !== directory) throw notFound(path);
  }

  #opened(real: string, options: Deno.OpenOptions, verify: (info: Deno.FileInfo) => void): OpenedFile {
    const file = Deno.openSync(real, options);
    try {
      const info = file.statSync();
      verify(info);
      return { real, file, info };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Where `path` would be without links. */
  #asked(path: VirtualPath): string {
    if (path === ROOT) return this.#root;
    if (Deno.build.os !== "windows") return this.#prefix + path.slice(1);
    if (WINDOWS_SPECIAL.test(path)) throw new VfsError("badName", `Means something else to Windows: "${path}"`);
    return this.#prefix + path.slice(1).replaceAll("/", SEPARATOR);
  }

  /** A failure behind a link that leaves the root is told as the link's own, so that it says nothing of what is there. */
  #look<T>(path: VirtualPath, look: () => T): T {
    try {
      return look();
    } catch (error) {
      if (!isNotFound(error) && path !== ROOT) this.follow(parentOf(path));
      throw error;
    }
  }

  #contains(real: string): boolean {
    return real === this.#root || real.startsWith(this.#prefix);
  }

  #requireAllowed(real: string, path: VirtualPath): void {
    if (this.symlinks === "deny") throw new VfsError("denied", `Leads through a link: "${path}"`);
    if (this.symlinks === "hide" || !this.#contains(real)) throw notFound(path);
  }
}

/** The entry `name` of the real directory `directory`. */
export function joinReal(directory: string, name: string): string {
  return directory.endsWith(SEPARATOR) ? directory + name : directory + SEPARATOR + name;
}

/** Whether both are the same object of the file system. */
export function isSame(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function notFound(path: VirtualPath): VfsError {
  return new VfsError("notFound", `Leads to nothing inside the root: "${path}"`);
}
