/**
 * Where a link on disk leads, described without revealing anything outside the root.
 *
 * The text of a link may name any place on the host: an absolute link inside the root begins with the real path of the
 * root, and a relative one may leave the root and return to it. So a user sees the text only if it stays inside on its
 * own, otherwise the user's path of what it leads to, and nothing if that is outside or does not exist: the two cases
 * must be indistinguishable.
 *
 * @module
 */

import { dirname, isAbsolute, join, SEPARATOR } from "@std/path";
import type { DiskRoot } from "./root.ts";
import { VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { isListable, resolvePath, ROOT } from "../../vfs/virtual_path.ts";

/** What a client may learn of a link. */
export interface LinkDestination {
  /** Its target as the user may see it. */
  readonly target?: string;
  /** What the target is; absent if it is not part of this view. */
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

/** The text of the link, if it stays inside the root name by name, and inside the directory that it names last. */
function targetInside(root: DiskRoot, link: string): string | undefined {
  try {
    const text = Deno.readLinkSync(link);
    const directory = dirname(link);
    const place = isAbsolute(text) ? text : `${directory}${SEPARATOR}${text}`;
    // The path up to the last name is resolved by the system, so that a link on the way out is noticed.
    if (root.nameInside(Deno.realPathSync(dirname(place))) === undefined) return undefined;
    if (isAbsolute(text)) return root.nameInside(join(text));
    return staysInside(root.nameInside(directory), text) ? text.replaceAll(SEPARATOR, "/") : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a walk along `text` from `directory`, a path as the user sees it, never leaves the root. */
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

/** The user's path of what `path` leads to. Throws as {@link DiskRoot.follow} does. */
export function resolveLinks(root: DiskRoot, path: VirtualPath): VirtualPath {
  const inside = root.nameInside(root.follow(path));
  if (inside === undefined) throw new VfsError("notFound", `Leads out of the root: "${path}"`);
  return resolvePath(ROOT, inside);
}
