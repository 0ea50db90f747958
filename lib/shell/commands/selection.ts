/**
 * Commands for several files, which may ask about each.
 *
 * @module
 */

import { printable } from "../../client/names.ts";
import type { ShellContext } from "../context.ts";
import { Interrupted } from "../errors.ts";

/** What is asked. */
export interface SelectionOptions {
  /** Begins the question: `Delete`. */
  readonly verb: string;
  /** Ask once for all of them even if `prompt` is off. */
  readonly asksOnce?: boolean;
}

/**
 * Those of `matches` that are wanted. With `prompt on` a person is asked about each: yes, no, all of the rest, or none
 * of them. Where there is nobody to ask, all are.
 *
 * @throws {Interrupted} if a question is interrupted.
 */
export async function* selected<T extends { readonly path: string }>(
  { person, settings }: ShellContext,
  matches: readonly T[],
  { verb, asksOnce = false }: SelectionOptions,
): AsyncGenerator<T> {
  let asks = settings.prompt && person.isInteractive;
  if (!asks && asksOnce && person.isInteractive) {
    const what = matches.length === 1 ? printable(matches[0]?.path ?? "") : `${matches.length} files`;
    if (!isYes(await person.ask(`${verb} ${what}? [y/N] `))) return;
  }
  for (const match of matches) {
    if (asks) {
      const answer = await person.ask(`${verb} ${printable(match.path)}? [y]es, [n]o, [a]ll, [q]uit: `);
      if (answer === undefined) throw new Interrupted();
      if (/^q/i.test(answer.trim())) return;
      if (/^a/i.test(answer.trim())) asks = false;
      else if (!isYes(answer)) continue;
    }
    yield match;
  }
}

function isYes(answer: string | undefined): boolean {
  return /^y(?:es)?$/i.test(answer?.trim() ?? "");
}
