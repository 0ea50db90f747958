/**
 * Symbolic links in listings. Shown as what they lead to, they make clients that remove a tree remove what is behind
 * its links, and copy without end a tree with a link to one of its own directories; so they are shown as links unless
 * an operator wants it otherwise.
 *
 * @module
 */

import type { LinkListing } from "../../options.ts";
import type { Entry } from "../../vfs/vfs.ts";

/** What a listing shows of `entry`, which is as the driver lists it. */
export function shownLink(entry: Entry, listing: LinkListing): Entry {
  if (entry.kind !== "link" || listing === "arrow") return entry;
  if (listing === "followed") return entry.leadsTo ?? entry;
  const { target: _, ...plain } = entry;
  return plain;
}
