/**
 * A command is one row of one table. The row has every fact about its verb: what it needs, what it does, what clients
 * read about it. The dispatcher checks the first; session, replies and log ask for the second; FEAT, HELP and the docs
 * are views of the third. The table finds a row by its verb.
 *
 * @module
 */

import { actionRefused, type Reply } from "../protocol/reply.ts";
import type { PendingCommand } from "../options.ts";
import type { AccessRight } from "../vfs/access_rules.ts";
import { type VfsCapabilities, VfsError, type VirtualPath } from "../vfs/vfs.ts";
import type { ArgumentRule } from "./arguments.ts";
import type { TransferDirection } from "../events.ts";
import type { CommandContext, RunningTransfer, TransferContext } from "./context.ts";
import { explained } from "./explained_reply.ts";
import { Refusal, replyForVfsError } from "./failure_replies.ts";

/** A final reply, now or later. */
export type Answer = Reply | Promise<Reply>;

/** What is under way when a command arrives that may not have to wait for it. */
export interface Meanwhile {
  readonly transfer: RunningTransfer;
  /** Commands that arrived earlier and wait for the end of the transfer. */
  readonly waiting: number;
}

/** What people read about a verb. */
export interface VerbTexts {
  readonly verb: string;
  /** Other names of the same command. */
  readonly aliases?: readonly string[];
  /** What follows the verb in HELP, for example `<path>`. Absent: nothing does. */
  readonly syntax?: string;
  readonly summary: string;
  /** Where the verb is defined, for example `959 §4.1.3`. */
  readonly source: string;
}

/** What the server knows about a verb, apart from how it runs. */
export interface VerbFacts {
  /** Allowed without a login (RFC 959 section 4.2 leaves 530 for the others). */
  readonly open?: true;
  /** The right that is needed on the path in the argument. */
  readonly permission?: AccessRight;
  /** The argument never gets into a log, an event or a hook. */
  readonly secret?: true;
  /** Bytes of the argument that are not UTF-8 become U+FFFD. Absent: such a line is answered 500 and does not run. */
  readonly anyEncoding?: true;
  /**
   * Gives a file a new name: where that cannot be, 553 is the answer (RFC 959 section 5.4). The others use a name that
   * should exist, and answer 550.
   */
  readonly createsName?: true;
  /** Acts at once during a transfer, instead of waiting for its end. */
  readonly urgent?: true | ((argument: string | undefined, meanwhile: Meanwhile) => boolean | Promise<boolean>);
  /** Ends the session: while it waits for a transfer, the client may already close the control connection. */
  readonly farewell?: true;
  /** The state that survives this command, although most commands clear it. */
  readonly keeps?: "restart" | "rename";
  /** The capability of the file system without which the command does not exist. */
  readonly needs?: keyof VfsCapabilities;
  /**
   * `false`: the command does not exist for this session (502, and not in FEAT). Must depend on nothing but options and
   * account: see `available.ts`.
   */
  readonly enabled?: (context: CommandContext) => boolean;
  /** Known, but never done: not listed by HELP. */
  readonly refused?: true;
  /** Its line of FEAT. Absent, or `undefined`: none. */
  readonly feature?: string | ((context: CommandContext) => string | undefined);
  /** What `OPTS <verb>` does; `value` is what follows the verb. Absent: it has no options. */
  readonly options?: (context: CommandContext, value: string | undefined) => Answer;
  /** Rows of its own, under the same checks (SITE). */
  readonly subcommands?: readonly Command[];
}

/** How a command of no transfer runs. */
interface PlainRun<A> {
  readonly direction?: never;
  /**
   * Takes as long as a transfer, but uses no data connection. As there, the next commands are read and wait for its
   * end; ABOR ends it, and so does the end of the control connection or of the server.
   */
  readonly lengthy?: (argument: string | undefined) => boolean;
  readonly handler: (context: CommandContext, argument: A) => Answer;
}

/** How a command runs that is always as long as a transfer: its handler has a running transfer. */
interface LengthyRun<A> {
  readonly direction?: never;
  readonly lengthy: true;
  readonly handler: (context: TransferContext, argument: A) => Answer;
}

/** How a transfer runs. */
interface TransferRun<A> {
  /** Uses the data connection, this way: later commands wait for its end. */
  readonly direction: TransferDirection;
  readonly lengthy?: never;
  readonly handler: (context: TransferContext, argument: A) => Answer;
}

/** The facts of one row and how its command runs. `A` is what the argument is parsed to. */
export type VerbRule<A> =
  & VerbFacts
  & { readonly argument: ArgumentRule<A> }
  & (PlainRun<A> | LengthyRun<A> | TransferRun<A>);

/** A row with its argument type closed over, as the table holds it. */
export interface Command extends VerbTexts, VerbFacts {
  readonly argumentName: ArgumentRule<unknown>["name"];
  /** The way that bytes take over the data connection; `undefined`: there is none. */
  readonly direction: TransferDirection | undefined;
  /** Whether it takes as long as a transfer, and is treated like one, with this argument. */
  readonly takesLong: (argument: string | undefined) => boolean;
  /**
   * Parses the argument, checks the access right, and runs the handler between the hooks.
   *
   * @throws {Refusal} of the argument or the access right, and whatever the handler throws.
   */
  readonly execute: (context: CommandContext, argument: string | undefined) => Answer;
  /** As {@link execute} without the hooks: for a row of SITE, whose hooks have been asked about SITE already. */
  readonly executeUnasked: (context: CommandContext, argument: string | undefined) => Answer;
}

/** Makes a row: `command(verb, { what people read }).with({ what the server knows })`. */
export function command(verb: string, texts: Omit<VerbTexts, "verb">): { with<A>(rule: VerbRule<A>): Command } {
  return { with: (rule) => makeCommand({ verb, ...texts }, rule) };
}

