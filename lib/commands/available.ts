/**
 * Which commands a session has, found out once for all sessions in the same state: FEAT and HELP ask for nothing else,
 * and a client may send thousands of them.
 *
 * @module
 */

import { type Command, type CommandTable, isAvailable } from "./command.ts";
import type { CommandContext } from "./context.ts";

/**
 * Makes a view of the commands of `table` that exist for a session. It is made once for the files of each account, and
 * once for sessions without a login.
 */
export function viewOfCommands<T>(
  table: CommandTable,
  make: (available: readonly Command[]) => T,
): (context: CommandContext) => T {
  const views = new WeakMap<object, T>();
  return (context) => {
    const state = context.login.vfs ?? context.options;
    const known = views.get(state);
    if (known !== undefined) return known;
    const view = make(table.commands.filter((entry) => isAvailable(entry, context)));
    views.set(state, view);
    return view;
  };
}
