/**
 * Files and directories of the server that are not moved between there and here.
 *
 * @module
 */

import { removeTree } from "../../agent/job/directories.ts";
import { scanWhole } from "../../agent/job/tree.ts";
import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { withCrew } from "../crews.ts";
import { ShellError, ShellUsageError } from "../errors.ts";
import type { Word } from "../line.ts";
import { shown } from "../listing.ts";
import { joinPath, nameOf } from "../paths.ts";
import { expandAllRemote, oneRemote } from "../patterns.ts";
import { say, splitLetters, wordAt } from "./arguments.ts";
import { selected } from "./selection.ts";

/** `delete`: the files that are named, without a question; with -r directories and all that they have, after one. */
export async function remove(context: ShellContext, { words, signal }: Call): Promise<void> {
  const { letters, rest } = splitLetters(words, "r");
  if (rest.length === 0) throw new ShellUsageError("Use: delete [-r] REMOTE …");
  if (letters.has("r")) return await removeTrees(context, rest, signal);
  for (const word of rest) {
    const { path } = await oneRemote(context, word, signal);
    await context.remote.use(signal, (client) => client.remove(path));
  }
}

async function removeTrees(context: ShellContext, words: readonly Word[], signal: AbortSignal): Promise<void> {
  const found = await expandAllRemote(context, words, signal);
  const paths = found.map(({ path, entry }) => ({ path: context.remote.resolve(path), entry }));
  if (paths.some(({ path }) => path === "/")) throw new ShellUsageError("The root is not removed: name what is in it");
  for await (
    const { path, entry } of selected(context, paths, { verb: "Delete, with all below it,", asksOnce: true })
  ) {
    const { kind } = entry ?? await context.remote.find(path, signal) ?? {};
    if (kind !== "directory") await context.remote.use(signal, (client) => client.remove(path));
    else await withCrew(context, signal, async (job) => removeTree(job, path, await scanWhole(job.crew, path)));
  }
}

/** `mdelete`: what matches, after a question. */
export async function removeMany(context: ShellContext, { words, signal }: Call): Promise<void> {
  const found = await expandAllRemote(context, words, signal);
  const files = found.filter(({ entry }) => entry?.kind !== "directory");
  if (files.length === 0) throw new ShellError("Only directories match", "rmdir removes empty ones");
  for await (const { path } of selected(context, files, { verb: "Delete", asksOnce: true })) {
    await context.remote.use(signal, (client) => client.remove(path));
  }
}

/** `rename`. */
export async function rename(context: ShellContext, call: Call): Promise<void> {
  const { path } = await oneRemote(context, wordAt(call, 0), call.signal);
  const { text } = wordAt(call, 1);
  const target = text.endsWith("/") ? joinPath(text, nameOf(path)) : text;
  await context.remote.use(call.signal, (client) => client.rename(path, target));
}

/** `chmod`. */
export async function changeMode(context: ShellContext, { words: [mode, ...names], signal }: Call): Promise<void> {
  const text = mode?.text ?? "";
  if (!/^[0-7]{3,4}$/.test(text)) {
    throw new ShellUsageError(`"${text}" is not a mode`, "A mode has three or four digits from 0 to 7, such as 644");
  }
  for (const { path } of await expandAllRemote(context, names, signal)) {
    await context.remote.use(signal, (client) => client.setMode(path, parseInt(text, 8)));
  }
}

/** `size`. */
export async function size(context: ShellContext, { words, out, signal }: Call): Promise<void> {
  for (const { path } of await expandAllRemote(context, words, signal)) {
    const bytes = await context.remote.ask(signal, (client) => client.size(path));
    await say(out, `${bytes}\t${shown(path, out)}`);
  }
}

/** `modtime`. */
export async function modified(context: ShellContext, { words, out, signal }: Call): Promise<void> {
  for (const { path } of await expandAllRemote(context, words, signal)) {
    const time = await context.remote.ask(signal, (client) => client.modified(path));
    await say(out, `${new Date(time).toISOString()}\t${shown(path, out)}`);
  }
}
