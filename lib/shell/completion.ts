/**
 * Completion of a line: commands, names of the server, and names here.
 *
 * @module
 */

import { UNPRINTABLE } from "../net/unprintable.ts";
import type { ArgumentKind, ShellCommand } from "./command.ts";
import type { ShellContext } from "./context.ts";
import { quoteWord, scan, type Token } from "./line.ts";
import { findCommand } from "./lookup.ts";
import { joinPath } from "./paths.ts";

/** What may stand in place of the end of a line. */
export interface Completion {
  /** Each as it would be typed. */
  readonly candidates: readonly string[];
  /** The end of the line that they replace. */
  readonly replaced: string;
}

/** What {@link completeLine} works with. */
export interface CompletionSources {
  readonly commands: readonly ShellCommand[];
  readonly context: ShellContext;
  readonly signal: AbortSignal;
}

/** A name that may follow, and whether more can follow it. */
interface Name {
  readonly text: string;
  readonly isDirectory: boolean;
}

/** Completes the last word of `line`. A server that does not answer offers nothing. Never rejects. */
export async function completeLine(line: string, sources: CompletionSources): Promise<Completion> {
  const none: Completion = { candidates: [], replaced: "" };
  if (
    /^\s*!/.test(line) || /\|/.test(line) && scan(line).tokens.some(({ text, operator }) => operator && text === "|")
  ) {
    return none;
  }
  const { tokens, inToken, open } = scan(line);
  if (open === "\\") return none;
  const last = inToken ? tokens.at(-1) : undefined;
  const before = inToken ? tokens.slice(0, -1) : tokens;
  const start = last?.start ?? line.length;
  const replaced = line.slice(start);
  try {
    const names = await namesFor(before, last?.text ?? "", sources);
    const harmless = names.filter(({ text }) => text.search(UNPRINTABLE) < 0);
    return { candidates: harmless.map((name) => asTyped(name, replaced, harmless.length === 1)), replaced };
  } catch {
    return none;
  }
}

/** With the quote that the word began with; a blank after the only candidate, which is whole. */
function asTyped({ text, isDirectory }: Name, begun: string, isOnly: boolean): string {
  const end = isOnly && !isDirectory ? " " : "";
  const quote = begun.charAt(0);
  if (quote === '"' && !/["\\]/.test(text)) return `"${text}${isDirectory ? "" : '"'}${end}`;
  if (quote === "'" && !text.includes("'")) return `'${text}${isDirectory ? "" : "'"}${end}`;
  return quoteWord(text) + end;
}

async function namesFor(before: readonly Token[], begun: string, sources: CompletionSources): Promise<Name[]> {
  const { commands, context, signal } = sources;
  const [first, ...words] = before;
  if (first === undefined) return commandNames(commands, begun);
  if (before.at(-1)?.operator) return await localNames(context, begun, false);
  const kinds = findCommand(commands, first.text.replace(/^-/, "")).completes ?? [];
  const kind = kinds[Math.min(words.filter(({ text }) => !text.startsWith("-")).length, kinds.length - 1)];
  if (kind === undefined || begun.startsWith("-")) return [];
  return await namesOf(kind, begun, { commands, context, signal });
}

async function namesOf(kind: ArgumentKind, begun: string, sources: CompletionSources): Promise<Name[]> {
  const { commands, context, signal } = sources;
  if (typeof kind === "object") return plain(kind, begun);
  switch (kind) {
    case "command":
      return commandNames(commands, begun);
    case "bookmark":
      return plain((await context.bookmarks.list()).map(({ name }) => name), begun);
    case "local":
    case "localDirectory":
      return await localNames(context, begun, kind === "localDirectory");
    case "remote":
    case "remoteDirectory":
      return await remoteNames(context, begun, { directoriesOnly: kind === "remoteDirectory", signal });
  }
}

function plain(names: readonly string[], begun: string): Name[] {
  return names.filter((name) => name.startsWith(begun)).toSorted().map((text) => ({ text, isDirectory: false }));
}

function commandNames(commands: readonly ShellCommand[], begun: string): Name[] {
  return plain(commands.flatMap(({ names }) => names), begun.toLowerCase());
}

async function remoteNames(
  context: ShellContext,
  begun: string,
  { directoriesOnly, signal }: { readonly directoriesOnly: boolean; readonly signal: AbortSignal },
): Promise<Name[]> {
  const { session } = context;
  if (!session) return [];
  const [directory, name] = split(begun);
  const entries = await session.listKnown(directory, signal);
  return entries
    .filter((entry) => entry.name.startsWith(name) && (!directoriesOnly || entry.kind !== "file"))
    .map((entry) => asName(directory, entry.name, entry.kind === "directory"));
}

async function localNames(context: ShellContext, begun: string, directoriesOnly: boolean): Promise<Name[]> {
  const [directory, name] = split(begun);
  const found: Name[] = [];
  for await (const entry of Deno.readDir(context.local(directory || "."))) {
    // As in a shell: hidden names only where a dot was typed.
    const isWanted = entry.name.startsWith(name) && (name !== "" || !entry.name.startsWith("."));
    if (isWanted && (!directoriesOnly || !entry.isFile)) found.push(asName(directory, entry.name, entry.isDirectory));
  }
  return found.toSorted((a, b) => a.text < b.text ? -1 : 1);
}

/** The directory as it was typed, with its slash, and the beginning of a name in it. */
function split(begun: string): [directory: string, name: string] {
  const slash = begun.lastIndexOf("/") + 1;
  return [begun.slice(0, slash), begun.slice(slash)];
}

function asName(directory: string, name: string, isDirectory: boolean): Name {
  return { text: joinPath(directory, name) + (isDirectory ? "/" : ""), isDirectory };
}
