/**
 * Entries: what a view tells about a file or directory, and those of drivers that have neither modes nor owners.
 *
 * @module
 */

/**
 * The kind of an entry. `stat` follows links that stay inside the root, so its `link` is one that leads nowhere; `list`
 * follows none.
 */
export type EntryKind = "file" | "directory" | "link" | "other";

/** A file or directory, as returned by `stat` and `list`. */
export interface Entry {
  /** The last part of the path; `/` for the root. */
  readonly name: string;
  /** What the entry is. */
  readonly kind: EntryKind;
  /** Size in bytes; 0 if a directory has no size. */
  readonly size: number;
  /** Milliseconds since 1970, UTC. */
  readonly modified: number;
  /** Permission bits, `0o000` to `0o7777`. */
  readonly mode: number;
  /** Number of hard links; 1 if the driver has none. */
  readonly links: number;
  /** The name of the owner, for listings. */
  readonly owner: string;
  /** The name of the group, for listings. */
  readonly group: string;
  /**
   * The same for two names of one object, different for two objects (RFC 3659 section 7.5.2); absent if the driver
   * cannot distinguish them.
   */
  readonly unique?: string;
  /**
   * Where a link leads, relative to its directory or to the root of the view: never a path outside. Absent if there is
   * no such path, and for entries that are not links.
   */
  readonly target?: string;
  /** The target of a link; absent if it is not part of this view, and for entries that are not links. */
  readonly leadsTo?: Entry;
  /** Of a directory that `stat` has found: this process may not use the names in it. */
  readonly closed?: true;
  /** The link through which `stat` has found the entry; absent if the name is not a link. */
  readonly link?: Entry;
  /** Of a directory: it can be neither removed nor renamed, whatever the rights, as something is mounted there. */
  readonly fixed?: true;
}

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
