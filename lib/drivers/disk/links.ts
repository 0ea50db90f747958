/**
 * Where a link on disk leads, in words that say nothing of what is outside the root.
 *
 * The text of a link may name any place of the host: an absolute link inside the root begins with the real path of the
 * root, and a relative one may go out and come in again. So what a user sees is the text only where it stays inside by
 * itself, else the path that the user has for what it leads to, and nothing where that is outside or is not there: the
 * two must not be told apart.
 *
 * @module
 */

import { dirname, isAbsolute, join, SEPARATOR } from "@std/path";
import type { DiskRoot } from "./root.ts";
import { isListable } from "../../vfs/virtual_path.ts";

/** What may be told of a link. */
export interface LinkDestination {
  /** Its target as the user may know it. */
  readonly target?: string;
  /** What the target is; absent where that is nothing of this view. */
  readonly info?: Deno.FileInfo;
}

/** Where the link at the real path `link` leads; never throws. */
export function whereLinkLeads(root: DiskRoot, link: string): LinkDestination {
  if (root.symlinks !== "follow-inside") return {};
  const found = root.followLink(link);
  const target = targetInside(root, link) ?? (found && root.nameInside(found.real));
  return {
    ...(found && { info: found.info }),
    ...(target !== undefined && target.split("/").every(isListable) && { target }),
  };
}

/** What the link says, where that stays inside the root name by name, and inside the directory that it names last. */
function targetInside(root: DiskRoot, link: string): string | undefined {
  try {
    const text = Deno.readLinkSync(link);
    const directory = dirname(link);
    const place = isAbsolute(text) ? text : `${directory}${SEPARATOR}${text}`;
    // What the text would have to go through is asked of the system, so that a link on the way out is noticed.
    if (root.nameInside(Deno.realPathSync(dirname(place))) === undefined) return undefined;
    if (isAbsolute(text)) return root.nameInside(join(text));
    return staysInside(root.nameInside(directory), text) ? text.replaceAll(SEPARATOR, "/") : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a walk along `text` from `directory`, a path of the user's, never goes above the root. */
function staysInside(directory: string | undefined, text: string): boolean {
  if (directory === undefined) return false;
  let depth = directory.split("/").filter((name) => name !== "").length;
  for (const name of text.split(SEPARATOR)) {
    if (name === "..") depth--;
    else if (name !== "" && name !== ".") depth++;
    if (depth < 0) return false;
  }
  return true;
}
