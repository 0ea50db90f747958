/**
 * Which files of a tree are meant.
 *
 * @module
 */

import type { TreeEntry } from "../job/tree.ts";

/** The filters of a user. */
export interface Filters {
  /** Patterns; without any, every file. */
  readonly include?: readonly string[];
  /** Patterns. They win over {@link include}, and what is below an excluded directory is not looked at. */
  readonly exclude?: readonly string[];
  /** Texts in the form of `.gitignore`, with all that git knows, such as `!kept.tmp` after `*.tmp`. */
  readonly ignore?: readonly string[];
  /** Milliseconds since 1970: only files changed since. */
  readonly newer?: number | undefined;
  /** Bytes: only files that are not larger. */
  readonly maxSize?: number | undefined;
}

type Matcher = (path: string, isDirectory: boolean) => boolean;

/** Makes the question for `scanLocal` and `scanRemote`: whether a path is part of the tree. */
export async function pathFilter({ include = [], exclude = [], ignore = [] }: Filters): Promise<Matcher> {
  const ignored = await ignoredBy(ignore);
  const included = await Promise.all(include.map(matcherOf));
  const excluded = await Promise.all(exclude.map(matcherOf));
  return (path, isDirectory) => {
    if (ignored(path, isDirectory)) return false;
    if (excluded.some((matches) => matches(path, isDirectory))) return false;
    return isDirectory || included.length === 0 || included.some((matches) => matches(path, false));
  };
}

/** Why a file is not meant although its path is; `undefined` if it is. */
export function reasonAgainst({ size, modified }: TreeEntry, { newer, maxSize }: Filters): string | undefined {
  if (maxSize !== undefined && (size ?? 0) > maxSize) return "larger than --max-size";
  if (newer !== undefined && modified !== undefined && modified < newer) return "older than --newer";
  return undefined;
}

/**
 * As in `.gitignore`: a pattern with a slash before its end is for the whole path, any other for a name at any depth;
 * one that ends with a slash is for directories.
 */
async function matcherOf(pattern: string): Promise<Matcher> {
  const isForDirectories = pattern.endsWith("/");
  const bare = pattern.replace(/\/+$/, "");
  const isForPath = bare.includes("/");
  // @ts-types="@types/picomatch"
  const { default: picomatch } = await import("picomatch");
  const matches = picomatch(bare.replace(/^\//, ""), { dot: true, basename: !isForPath });
  return (path, isDirectory) => (isDirectory || !isForDirectories) && matches(path);
}

/** What is below an ignored directory is not asked about, as with git. */
async function ignoredBy(texts: readonly string[]): Promise<Matcher> {
  if (texts.length === 0) return () => false;
  const { default: makeIgnore } = await import("ignore");
  const rules = makeIgnore({ allowRelativePaths: true });
  for (const text of texts) rules.add(text);
  return (path, isDirectory) => rules.ignores(isDirectory ? `${path}/` : path);
}

/** Whether filters hide any name: then what is not seen may still be there. */
export function hidesNames({ include = [], exclude = [], ignore = [] }: Filters): boolean {
  return include.length + exclude.length + ignore.length > 0;
}
