/**
 * Directories: where the shell is, there and here, and what is in them.
 *
 * @module
 */

import type { RemoteEntry } from "../../client/remote_entry.ts";
import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { ShellUsageError } from "../errors.ts";
import type { Word } from "../line.ts";
import { formatListing, type ListingStyle, shown } from "../listing.ts";
import { expandRemote, oneRemote } from "../patterns.ts";
import { say, splitLetters, wordAt } from "./arguments.ts";

const LETTERS = "la1htSr";

/** `ls`, `dir` with `long`. */
export function list(long: boolean): (context: ShellContext, call: Call) => Promise<void> {
  return async (context, { words, out, signal }) => {
    const { letters, rest } = splitLetters(words, LETTERS);
    const style: ListingStyle = {
      long: long || letters.has("l"),
      single: letters.has("1"),
      human: letters.has("h"),
      sort: letters.has("t") ? "time" : letters.has("S") ? "size" : "name",
      reverse: letters.has("r"),
    };
    for (const [index, { title, entries, unreadable }] of (await listed(context, rest, signal)).entries()) {
      if (rest.length > 1) await say(out, ...(index > 0 ? [""] : []), `${shown(title, out)}:`);
      await out.write(formatListing(entries, style, out));
      if (style.long) { for (const line of unreadable) await say(out, shown(line, out)); }
    }
  };
}

/** `nlist`: the names alone. */
export async function names(context: ShellContext, { words, out, signal }: Call): Promise<void> {
  for (const { entries } of await listed(context, words, signal)) {
    await out.write(entries.map(({ name }) => `${shown(name, out)}\n`).join(""));
  }
}

interface Listed {
  readonly title: string;
  readonly entries: readonly RemoteEntry[];
  readonly unreadable: readonly string[];
}

async function listed(context: ShellContext, words: readonly Word[], signal: AbortSignal): Promise<Listed[]> {
  const session = context.remote;
  if (words.length === 0) return [{ title: session.directory, ...await session.list("", signal) }];
  const lists: Listed[] = [];
  for (const word of words) {
    if (word.pattern === undefined) {
      lists.push({ title: word.text, ...await session.list(word.text, signal) });
      continue;
    }
    const found = await expandRemote(context, word, signal);
    const entries = found.map(({ path, entry }): RemoteEntry => ({
      ...(entry ?? { kind: "other", size: undefined, modified: undefined }),
      name: path,
    }));
    lists.push({ title: word.text, entries, unreadable: [] });
  }
  return lists;
}

/** `cd`: without a directory, back to where the session began; `-` is the directory before. */
export async function changeDirectory(context: ShellContext, { words: [word], signal }: Call): Promise<void> {
  const session = context.remote;
  if (word === undefined) await session.change(session.home, signal);
  else if (word.text === "-") await session.change(session.previous, signal);
  else await session.change((await oneRemote(context, word, signal)).path, signal);
}

/** `cdup`. */
export async function changeUp(context: ShellContext, { signal }: Call): Promise<void> {
  await context.remote.change("..", signal);
}

/** `pwd`. */
export async function printDirectory(context: ShellContext, { out, signal }: Call): Promise<void> {
  const session = context.remote;
  await session.refresh(signal);
  await say(out, shown(session.directory, out));
}

/** `lcd`. */
export async function changeLocal(context: ShellContext, call: Call): Promise<void> {
  if (call.words.length > 0) await context.changeLocal(wordAt(call, 0).text);
  await printLocal(context, call);
}

/** `lpwd`. */
export async function printLocal(context: ShellContext, { out }: Call): Promise<void> {
  await say(out, shown(context.localDirectory, out));
}

/** `mkdir`. */
export async function makeDirectories(context: ShellContext, { words, signal }: Call): Promise<void> {
  const { letters, rest } = splitLetters(words, "p");
  if (rest.length === 0) throw new ShellUsageError("A directory is missing");
  const session = context.remote;
  for (const { text } of rest) {
    if (letters.has("p")) await session.makeAll(text, signal);
    else await session.use(signal, (client) => client.makeDirectory(text));
  }
}

/** `rmdir`. */
export async function removeDirectories(context: ShellContext, { words, signal }: Call): Promise<void> {
  for (const word of words) {
    for (const { path } of await expandRemote(context, word, signal)) {
      await context.remote.use(signal, (client) => client.removeDirectory(path));
    }
  }
}
