/**
 * What commands have in common about their words.
 *
 * @module
 */

import type { Call } from "../command.ts";
import { ShellUsageError } from "../errors.ts";
import type { Word } from "../line.ts";
import type { Output } from "../ports.ts";

/** Words that begin with `-` and are not alone, as letters; and the others. A `--` ends the letters. */
export function splitLetters(
  words: readonly Word[],
  known: string,
): { readonly letters: ReadonlySet<string>; readonly rest: readonly Word[] } {
  const letters = new Set<string>();
  const rest: Word[] = [];
  let isOver = false;
  for (const word of words) {
    if (isOver || !/^-./.test(word.text)) {
      rest.push(word);
    } else if (word.text === "--") {
      isOver = true;
    } else {
      for (const letter of word.text.slice(1)) {
        if (!known.includes(letter)) throw new ShellUsageError(`Unknown option -${letter}`);
        letters.add(letter);
      }
    }
  }
  return { letters, rest };
}

/** The word at `index`, which the row demands. */
export function wordAt({ words }: Call, index: number): Word {
  const word = words[index];
  if (!word) throw new ShellUsageError("A word is missing");
  return word;
}

/** `on`, `off`, or the opposite of `now` if nothing was said. */
export function switched(text: string | undefined, now: boolean): boolean {
  if (text === undefined) return !now;
  if (text === "on" || text === "off") return text === "on";
  throw new ShellUsageError(`"${text}" is neither on nor off`);
}

/** Writes lines that are ours. */
export async function say(out: Output, ...lines: readonly string[]): Promise<void> {
  await out.write(lines.map((line) => `${line}\n`).join(""));
}
