/**
 * The rights of an account of SFTPGo as rules: where one of ours covers more than one of theirs, it takes all of them.
 *
 * @module
 */

import { type AccessRight, GRANTS } from "../../../vfs/access_rules.ts";

/** SFTPGo's words by directory. */
export type RightsByPath = Readonly<Record<string, readonly string[]>>;

/** A rule in the accounts file. */
interface RuleJson {
  readonly path: string;
  readonly allow: string | readonly AccessRight[];
  readonly overwrite?: false;
}

/** Each of our rights with the words that it takes: all of one of the lists. */
const WORDS: readonly (readonly [right: AccessRight, words: readonly (readonly string[])[]])[] = [
  ["list", [["list"]]],
  ["read", [["download"]]],
  ["write", [["upload"]]],
  // Adding to a file is changing it.
  ["append", [["upload", "overwrite"]]],
  ["delete", [["delete"], ["delete_files"]]],
  ["rename", [["rename"], ["rename_files", "rename_dirs"]]],
  ["mkdir", [["create_dirs"]]],
  ["rmdir", [["delete"], ["delete_dirs"]]],
  ["modify", [["chmod", "chtimes"]]],
];

/** Words that FTP has no use for. */
const UNUSED = ["*", "create_symlinks", "chown", "copy"];

/**
 * The rules of the tree at `top`, with paths in it, from general to specific; without any word there, nothing is
 * allowed.
 *
 * @param isWanted of a path of SFTPGo.
 * @param readOnly keeps listing and reading alone.
 */
export function rulesBelow(
  top: string,
  rights: RightsByPath,
  isWanted: (path: string) => boolean,
  readOnly = false,
): readonly RuleJson[] {
  const places = Object.keys(rights).toSorted((one, other) => one.length - other.length);
  const own = places.findLast((path) => isIn(top, path));
  const below = places.filter((path) => path !== top && isIn(path, top) && isWanted(path));
  return [
    { path: "/", ...grantOf(own === undefined ? [] : rights[own] ?? [], readOnly) },
    ...below.map((path) => ({
      path: path.slice(top === "/" ? 0 : top.length),
      ...grantOf(rights[path] ?? [], readOnly),
    })),
  ];
}

/** What is lost of the rights, one line each. */
export function describeRights(rights: RightsByPath): string[] {
  return Object.entries(rights).flatMap(([path, words]) => {
    if (words.includes("*")) return [];
    const used = new Set(
      WORDS.filter(([right]) => allowed(words).includes(right)).flatMap(([, lists]) => lists.flat()),
    );
    const lost = words.filter((word) => !used.has(word) && !UNUSED.includes(word));
    return lost.length === 0 ? [] : [`Rights ${lost.join(", ")} at "${path}" are not taken over alone`];
  });
}

function grantOf(words: readonly string[], readOnly: boolean): Pick<RuleJson, "allow" | "overwrite"> {
  if (words.includes("*") && !readOnly) return { allow: "rw" };
  const rights = allowed(words).filter((right) => !readOnly || right === "list" || right === "read");
  if (rights.length === 0) return { allow: "none" };
  const replaces = words.includes("overwrite") || !rights.includes("write");
  return { allow: rights, ...(!replaces && { overwrite: false as const }) };
}

function allowed(words: readonly string[]): AccessRight[] {
  if (words.includes("*")) return [...GRANTS.get("rw")?.allow ?? []];
  return WORDS.filter(([, lists]) => lists.some((list) => list.every((word) => words.includes(word))))
    .map(([right]) => right);
}

function isIn(path: string, directory: string): boolean {
  return directory === "/" || path === directory || path.startsWith(`${directory}/`);
}