/** Closes a row over the type of its argument. */
function makeCommand<A>(texts: VerbTexts, rule: VerbRule<A>): Command {
  const { argument: argumentRule, direction, lengthy, handler: _handler, ...facts } = rule;
  const { permission, secret } = facts;
  const handle = handlerOf(rule);
  const run = (context: CommandContext, text: string | undefined, hooked: boolean): Answer => {
    const argument = argumentRule.parse(text, context);
    const path = argumentRule.path?.(argument);
    if (path !== undefined && permission !== undefined && !context.vfs.can(path, permission)) {
      const missing = context.vfs.missing(path, permission);
      throw new Refusal(actionRefused("Permission denied"), { reason: "access", ...missing });
    }
    if (!hooked) return handle(context, argument);
    const pending = describePending(context, { verb: texts.verb, path, argument: secret ? undefined : text });
    return betweenHooks(context, pending, () => handle(context, argument), facts);
  };
  return Object.freeze({
    ...texts,
    ...facts,
    argumentName: argumentRule.name,
    direction,
    takesLong: typeof lengthy === "function" ? lengthy : () => direction !== undefined || lengthy === true,
    execute: (context: CommandContext, text: string | undefined) => run(context, text, hasHooks(context)),
    executeUnasked: (context: CommandContext, text: string | undefined) => run(context, text, false),
  });
}

/** The handler, for any context: that of a transfer requires a running transfer. */
function handlerOf<A>(rule: VerbRule<A>): (context: CommandContext, argument: A) => Answer {
  if (rule.direction === undefined && rule.lengthy !== true) return rule.handler;
  const { handler } = rule;
  return (context, argument) => {
    if (!hasTransfer(context)) throw new Error("A transfer row ran without a running transfer");
    return handler(context, argument);
  };
}

function hasTransfer(context: CommandContext): context is TransferContext {
  return context.transfer !== undefined;
}

function hasHooks({ options }: CommandContext): boolean {
  return options.before !== undefined || options.after !== undefined;
}

/** What the hooks learn about a command besides who sent it. */
interface Described {
  readonly verb: string;
  readonly path: VirtualPath | undefined;
  readonly argument: string | undefined;
}

function describePending(context: CommandContext, { verb, path, argument }: Described): PendingCommand {
  return {
    session: context.id,
    address: context.control.remote.hostname,
    verb,
    ...(context.login.account && { user: context.login.account.name, cwd: context.login.cwd }),
    ...(argument !== undefined && { argument }),
    ...(path !== undefined && { path }),
  };
}

async function betweenHooks(
  context: CommandContext,
  pending: PendingCommand,
  run: () => Answer,
  facts: VerbFacts,
): Promise<Reply> {
  const { before, after } = context.options;
  const refusal = await before?.(pending);
  if (refusal) return explained(refusal, { reason: "hook" });
  const answer = await answered(run, facts);
  return await after?.(pending, answer) ?? answer;
}

/** Resolves to the answer, also where it was thrown: as a refusal, or by the file system. */
async function answered(run: () => Answer, { createsName }: VerbFacts): Promise<Reply> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    if (error instanceof VfsError) return replyForVfsError(error, { createsName: createsName === true });
    throw error;
  }
}

/** Whether a command exists for this session: it is switched on, and the file system has what it needs. */
export function isAvailable(entry: Command, context: CommandContext): boolean {
  if (entry.enabled && !entry.enabled(context)) return false;
  if (context.options.personality.lacks.has(entry.verb)) return false;
  const vfs = context.login.vfs;
  return entry.needs === undefined || vfs === undefined || vfs.capabilities[entry.needs] !== undefined;
}

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
 * A table whose rows are made when it is first asked for one: a server that starts asks for none. FEAT, HELP and OPTS
 * are rows about the table, so `rowsOf` is given the table that its rows will be in. Asking throws an `Error` where two
 * rows have one name: a mistake in the table.
 *
 * @param foreign see {@link CommandTable.foreign}. Default: none.
 */
export function makeTable(
  rowsOf: (table: CommandTable) => readonly Command[],
  foreign: readonly string[] = [],
): CommandTable {
  let made: Rows | undefined;
  const rows = () => made ??= indexed(rowsOf(table));
  const table: CommandTable = Object.freeze({
    get commands() {
      return rows().commands;
    },
    find: (verb: string) => rows().byVerb.get(verb),
    foreign,
    mask: (line: string) => rows().mask(line),
  });
  return table;
}

/** The rows of a table, and what is found by them. */
interface Rows extends Pick<CommandTable, "commands" | "mask"> {
  readonly byVerb: ReadonlyMap<string, Command>;
}

function indexed(commands: readonly Command[]): Rows {
  const byVerb = new Map<string, Command>();
  for (const entry of commands) {
    for (const verb of namesOf(entry)) {
      if (byVerb.has(verb)) throw new Error(`The command table has two rows named "${verb}"`);
      byVerb.set(verb, entry);
    }
  }
  return { commands, byVerb, mask: makeMask(commands.filter(({ secret }) => secret).flatMap(namesOf)) };
}

function namesOf({ verb, aliases = [] }: Command): readonly string[] {
  return [verb, ...aliases];
}

/**
 * Returns a function that makes a line fit for the log: what follows one of `secretVerbs` becomes `***`. It errs on the
 * side of masking, for example where a password was typed without the space.
 */
export function makeMask(secretVerbs: readonly string[]): (line: string) => string {
  if (secretVerbs.length === 0) return (line) => line;
  const secret = new RegExp(`^([^a-z]*(?:${secretVerbs.join("|")})).+$`, "is");
  return (line) => line.replace(secret, "$1 ***");
}
