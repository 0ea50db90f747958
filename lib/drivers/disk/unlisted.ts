/**
 * Names that are in a directory but not in its listing.
 *
 * @module
 */

import { isThere, REPLACEMENT, SMALL_DIRECTORY } from "./list.ts";
import { joinReal } from "./real_path.ts";
import type { DiskRoot } from "./root.ts";
import type { VirtualPath } from "../../vfs/vfs.ts";
import { isListable } from "../../vfs/virtual_path.ts";

/** A directory that could not be removed because it is not empty. */
export interface FullDirectory {
  readonly path: VirtualPath;
  /** Its real path. */
  readonly real: string;
  readonly info: Deno.FileInfo;
}

/**
 * The names in the directory that are not in its listing, as a sentence; `undefined` if there are none, or the
 * directory is large. Without it, a user who may remove the directory sees an empty one, and cannot know why it stays.
 */
export function unlistedNames(root: DiskRoot, { real, info }: FullDirectory): string | undefined {
  if (info.size > SMALL_DIRECTORY) return undefined;
  const names = Array.from(Deno.readDirSync(real), ({ name }) => name);
  const broken = names.filter((name) => !isListable(name)).length;
  const prefix = joinReal(real, "");
  // With the C library such names are listed.
  const raw = root.isContained
    ? []
    : names.filter((name) => name.includes(REPLACEMENT) && !isThere(root, prefix + name));
  const parts = [
    ...(raw.length === 0
      ? []
      : [raw.length === 1 ? "1 name that is not UTF-8" : `${raw.length} names that are not UTF-8`]),
    ...(broken === 0 ? [] : [`${broken} ${broken === 1 ? "name" : "names"} with a line end`]),
  ];
  return parts.length > 0 ? `Directory not empty: it holds ${parts.join(" and ")}, which cannot be listed` : undefined;
}
