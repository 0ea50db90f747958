/**
 * What is wrong with accounts that are kept somewhere: in a file or a database.
 *
 * @module
 */

import { escapeControls } from "../net/escape_controls.ts";

/**
 * The accounts cannot be read or changed (`cause` is the reason), or they are invalid. `message` is one line that
 * includes the first of `problems`.
 */
export class AccountsError extends Error {
  /** Everything that is wrong, one line each, without the name of the place. */
  readonly problems: readonly string[];

  /** `place`, such as `File "users.json"`, and the first of `problems` become the message. */
  constructor(place: string, problems: readonly string[], options?: ErrorOptions) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    // What is quoted of the accounts goes to a terminal.
    const lines = problems.map(escapeControls);
    super(`${place}: ${lines[0]}${more}`, options);
    this.problems = lines;
  }
}

/**
 * Whether `error` is about the accounts themselves. Otherwise they could not be read: the next attempt may succeed with
 * the same accounts.
 */
export function wasJudged(error: Error): boolean {
  return error instanceof AccountsError && error.cause === undefined;
}
