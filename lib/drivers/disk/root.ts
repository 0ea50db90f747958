/**
 * Containment: resolves virtual paths to real ones that do not leave the root, whatever links there are. Path
 * permissions of the runtime do not stop links, so this is the barrier.
 *
 * How: the system resolves the real path, which is compared with the root. An open takes four steps: identity (device
 * and inode through the requested path), real path, open, identity of the open handle. Both identities must be those of
 * one object and the real path between them inside. Then the path is checked once more, as the open may have come
 * before or after a swap: all before a byte is transferred, and nothing is truncated before.
 *
 * With the C library ({@link ContainedCalls}) an open is one step of the system in which no link is followed, so what
 * was opened is inside whatever other programs do in the meantime; only a path with a link in it takes the four steps.
 * Everything that has no handle (removing and renaming names, modes, times, checks, listings) uses the same calls.
 *
 * What remains without it: somebody who can change the tree outside this server may swap back and forth in step with
 * these calls (docs/trust.md has the measurements). Operations without a handle have the gap between real path and
 * system call. A file created through a swapped directory is noticed and refused, but stays there, empty. In both cases
 * a FIFO put in the place of a file in the moment before the open blocks the process. Sessions of this server cannot do
 * any of it: the checks and the operation are synchronous calls with nothing in between.
 *
 * Why synchronous: the first four calls of an open take 16 µs in total, against 100 µs as asynchronous operations, each
 * of which goes to a thread and back. The price: a slow disk, such as one over a network, blocks all sessions.
 *
 * @module
 */

