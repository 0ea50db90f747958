/**
 * What this process may do with a directory on disk.
 *
 * @module
 */

import type { Found } from "./calls.ts";
import { toVfsError } from "./errors.ts";
import { isSame } from "./opened_file.ts";
import { joinReal } from "./real_path.ts";
import type { DiskRoot } from "./root.ts";
import { ROOT } from "../../vfs/virtual_path.ts";

type Looks = Pick<DiskRoot, "lookUp">;

/** Any name will do, existing or not. */
const SOME_NAME = "x";

/**
 * Whether the names in the real directory `directory` can be used. The runtime has no access(2); its call of that name
 * compares mode and owner itself, without groups, access control lists and root. So the system is asked for a name: the
 * error for a missing name differs from that for a closed directory.
 */
export function mayEnter(root: Looks, directory: string): boolean {
  try {
    root.lookUp(joinReal(directory, SOME_NAME));
    return true;
  } catch (error) {
    return toVfsError(error, ROOT).kind !== "denied";
  }
}

/** Milliseconds for which two changes of a directory may have one time, with room to spare. */
const TICK = 1_000;

/** Milliseconds after which it is asked again whatever the directory says. */
const TRUSTED = 5_000;

/**
 * {@link mayEnter} for one directory, which every login asks about: the answer for a missing name is an error of the
 * runtime, which takes as long as three looks. What decides is part of the directory, and a change of it changes its
 * `ctime`: as long as that stays, so does the permission to enter. What a server of files or a security module decides
 * besides is noticed some seconds later.
 */
export class KnownDoor {
  readonly #root: Looks;
  readonly #now: () => number;
  /** The directory when it was last found open. */
  #open: Deno.FileInfo | undefined;
  #trustedUntil = 0;

  /**
   * The directory is below `root`, or is it.
   *
   * @param now milliseconds of a monotonic clock.
   */
  constructor(root: Looks, now = () => performance.now()) {
    this.#root = root;
    this.#now = now;
  }

  /** @param found the directory as it is now, looked at before this call. */
  mayEnter({ real, info }: Found): boolean {
    const isKnown = this.#open !== undefined && this.#now() < this.#trustedUntil && isUnchanged(info, this.#open);
    if (isKnown) return true;
    const may = mayEnter(this.#root, real);
    this.#open = may && isSettled(info) ? info : undefined;
    this.#trustedUntil = this.#now() + TRUSTED;
    return may;
  }
}

function isUnchanged(now: Deno.FileInfo, before: Deno.FileInfo): boolean {
  return isSame(now, before) && now.ctime?.getTime() === before.ctime?.getTime() && now.mode === before.mode &&
    now.uid === before.uid && now.gid === before.gid;
}

/** Whether another change would have another time. Systems without such times are asked each time. */
function isSettled({ ctime }: Deno.FileInfo): boolean {
  return ctime !== null && Date.now() - ctime.getTime() > TICK;
}

/** The root, if one look tells that its names can be used as well: every login asks. Two tell why they cannot. */
export function openRoot(root: DiskRoot): Found | undefined {
  // The runtime leaves the dot away.
  if (!root.isContained) return undefined;
  const real = root.place(ROOT);
  try {
    const info = root.lookUp(joinReal(real, "."));
    return info && { real, info };
  } catch {
    return undefined;
  }
}
