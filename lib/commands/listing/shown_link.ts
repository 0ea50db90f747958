/**
 * Symbolic links in listings. Shown as what they lead to, they make clients that remove a tree also remove what
 * its links lead to, and copy a tree with a link to one of its own directories without end; so they are shown as links
 * unless an operator wants it otherwise.
 *
 * @module
 */

import type { LinkListing } from "../../options.ts";
import type { Entry } from "../../vfs/vfs.ts";

/** The entry that a listing shows for `entry` of the driver. */
export function shownLink(entry: Entry, listing: LinkListing): Entry {
  if (entry.kind !== "link" || listing === "arrow") return entry;
  if (listing === "followed") return entry.leadsTo ?? entry;
  const { target: _, ...plain } = entry;
  return plain;
}