import { dirname, SEPARATOR } from "@std/path";
import { nodeFs } from "../../net/node_modules.ts";
import {
  type ContainedCalls,
  type DiskChanges,
  type FileUse,
  type Found,
  isGranted,
  type OpenedFile,
  runtimeChanges,
  type Sought,
} from "./calls.ts";
import { VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { nameOf, parentOf, ROOT } from "../../vfs/virtual_path.ts";
import { hasCode, ifThere, isNotFound } from "./errors.ts";
import { isSame, kept, openVerified } from "./opened_file.ts";
import { tellsLate } from "./late_errors.ts";
import { joinReal, pathBelow } from "./real_path.ts";
import { hasRawBytes, isCanonical } from "../../vfs/raw_names.ts";

/**
 * How links in the tree are treated. `follow-inside`: those that stay inside the root are followed, others do not
 * exist. `hide`: none exists. `deny`: they are listed as links and lead nowhere.
 */
export type SymlinkPolicy = "follow-inside" | "hide" | "deny";

/** The policy of a disk for which none is given. */
export const DEFAULT_SYMLINKS = "follow-inside" satisfies SymlinkPolicy;

/** The real directory of `/`. Throws the runtime's errors as well as {@link VfsError}. */
export class DiskRoot {
  readonly symlinks: SymlinkPolicy;
  readonly #root: string;
  /** The prefix of real paths inside the root. */
  readonly #prefix: string;
  readonly #calls: ContainedCalls | undefined;
  /** The same calls, if they may write. */
  readonly #writing: ContainedCalls | undefined;

  /** `root` is a real path: absolute, links resolved. */
  constructor(root: string, symlinks: SymlinkPolicy, calls?: ContainedCalls) {
    this.symlinks = symlinks;
    this.#root = root;
    this.#prefix = root.endsWith(SEPARATOR) ? root : root + SEPARATOR;
    // The calls bypass the runtime's permissions, which may cover only part of the root.
    this.#calls = calls && isGranted("read", root) ? calls : undefined;
    this.#writing = this.#calls && isGranted("write", root) ? this.#calls : undefined;
  }

  /** Whether no link that another program puts there is ever followed. */
  get isContained(): boolean {
    return this.#calls !== undefined;
  }

  /** The calls that change names below the root. */
  get changes(): DiskChanges | ContainedCalls {
    return this.#writing ?? runtimeChanges;
  }

  /**
   * The real path of what `path` leads to. A link that leaves the root is `notFound`, like a broken one, so that it
   * reveals nothing about the outside.
   */
  follow(path: VirtualPath): string {
    const asked = this.#asked(path);
    if (this.#calls?.isReal(asked)) return asked;
    if (this.isRaw(path)) return this.#followRaw(path);
    const real = this.#look(path, () => Deno.realPathSync(asked));
    if (real !== asked) this.#requireAllowed(real, path);
    return real;
  }

  /** What `link`, the path of a link, leads to; `undefined` if that is not part of this view. */
  followLink(link: string): Found | undefined {
    if (this.symlinks !== "follow-inside") return undefined;
    try {
      const real = Deno.realPathSync(link);
      return this.#contains(real) ? { real, info: this.lstat(real) } : undefined;
    } catch {
      return undefined;
    }
  }

  /** The user's path for the real path `real`; `undefined` if it is outside. */
  nameInside(real: string): string | undefined {
    if (!this.#contains(real)) return undefined;
    return `/${real.slice(this.#prefix.length).replaceAll(SEPARATOR, "/")}`;
  }

  /** The place of the name itself: links are followed up to its directory, and the name need not exist. */
  place(path: VirtualPath): string {
    if (path === ROOT) return this.#root;
    this.#requirePlain(path);
    return joinReal(this.follow(parentOf(path)), nameOf(path));
  }

  /** The {@link place} of a name, and what has it, a link not followed; `undefined` if nothing has. */
  seek(path: VirtualPath): Sought {
    const direct = this.#direct(path);
    if (direct) return direct;
    const real = this.place(path);
    return { real, info: this.lookUp(real) };
  }

  /** {@link seek} of a name beside one that has just been found in this turn: their directory is not resolved again. */
  seekBeside(path: VirtualPath, { of, real }: { readonly of: VirtualPath; readonly real: string }): Sought {
    if (this.#calls || of === ROOT || path === ROOT || parentOf(path) !== parentOf(of)) return this.seek(path);
    const beside = joinReal(dirname(real), nameOf(path));
    return { real: beside, info: this.lookUp(beside) };
  }

  /**
   * Whether it looks as if nothing had the name. A link that leads nowhere, and what cannot be reached, look like that
   * as well: the runtime tells them apart by an error, which takes as long as three looks. The C library needs none.
   */
  seemsFree(path: VirtualPath): boolean {
    return this.#calls === undefined && !nodeFs().existsSync(this.#asked(path));
  }

  /** What has the name, a link not followed. */
  seen(path: VirtualPath): Found {
    const { real, info } = this.seek(path);
    if (!info) throw new VfsError("notFound", `Not found: "${path}"`);
    return { real, info };
  }

  /** What has the name, a link not followed, if the policy for links lets it be used. */
  find(path: VirtualPath): Found {
    const { real, info } = this.seen(path);
    if (info.isSymlink && this.symlinks === "hide") throw notFound(path);
    if (info.isSymlink && this.symlinks === "deny") throw new VfsError("denied", `Is a link: "${path}"`);
    return { real, info };
  }

  /** What `path` leads to: {@link follow} and a look at it. */
  reach(path: VirtualPath): Found {
    const direct = this.#direct(path);
    if (direct?.info && !direct.info.isSymlink) return { real: direct.real, info: direct.info };
    const real = this.follow(path);
    return { real, info: this.lstat(real) };
  }

  /** What is at the real path `real`, a link not followed; throws the runtime's errors. */
  lstat(real: string): Deno.FileInfo {
    return this.#calls ? this.#calls.lstat(real) : Deno.lstatSync(real);
  }

  /** What is at the real path `real`, a link not followed; `undefined` if nothing has the name. */
  lookUp(real: string): Deno.FileInfo | undefined {
    const info = ifThere(() => this.#calls ? this.#calls.lookUp(real) : Deno.lstatSync(real));
    return typeof info === "object" ? info : undefined;
  }

  /** Opens an existing regular file without truncating it: `isDirectory` or `denied` for anything else. */
  open(path: VirtualPath, use: FileUse): OpenedFile {
    const asked = this.#asked(path);
    const direct = (use === "read" ? this.#calls : this.#writing)?.open(asked, use);
    if (direct) return kept({ real: asked, ...direct }, use, this.#calls);
    const before = this.#look(path, () => this.isRaw(path) ? this.lstat(asked) : Deno.statSync(asked));
    const real = this.follow(path);
    if (before.isDirectory) throw new VfsError("isDirectory", `Is a directory: "${path}"`);
    // Before the open: opening a FIFO waits for the other end, opening a device may do anything.
    if (!before.isFile) throw new VfsError("denied", `Not a regular file: "${path}"`);
    return openVerified(real, { use }, (info) => {
      if (isSame(info, before) && this.#isAt(real, info)) return;
      throw new VfsError("busy", `Changed during the open: "${path}"`);
    });
  }

  /** Whether `path` has a name that is not UTF-8, which the runtime cannot find; never without the C library. */
  isRaw(path: string): boolean {
    return this.isContained && hasRawBytes(path);
  }

  /**
   * Creates a file, which must not exist yet, and opens it for writing. `createNew` (`O_EXCL`) does not follow a link
   * of that name.
   */
  create(path: VirtualPath, use: FileUse): OpenedFile {
    if (this.#writing) return kept(this.#createBy(this.#writing, path, use), use, this.#calls);
    const before = this.#look(path, () => Deno.statSync(this.#asked(parentOf(path))));
    const directory = this.follow(parentOf(path));
    const real = joinReal(directory, nameOf(path));
    return openVerified(real, { use, createNew: true }, (info) => {
      if (isSame(this.lstat(directory), before) && this.#isAt(real, info)) return;
      throw new VfsError("busy", `Directory changed during the creation: "${path}"`);
    });
  }

  /** Throws if `directory`, a real path that this root returned earlier, has become another one. */
  requireUnmoved(directory: string, path: VirtualPath): void {
    if (this.#calls ? !this.#calls.isReal(directory) : Deno.realPathSync(directory) !== directory) throw notFound(path);
  }

  /** Whether the file system with this number, which has the real path `real`, may report late that a write failed. */
  tellsLate(device: number, real: string): boolean {
    return tellsLate(device, real, this.#calls);
  }

  /** By the path as it was asked for, in one call; `undefined` if a link is on the way, or without the C library. */
  #direct(path: VirtualPath): Sought | undefined {
    if (!this.#calls) return undefined;
    const real = this.#asked(path);
    const info = this.#calls.lookUp(real);
    return info === "link" ? undefined : { real, info: info === "nothing" ? undefined : info };
  }

  /** Whether the object that `info` describes is at the real path `real`, inside the root. */
  #isAt(real: string, info: Deno.FileInfo): boolean {
    try {
      if (this.#calls) return isSame(this.lstat(real), info);
      const isThere = () => isSame(Deno.lstatSync(real), info);
      const isInside = () => Deno.realPathSync(real) === real;
      // A swap in step with calls that alternate is out of step with these.
      return isThere() && isInside() && isInside() && isThere();
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** {@link follow} where the runtime cannot be asked: links are followed up to the first name that is not UTF-8. */
  #followRaw(path: VirtualPath): string {
    const place = this.place(path);
    if (this.#calls?.isReal(place)) return place;
    throw notFound(path);
  }

  /** Links on the way to the name are followed only where there are any. */
  #createBy(calls: ContainedCalls, path: VirtualPath, use: FileUse): OpenedFile {
    const create = (real: string) => ({ real, ...calls.createOpen(real, use) });
    try {
      return create(this.#asked(path));
    } catch (error) {
      if (!hasCode(error, "ELOOP")) throw error;
      return create(this.place(path));
    }
  }

  /** The path that `path` would have without links. */
  #asked(path: VirtualPath): string {
    if (path === ROOT) return this.#root;
    this.#requirePlain(path);
    return pathBelow(this.#prefix, path);
  }

  /** A UTF-8 name could be written byte by byte as well, bypassing the rules for its path. */
  #requirePlain(path: VirtualPath): void {
    if (this.isRaw(path) && !isCanonical(path)) throw notFound(path);
  }

  /** A failure after a link that leaves the root is reported as the link's own: it reveals nothing about the target. */
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

function notFound(path: VirtualPath): VfsError {
  return new VfsError("notFound", `Leads out of the root, or nowhere: "${path}"`);
}
