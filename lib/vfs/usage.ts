/**
 * The bytes an account stores: counted by walking its tree, then updated with what this server does. What others do to
 * the tree is noticed at the next count, which is made when there seems to be no room.
 *
 * A count walks while uploads continue, and cannot tell which of their bytes it has seen. Bytes written before it are
 * in the files, and counted there; those being written or written since are added to the result; what was removed
 * during the count is not subtracted. So a count may be too high, by no more than what this server wrote and removed
 * while it ran. It can be too low in two narrow cases: by a file whose removal was in progress when it ended
 * (subtracted twice), and between workers by the pieces that others were writing just as it began or ended. No error
 * outlives the next count.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { type Entry, type Vfs, VfsError, type VirtualPath } from "./vfs.ts";
import { isRunningPart, joinPath, ROOT } from "./virtual_path.ts";

/** The shortest time between two counts, in milliseconds. */
const PAUSE = 10_000;

/**
 * A count that took long is followed by this many times as long without one; otherwise a full account with many files
 * would do nothing else.
 */
const PAUSE_FACTOR = 10;

/** Bytes in use, shared by all sessions of an account. */
export interface Usage {
  /** Bytes in use as far as known; 0 before the first count. */
  readonly bytes: number | Promise<number>;
  /** Counts what is in `vfs`, the first time; a failed count is repeated the next time. Rejects as `vfs` does. */
  count(vfs: Vfs): Promise<void>;
  /** Counts again, or waits for the running count; does nothing if the last one is recent. Rejects as `vfs` does. */
  recount(vfs: Vfs): Promise<void>;
  /**
   * Reserves `bytes` for a write, which {@link settle} ends; returns `false`, and does nothing, if that would exceed
   * `limit`.
   */
  take(bytes: number, limit: number): boolean | Promise<boolean>;
  /** The write of `bytes` that were taken has ended. If it failed, they are to be released as well. */
  settle(bytes: number): void;
  /** Subtracts `bytes` that were removed. */
  release(bytes: number): void;
  /** Records that something is being renamed, so that a running count may miss it. */
  moved(): void;
}

/** The result of a walk through the tree. */
export interface TreeSize {
  readonly bytes: number;
  /** Identifies the directories that could not be counted; 0 if there are none. */
  readonly uncounted: bigint;
  /** This server can do nothing in any of them: their content stays as it is. */
  readonly sealed: boolean;
}

/** What is known between two counts. */
export interface Known {
  readonly bytes: number;
  /** {@link TreeSize.uncounted} of the last count. */
  readonly uncounted: bigint;
  /** Bytes in those directories, as far as earlier counts have seen them. */
  readonly kept: number;
}

/**
 * What is known after a count. A count that has missed a part of the tree frees no room: otherwise a user who closes a
 * directory, or moves a file past the walk, could store as much again. Only if the same directories were closed before,
 * and nothing can be done in them, is the sum of the rest valid: for example `lost+found`.
 *
 * @param added bytes that were taken and may not have been seen.
 */
export function afterCount(found: TreeSize, { known, added, moved }: {
  readonly known: Known;
  readonly added: number;
  readonly moved: boolean;
}): Known {
  const same = found.uncounted === known.uncounted;
  const bytes = found.bytes + added + (same ? known.kept : 0);
  const complete = found.uncounted === 0n;
  if (!moved && (complete || (same && found.sealed))) {
    return {
      bytes: complete ? found.bytes + added : bytes,
      uncounted: found.uncounted,
      kept: complete ? 0 : known.kept,
    };
  }
  const most = Math.max(known.bytes, bytes);
  if (complete || same) return { ...known, bytes: most };
  return { bytes: most, uncounted: found.uncounted, kept: most - bytes };
}

/** The options of meters. */
export interface UsageOptions {
  /** Milliseconds of a monotonic clock. */
  readonly clock?: () => number;
}

/** The earliest time of the next count, by the clock of `began` and `ended`. */
export function nextCount(began: number, ended: number): number {
  return ended + Math.max(PAUSE, PAUSE_FACTOR * (ended - began));
}

/** Bytes in use, for one event loop. */
export class UsageMeter implements Usage {
  readonly #clock: () => number;
  #bytes = 0;
  /** All bytes ever taken: `bytes` may shrink again, this only grows. */
  #taken = 0;
  /** The part of it whose writes have ended. */
  #settled = 0;
  /** The earliest time of the next count; `undefined` before the first. */
  #due: number | undefined;
  #counting: Promise<void> | undefined;
  #moves = 0;
  #uncounted = 0n;
  #kept = 0;

