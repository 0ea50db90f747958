/**
 * Words as names of files: patterns are expanded from the listings of the server, or of a directory here.
 *
 * @module
 */

import { isAbsolute } from "@std/path";
import type { RemoteEntry } from "../client/remote_entry.ts";
import { compileGlob } from "../protocol/glob.ts";
import type { ShellContext } from "./context.ts";
import { ShellError, ShellUsageError } from "./errors.ts";
import type { Word } from "./line.ts";
import { joinPath, nameOf } from "./paths.ts";

/** A name of the server. */
export interface RemoteMatch {
  readonly path: string;
  /** What a listing says of it, if one was needed. */
  readonly entry: RemoteEntry | undefined;
}

/**
 * The names that `word` stands for, sorted; of a word without wildcards, itself.
 *
 * @throws {ShellError} if a pattern matches nothing.
 */
export async function expandRemote(context: ShellContext, word: Word, signal: AbortSignal): Promise<RemoteMatch[]> {
  if (word.pattern === undefined) return [{ path: word.text, entry: undefined }];
  const session = context.remote;
  const found = await expand(word.pattern, {
    list: async (directory) => (await session.list(directory, signal)).entries,
    isDirectory: ({ kind }) => kind === "directory" || kind === "link",
  });
  if (found.length === 0) throw noMatch(word, "on the server");
  return found;
}

/** As {@link expandRemote}, for several words. */
export async function expandAllRemote(
  context: ShellContext,
  words: readonly Word[],
  signal: AbortSignal,
): Promise<RemoteMatch[]> {
  const found: RemoteMatch[] = [];
  for (const word of words) found.push(...await expandRemote(context, word, signal));
  return found;
}

/** The one name that `word` stands for. @throws {ShellError} if there are several. */
export async function oneRemote(context: ShellContext, word: Word, signal: AbortSignal): Promise<RemoteMatch> {
  const [first, ...others] = await expandRemote(context, word, signal);
  if (first === undefined || others.length > 0) {
    throw new ShellUsageError(
      `${word.text} matches ${others.length + 1} names`,
      "The commands for several begin with m",
    );
  }
  return first;
}

/** The local paths that `words` stand for, as they were written. @throws {ShellError} if a pattern matches nothing. */
export async function expandAllLocal(context: ShellContext, words: readonly Word[]): Promise<string[]> {
  const paths: string[] = [];
  for (const word of words) {
    if (word.pattern === undefined) {
      paths.push(word.text);
      continue;
    }
    const found = await expand(word.pattern, {
      list: async (directory) => await Array.fromAsync(Deno.readDir(context.local(directory || "."))).catch(() => []),
      isDirectory: (entry) => entry.isDirectory || entry.isSymlink,
    });
    if (found.length === 0) throw noMatch(word, `in ${context.localDirectory}`);
    paths.push(...found.map(({ path }) => path));
  }
  return paths;
}

/** How one side lists its directories. */
interface Side<E extends { readonly name: string }> {
  list(directory: string): Promise<readonly E[]>;
  isDirectory(entry: E): boolean;
}

/** Expands a path name by name: only the directories that match are listed. */
async function expand<E extends { readonly name: string }>(
  pattern: string,
  side: Side<E>,
): Promise<{ path: string; entry: E | undefined }[]> {
  const parts = pattern.split("/").filter((part, index) => part !== "" || index === 0);
  let found: { path: string; entry: E | undefined }[] = [{ path: "", entry: undefined }];
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === "") {
      found = [{ path: "/", entry: undefined }];
    } else if (!/[*?[{]/.test(part.replaceAll(/\\./g, ""))) {
      const name = part.replaceAll(/\\(.)/g, "$1");
      found = found.map(({ path }) => ({ path: joinPath(path, name), entry: undefined }));
    } else {
      const next: typeof found = [];
      for (const { path } of found) next.push(...matching(path, part, await side.list(path)));
      found = isLast ? next : next.filter(({ entry }) => entry && side.isDirectory(entry));
    }
  }
  return found;
}

/** A name that is exactly the pattern wins: it was typed for that. */
function matching<E extends { readonly name: string }>(
  directory: string,
  part: string,
  entries: readonly E[],
): { path: string; entry: E }[] {
  const exact = entries.filter(({ name }) => name === part);
  const glob = compilePattern(part);
  const named = exact.length > 0 ? exact : entries.filter(({ name }) => glob.matches(name));
  return named.toSorted((a, b) => a.name < b.name ? -1 : 1).map((entry) => ({
    path: joinPath(directory, entry.name),
    entry,
  }));
}

function compilePattern(part: string): ReturnType<typeof compileGlob> {
  try {
    return compileGlob(part);
  } catch (error) {
    throw error instanceof RangeError ? new ShellUsageError(error.message) : error;
  }
}

function noMatch({ text }: Word, where: string): ShellError {
  return new ShellError(`Nothing matches ${text} ${where}`, undefined, 78);
}

/** The local name for a file of the server: its last name. */
export function localNameFor(path: string): string {
  return isAbsolute(path) || path.includes("/") ? nameOf(path) : path;
}
