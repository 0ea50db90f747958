/**
 * A command is one row of one table. The row says what a command needs; the dispatcher checks it; FEAT, HELP and the docs are views
 * of the same rows.
 *
 * @module
 */

import { actionRefused, isReply, type Reply } from "../protocol/reply.ts";
import type { PendingCommand } from "../options.ts";
import type { AccessRight } from "../vfs/access_rules.ts";
import type { VfsCapabilities, VirtualPath } from "../vfs/vfs.ts";
import type { ArgumentRule } from "./arguments.ts";
import type { CommandContext, RunningTransfer } from "./context.ts";

/** A final reply, now or later. */
export type Answer = Reply | Promise<Reply>;

/** What is under way when a command comes that may not have to wait for it. */
export interface Meanwhile {
  readonly transfer: RunningTransfer;
  /** Commands that came before and wait for the end of the transfer. */
  readonly waiting: number;
}

/** One row, as the command families write it. `A` is what the argument is parsed to. */
export interface Row<A> {
  readonly verb: string;
  readonly aliases?: readonly string[];
  /** What follows the verb in HELP, e.g. `<path>`. */
  readonly syntax?: string;
  readonly summary: string;
  /** Where the verb is defined, e.g. `959 §4.1.3`. */
  readonly source: string;
  /** `true`: allowed without a login (RFC 959 section 4.2 leaves 530 for the others). */
  readonly open?: true;
  readonly argument: ArgumentRule<A>;
  /** Needed on the path that the argument names. */
  readonly permission?: AccessRight;
  /** Uses the data connection: later commands wait for its end. */
  readonly transfer?: true;
  /**
   * Takes as long as a transfer, though it uses no data connection. As there, the next commands are read meanwhile and
   * wait for its end; ABOR ends it, and so do the end of the control connection and that of the server. Its handler has
   * a running transfer.
   */
  readonly lengthy?: true | ((argument: string | undefined) => boolean);
  /** `true`: acts at once while a transfer runs, instead of waiting for its end. */
  readonly urgent?: true | ((argument: string | undefined, meanwhile: Meanwhile) => boolean | Promise<boolean>);
  /** What is not UTF-8 in its argument comes as U+FFFD; other rows are not run then, and the line is answered 500. */
  readonly anyEncoding?: true;
  /** State that survives this command though most commands clear it. */
  readonly keeps?: "restart" | "rename";
  /** A capability of the file system without which the command is not there. */
  readonly needs?: keyof VfsCapabilities;
  /** `false`: switched off for this session (502, and not in FEAT). To depend on options and account alone: see `available.ts`. */
  readonly enabled?: (context: CommandContext) => boolean;
  /** Known, but never done: not in the list of HELP. */
  readonly refused?: true;
  /** Its line of FEAT; `undefined` for none. */
  readonly feature?: string | ((context: CommandContext) => string | undefined);
  /** Rows of its own, under the same checks (SITE). */
  readonly subcommands?: readonly Command[];
  readonly handler: (context: CommandContext, argument: A) => Answer;
}

/** A row with its argument type closed over, as the table holds it. */
export interface Command extends Omit<Row<never>, "argument" | "handler" | "transfer"> {
  readonly argumentName: string;
  readonly transfer: boolean;
  /** Parses the argument, checks the permission, and runs the handler between the hooks. */
  readonly execute: (context: CommandContext, argument: string | undefined) => Answer;
  /** As {@link execute} without the hooks: for a row of SITE, whose hooks have been asked about SITE already. */
  readonly executeUnasked: (context: CommandContext, argument: string | undefined) => Answer;
}

/** What the dispatcher and HELP look commands up in. */
export interface CommandTable {
  readonly commands: readonly Command[];
  find(verb: string): Command | undefined;
}

/** Closes a row over the type of its argument. */
export function command<A>(row: Row<A>): Command {
  const { argument: rule, handler, ...rest } = row;
  const run = (context: CommandContext, text: string | undefined, hooked: boolean): Answer => {
    const argument = rule.parse(text, context);
    if (isReply(argument)) return argument;
    const path = rule.path?.(argument);
    if (path !== undefined && row.permission !== undefined && !context.vfs.can(path, row.permission)) {
      return actionRefused("Permission denied");
    }
    if (!hooked) return handler(context, argument);
    const pending = describePending(context, row.verb, text, path);
    return betweenHooks(context, pending, () => handler(context, argument));
  };
  return Object.freeze({
    ...rest,
    argumentName: rule.name,
    transfer: row.transfer ?? false,
    execute: (context: CommandContext, text: string | undefined) => run(context, text, hasHooks(context)),
    executeUnasked: (context: CommandContext, text: string | undefined) => run(context, text, false),
  });
}

function hasHooks({ options }: CommandContext): boolean {
  return options.before !== undefined || options.after !== undefined;
}

function describePending(
  context: CommandContext,
  verb: string,
  argument: string | undefined,
  path: VirtualPath | undefined,
): PendingCommand {
  return {
    session: context.id,
    address: context.control.remote.hostname,
    verb,
    ...(context.login.account && { user: context.login.account.name, cwd: context.login.cwd }),
    ...(argument !== undefined && verb !== "PASS" && { argument }),
    ...(path !== undefined && { path }),
  };
}

async function betweenHooks(context: CommandContext, pending: PendingCommand, run: () => Answer): Promise<Reply> {
  const { before, after } = context.options;
  const refusal = await before?.(pending);
  if (refusal) return refusal;
  const answer = await run();
  return await after?.(pending, answer) ?? answer;
}

/**
 * Builds the look-up over rows and their aliases. FEAT, HELP and OPTS are rows about the table, so `rowsOf` is given the table that its
 * rows will be in.
 *
 * @throws {Error} on two rows of one name: a mistake in the table.
 */
export function makeTable(rowsOf: (table: CommandTable) => readonly Command[]): CommandTable {
  const commands: Command[] = [];
  const byVerb = new Map<string, Command>();
  const table = Object.freeze({ commands, find: (verb: string) => byVerb.get(verb) });
  for (const entry of rowsOf(table)) {
    commands.push(entry);
    for (const verb of [entry.verb, ...entry.aliases ?? []]) {
      if (byVerb.has(verb)) throw new Error(`The command table has two rows named "${verb}"`);
      byVerb.set(verb, entry);
    }
  }
  return table;
}

/** Whether a command exists for this session: switched on, and its file system can do it. */
export function isAvailable(entry: Command, context: CommandContext): boolean {
  if (entry.enabled && !entry.enabled(context)) return false;
  if (context.options.personality.lacks.has(entry.verb)) return false;
  const vfs = context.login.vfs;
  return entry.needs === undefined || vfs === undefined || vfs.capabilities[entry.needs] !== undefined;
}