  /** Nothing is counted before the first {@link count}. */
  constructor({ clock = () => performance.now() }: UsageOptions = {}) {
    this.#clock = clock;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async count(vfs: Vfs): Promise<void> {
    if (this.#due === undefined) await this.#join(vfs);
  }

  async recount(vfs: Vfs): Promise<void> {
    if (this.#due === undefined || this.#clock() >= this.#due) await this.#join(vfs);
  }

  take(bytes: number, limit: number): boolean {
    if (this.#bytes + bytes > limit) return false;
    this.#bytes += bytes;
    this.#taken += bytes;
    return true;
  }

  settle(bytes: number): void {
    this.#settled += bytes;
  }

  release(bytes: number): void {
    this.#bytes = Math.max(0, this.#bytes - bytes);
  }

  moved(): void {
    this.#moves++;
  }

  #join(vfs: Vfs): Promise<void> {
    return this.#counting ??= this.#walk(vfs).finally(() => this.#counting = undefined);
  }

  async #walk(vfs: Vfs): Promise<void> {
    const began = this.#clock();
    const before = this.#settled;
    const moves = this.#moves;
    const found = await sizeOfTree(vfs);
    const known = { bytes: this.#bytes, uncounted: this.#uncounted, kept: this.#kept };
    const now = afterCount(found, { known, added: this.#taken - before, moved: this.#moves !== moves });
    this.#bytes = now.bytes;
    this.#uncounted = now.uncounted;
    this.#kept = now.kept;
    this.#due = nextCount(began, this.#clock());
  }
}

/** Returns one meter per root: accounts that share a root share its bytes too. */
export function usageMeters(): (rootPath: string) => Usage {
  const meters = new Map<string, UsageMeter>();
  return (rootPath) => {
    let meter = meters.get(rootPath);
    if (!meter) meters.set(rootPath, meter = new UsageMeter());
    return meter;
  };
}

/** Bytes of `entry` itself. A link takes no space of its own; its target is counted under its own name. */
export function ownSize(entry: Entry | undefined): number {
  return entry?.kind === "file" && entry.link === undefined ? entry.size : 0;
}

/** Counts all files, or asks the driver if it knows. Rejects if it fails, or the root cannot be listed. */
export async function sizeOfTree(vfs: Vfs): Promise<TreeSize> {
  const { usage } = vfs.capabilities;
  if (usage) return { bytes: await usage(), uncounted: 0n, sealed: true };
  const walk = new TreeWalk(vfs);
  const bytes = await walk.sizeOf(ROOT);
  return { bytes, uncounted: walk.uncounted, sealed: walk.sealed };
}

/** Entries that are counted without a pause: about two milliseconds of work on a disk. */
const ENTRIES_BETWEEN_RESTS = 256;

/**
 * Walks through a tree. No client waits for it as for a listing, so it pauses with timers, which let all other work go
 * first.
 */
class TreeWalk {
  uncounted = 0n;
  sealed = true;
  readonly #vfs: Vfs;
  #unrested = 0;

  constructor(vfs: Vfs) {
    this.#vfs = vfs;
  }

  async sizeOf(directory: VirtualPath): Promise<number> {
    let bytes = 0;
    for await (const batch of this.#vfs.list(directory)) {
      for (const entry of batch) {
        if (entry.kind !== "directory") bytes += await this.#isStale(directory, entry.name) ? 0 : ownSize(entry);
        else bytes += await this.#sizeBelow(directory, entry.name);
      }
      await this.#rest(batch.length);
    }
    return bytes;
  }

  /** What is left of an upload that was killed gives its room back. */
  async #isStale(directory: VirtualPath, name: string): Promise<boolean> {
    const { removeStale } = this.#vfs.capabilities;
    if (!removeStale || !isRunningPart(name)) return false;
    return await removeStale(joinPath(directory, name)) !== undefined;
  }

  /**
   * A directory that is gone in the meantime counts nothing; one that cannot be counted does not end the count, as that
   * would end all uploads.
   */
  async #sizeBelow(parent: VirtualPath, name: string): Promise<number> {
    try {
      return await this.sizeOf(joinPath(parent, name));
    } catch (error) {
      if (!(error instanceof VfsError)) throw error;
      if (error.kind !== "notFound" && error.kind !== "notDirectory") await this.#miss(parent, name, error);
      return 0;
    }
  }

  async #miss(parent: VirtualPath, name: string, { kind }: VfsError): Promise<void> {
    // A sum, so that the order of a listing does not matter; never 0.
    this.uncounted = BigInt.asIntN(64, this.uncounted + hashOf(`${parent}/${name}`)) || 1n;
    if (kind !== "denied" || !await this.#isSealed(joinPath(parent, name))) this.sealed = false;
  }

  async #rest(entries: number): Promise<void> {
    // An empty directory is work too.
    this.#unrested += entries + 1;
    if (this.#unrested < ENTRIES_BETWEEN_RESTS) return;
    this.#unrested = 0;
    await delay(0);
  }

  /** Whether not even a name in it can be looked up: then nothing can be created, moved or removed there. */
  async #isSealed(directory: VirtualPath): Promise<boolean> {
    try {
      await this.#vfs.stat(joinPath(directory, "x"));
      return false;
    } catch (error) {
      return error instanceof VfsError && error.kind === "denied";
    }
  }
}

/** FNV-1a with 64 bits. */
function hashOf(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
