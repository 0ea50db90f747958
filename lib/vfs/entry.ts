/**
 * Entries of drivers that have neither modes nor owners.
 *
 * @module
 */

import type { Entry } from "./vfs.ts";

/** The fields that {@link makeEntry} has no default for. */
export type EntryBasics = Pick<Entry, "name" | "kind">;

/**
 * An entry; fields left out get what a storage without them shows: no bytes, the year 1970, mode 755 for directories
 * and 644 for everything else, one link, owner and group `ftp`.
 */
export function makeEntry(fields: EntryBasics & Partial<Entry>): Entry {
  return {
    size: 0,
    modified: 0,
    mode: fields.kind === "directory" ? 0o755 : 0o644,
    links: 1,
    owner: "ftp",
    group: "ftp",
    ...fields,
  };
}
