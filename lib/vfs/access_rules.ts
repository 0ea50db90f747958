/**
 * Access rules by path, from general to specific; the last rule that covers a path decides.
 *
 * @module
 */

/** The rights over a path. `write` creates and replaces files, `append` adds to or resumes existing ones. */
export const ACCESS_RIGHTS = [
  "list",
  "read",
  "write",
  "append",
  "delete",
  "rename",
  "mkdir",
  "rmdir",
  "modify",
] as const;

/** One of {@link ACCESS_RIGHTS}. `modify` is for attributes: modes and times. */
export type AccessRight = typeof ACCESS_RIGHTS[number];

/** What a rule grants, without its path. */
export interface AccessGrant {
  /** The rights; none if empty. */
  readonly allow: ReadonlySet<AccessRight>;
  /** `false`: an existing file may not be replaced, neither by STOR nor by RNTO. */
  readonly overwrite: boolean;
}

/** What may be done at `path` and everything below it. */
export interface AccessRule extends AccessGrant {
  /** A virtual path such as `/` or `/incoming`; it covers the whole tree below it. */
  readonly path: string;
}

/** The word in a grant for: existing files may not be replaced. */
const NO_OVERWRITE = "no-overwrite";

/** The words that stand for a whole grant. */
export const GRANTS: ReadonlyMap<string, AccessGrant> = new Map([
  // Everything.
  ["rw", { allow: new Set(ACCESS_RIGHTS), overwrite: true }],
  // Listing and downloading.
  ["ro", { allow: new Set<AccessRight>(["list", "read"]), overwrite: true }],
  // Adding without taking anything away: backups, an archive.
  ["add", { allow: new Set<AccessRight>(["list", "read", "write", "mkdir"]), overwrite: false }],
  // Handing in files, also whole directories, without seeing or replacing those of others.
  ["dropbox", { allow: new Set<AccessRight>(["write", "mkdir"]), overwrite: false }],
  // Nothing at all: closes a part of a tree that is otherwise open.
  ["none", { allow: new Set<AccessRight>(), overwrite: false }],
]);

/**
 * Parses a grant: words of {@link GRANTS}, single rights and `no-overwrite`, alone or combined, as a list or as one
 * string separated by commas or spaces. A combination allows the union, and replacing files only if each part does.
 *
 * @throws {Error} quoting the unknown word.
 */
export function parseAccess(value: string | readonly string[]): AccessGrant {
  const words = typeof value === "string" ? value.split(/[\s,]+/).filter((word) => word !== "") : value;
  if (words.length === 0) throw new Error(`No right given: use "none" to grant nothing`);
  const grants = words.map(parseWord);
  return {
    allow: new Set(grants.flatMap((grant) => [...grant.allow])),
    overwrite: grants.every((grant) => grant.overwrite),
  };
}

function parseWord(word: string): AccessGrant {
  const grant = GRANTS.get(word);
  if (grant !== undefined) return grant;
  const permission = ACCESS_RIGHTS.find((known) => known === word);
  if (permission !== undefined) return { allow: new Set([permission]), overwrite: true };
  if (word === NO_OVERWRITE) return { allow: new Set(), overwrite: false };
  throw new Error(`Unknown right "${word}": use ${[...GRANTS.keys(), ...ACCESS_RIGHTS, NO_OVERWRITE].join(", ")}`);
}
