/**
 * What this process may do with a directory on disk.
 *
 * @module
 */

import { toVfsError } from "./errors.ts";
import { joinReal } from "./root.ts";
import { ROOT } from "../../vfs/virtual_path.ts";

/** Any name would do, there or not. */
const SOME_NAME = "x";

/**
 * Whether the names in the real directory `directory` can be used. The runtime has no access(2), and what it has by
 * that name compares mode and owner by itself, without groups, lists of rights and root: so the system is asked for a
 * name, which fails otherwise where it is not there.
 */
export function mayEnter(directory: string): boolean {
  try {
    Deno.lstatSync(joinReal(directory, SOME_NAME));
    return true;
  } catch (error) {
    return toVfsError(error, ROOT).kind !== "denied";
  }
}
