/**
 * The look-up over rows, and what can be asked about all of them at once.
 *
 * @module
 */

import { makeMask } from "../protocol/command_line.ts";
import type { Command } from "./command.ts";

/** What the dispatcher, the log and HELP look commands up in. */
export interface CommandTable {
  readonly commands: readonly Command[];
  /** The row of a verb or alias, in upper case; `undefined` if there is none. */
  find(verb: string): Command | undefined;
  /** Verbs without a row that mean something to other servers: 502, others 500 (RFC 959 section 4.2). */
  readonly foreign: readonly string[];
  /** A command line as it may be logged, with the arguments of secret verbs masked. */
  readonly mask: (line: string) => string;
}

/**
 * Builds the table. FEAT, HELP and OPTS are rows about the table, so `rowsOf` is given the table that its rows will be
 * in.
 *
 * @param foreign see {@link CommandTable.foreign}. Default: none.
 * @throws {Error} on two rows of one name: a mistake in the table.
 */
export function makeTable(
  rowsOf: (table: CommandTable) => readonly Command[],
  foreign: readonly string[] = [],
): CommandTable {
  const commands: Command[] = [];
  const byVerb = new Map<string, Command>();
  let mask = (line: string) => line;
  const table = Object.freeze({
    commands,
    find: (verb: string) => byVerb.get(verb),
    foreign,
    mask: (line: string) => mask(line),
  });
  for (const entry of rowsOf(table)) {
    commands.push(entry);
    for (const verb of namesOf(entry)) {
      if (byVerb.has(verb)) throw new Error(`The command table has two rows named "${verb}"`);
      byVerb.set(verb, entry);
    }
  }
  mask = makeMask(commands.filter(({ secret }) => secret).flatMap(namesOf));
  return table;
}

function namesOf({ verb, aliases = [] }: Command): readonly string[] {
  return [verb, ...aliases];
}
