/**
 * What this process may do with a directory on disk.
 *
 * @module
 */

import type { Found } from "./calls.ts";
import { toVfsError } from "./errors.ts";
import { joinReal } from "./real_path.ts";
import type { DiskRoot } from "./root.ts";
import { ROOT } from "../../vfs/virtual_path.ts";

/** Any name will do, existing or not. */
const SOME_NAME = "x";

/**
 * Whether the names in the real directory `directory` can be used. The runtime has no access(2); its call of that name
 * compares mode and owner itself, without groups, access control lists and root. So the system is asked for a name: the
 * error for a missing name differs from that for a closed directory.
 */
export function mayEnter(root: DiskRoot, directory: string): boolean {
  try {
    root.lookUp(joinReal(directory, SOME_NAME));
    return true;
  } catch (error) {
    return toVfsError(error, ROOT).kind !== "denied";
  }
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
