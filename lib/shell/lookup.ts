/**
 * Finds the command that was meant.
 *
 * @module
 */

import type { ShellCommand } from "./command.ts";
import { ShellUsageError } from "./errors.ts";

/** Letters that may differ in a name that is suggested. */
const CLOSE = 2;

/**
 * The command with this name, or the only one whose name begins so.
 *
 * @throws {ShellUsageError} if there is none, or several.
 */
export function findCommand(commands: readonly ShellCommand[], name: string): ShellCommand {
  const wanted = name.toLowerCase();
  const exact = commands.find(({ names }) => names.includes(wanted));
  if (exact) return exact;
  const [first, ...others] = commands.filter(({ names }) => names.some((each) => each.startsWith(wanted)));
  if (first && others.length === 0) return first;
  if (first) {
    const all = [first, ...others].map(({ names }) => names.find((each) => each.startsWith(wanted)));
    throw new ShellUsageError(`"${name}" may be ${all.join(", ")}`);
  }
  const close = commands.flatMap(({ names }) => names).find((each) => distance(each, wanted) <= CLOSE);
  throw new ShellUsageError(
    `Unknown command "${name}"`,
    close !== undefined && close.length > CLOSE ? `Did you mean ${close}?` : "help lists the commands",
  );
}

/** Letters to add, remove or replace until `a` is `b` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
