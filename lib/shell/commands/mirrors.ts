/**
 * Whole directories.
 *
 * @module
 */

import { basename } from "@std/path";
import { mirror as mirrorWith } from "../../agent/mirror/mirror.ts";
import { localName } from "../../client/names.ts";
import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { withCrew } from "../crews.ts";
import { ShellUsageError } from "../errors.ts";
import type { Word } from "../line.ts";
import { nameOf } from "../paths.ts";
import { splitLetters } from "./arguments.ts";

const LONG_NAMES: ReadonlyMap<string, string> = new Map([["--reverse", "-R"], ["--delete", "-e"], ["--dry-run", "-n"]]);

/** `mirror`: the contents of one directory become those of another. */
export async function mirror(context: ShellContext, { words, signal }: Call): Promise<void> {
  const { letters, rest } = splitLetters(words.map(shortened), "Ren");
  const [source, target, ...more] = rest;
  if (source === undefined || more.length > 0) throw new ShellUsageError("Use: mirror [-Ren] SOURCE [TARGET]");
  const isUp = letters.has("R");
  const session = context.remote;
  const remote = session.resolve(isUp ? target?.text ?? basename(context.local(source.text)) : source.text);
  const local = context.local(isUp ? source.text : target?.text ?? localName(nameOf(session.resolve(source.text))));
  await withCrew(context, signal, async (job, watch) => {
    await mirrorWith({ ...job, times: isUp }, {
      ...{ direction: isUp ? "up" : "down", remote, local },
      ...{ delete: letters.has("e"), dryRun: letters.has("n") },
      onPlan: (files, bytes) => watch.expect(files, bytes),
    });
  });
  if (isUp) session.forget();
}

function shortened(word: Word): Word {
  const letter = LONG_NAMES.get(word.text);
  return letter === undefined ? word : { text: letter, pattern: undefined };
}
