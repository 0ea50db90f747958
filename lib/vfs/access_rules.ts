/**
 * Who may do what where: path rules, the general first, the specific last; the last rule that covers a path decides.
 *
 * @module
 */

/** One right over a path. `write` makes and replaces files, `append` adds to or resumes those that are there. */
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

/** What a rule grants, without saying where. */
export interface AccessGrant {
  readonly allow: ReadonlySet<AccessRight>;
  /** `false`: a file that is there may not be replaced, neither by STOR nor by RNTO. */
  readonly overwrite: boolean;
}

/** What may be done at `path` and everything under it. */
export interface AccessRule extends AccessGrant {
  /** A virtual path such as `/` or `/incoming`; the whole tree below it is covered. */
  readonly path: string;
}

/** Among the words of a grant: files that are there may not be replaced. */
const NO_OVERWRITE = "no-overwrite";

/** The words that stand for a whole grant. */
export const GRANTS: ReadonlyMap<string, AccessGrant> = new Map([
  // Everything.
  ["rw", { allow: new Set(ACCESS_RIGHTS), overwrite: true }],
  // Looking and fetching.
  ["ro", { allow: new Set<AccessRight>(["list", "read"]), overwrite: true }],
  // Adding to what is there, taking nothing away: backups, an archive.
  ["add", { allow: new Set<AccessRight>(["list", "read", "write", "mkdir"]), overwrite: false }],
  // Handing in, also by whole directories, without seeing or replacing what others handed in.
  ["dropbox", { allow: new Set<AccessRight>(["write", "mkdir"]), overwrite: false }],
  // Nothing at all: shuts a part of a tree that is otherwise open.
  ["none", { allow: new Set<AccessRight>(), overwrite: false }],
]);

/**
 * Reads what people write for a grant: words of {@link GRANTS}, single rights and `no-overwrite`, alone or together, as a list or
 * as one text with commas or spaces between. Together they allow the sum, and replacing files only if each of them does.
 *
 * @throws {Error} that quotes the word it does not know.
 */
export function parseAccess(value: string | readonly string[]): AccessGrant {
  const words = typeof value === "string" ? value.split(/[\s,]+/).filter((word) => word !== "") : value;
  if (words.length === 0) throw new Error(`No permission named: use "none" to grant nothing`);
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
  throw new Error(`Unknown permission "${word}": use ${[...GRANTS.keys(), ...ACCESS_RIGHTS, NO_OVERWRITE].join(", ")}`);
}
