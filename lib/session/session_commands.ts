/**
 * The commands of one session, each from its line to its final reply. What a row asks for is checked here, always in
 * the same order; handlers check none of it.
 *
 * @module
 */

import { type Answer, type Command, type CommandTable, isAvailable } from "../commands/command.ts";
import type { CommandContext } from "../commands/context.ts";
import { causeOf, explained, reported } from "../commands/explained_reply.ts";
import { Refusal, replyForVfsError } from "../commands/failure_replies.ts";
import type { CommandLine } from "../protocol/line_reader.ts";
import * as reply from "../protocol/reply.ts";
import { VfsError } from "../vfs/vfs.ts";
import type { CommandRunner } from "./command_queue.ts";
import type { SessionContext } from "./context.ts";
import type { ControlConnection } from "./control_connection.ts";
import type { SessionOwner } from "./host.ts";
import type { SessionEnd } from "./session_end.ts";
import { SessionTransfer } from "./transfer.ts";

/** The session of the commands. */
export interface SessionLife {
  /** Made on demand. */
  readonly end: SessionEnd;
  /** See {@link SessionEnd.closing}. */
  readonly closing: boolean;
  /** See {@link SessionEnd.quitting}. */
  readonly quitting: boolean;
  /** Puts the control connection under TLS. Rejects, with the connection closed, when the handshake fails. */
  secure(): Promise<void>;
  /** Nothing is under way for now. */
  rested(): void;
  /** Nothing is left to be sent, either: what is only there to work with may be given up. */
  idle(): void;
}

/** What {@link SessionCommands} works with. */
export interface CommandEquipment {
  readonly host: SessionOwner;
  readonly context: SessionContext;
  readonly control: ControlConnection;
  readonly life: SessionLife;
}

/** Replies from here up say that the command was not done, now or ever (RFC 959 section 4.2.1). */
const FIRST_REFUSAL = 400;

/**
 * Runs commands; which of them runs when is the queue's business. What a session remembers of its commands is in the
 * context: while it is idle it has none of these.
 */
export class SessionCommands implements CommandRunner {
  /** When the commands arrived that run now, on the clock of `performance.now`. */
  arrived = 0;
  readonly #host: SessionOwner;
  readonly #context: SessionContext;
  readonly #control: ControlConnection;
  readonly #life: SessionLife;

  constructor({ host, context, control, life }: CommandEquipment) {
    this.#host = host;
    this.#context = context;
    this.#control = control;
    this.#life = life;
  }

  get closing(): boolean {
    return this.#life.closing;
  }

  get quitting(): boolean {
    return this.#life.quitting;
  }

  urgencyOf({ verb }: CommandLine): Command["urgent"] {
    return this.#host.table.find(verb)?.urgent;
  }

  transferOf({ verb, argument }: CommandLine): SessionTransfer | undefined {
    const row = this.#host.table.find(verb);
    if (this.#context.login.account === undefined || !row?.takesLong(argument)) return undefined;
    return new SessionTransfer(row, argument ?? "");
  }

  async run(command: CommandLine): Promise<void> {
    const { events, table, options: { meter } } = this.#host;
    const began = meter && performance.now();
    const row = table.find(command.verb);
    if (events.wants("command")) {
      const line = this.#lineOf(command);
      this.#context.lastCommand = line;
      this.#context.report({ type: "command", line });
    } else this.#context.lastCommand = row ? command.verb : table.mask(command.verb);
    this.#context.forgetOneTimeState(row?.keeps);
    const answer = row ? dispatch(this.#context, row, command) : refusalOfUnknown(table, command);
    const final = answer instanceof Promise ? await this.#outcome(answer) : answer;
    if (began !== undefined) meter?.commandDone(row?.verb, timeOf(command, row, began));
    // The session may have been ended in the meantime, and 421 is its last word.
    if (this.closing) return;
    if (final.code >= FIRST_REFUSAL) this.#report(final, command);
    if (!row) return this.#count(final, command);
    this.#context.badLines = 0;
    this.#control.add(this.#context.said(final, command));
    if (final.then !== undefined) await this.#conclude(final);
  }

  async #conclude(final: reply.Reply): Promise<void> {
    await this.#control.flush();
    await (final.then === "secure" ? this.#life.secure() : this.#life.end.close(final));
  }

  /**
   * What is ready to be sent does not wait for the answer. A command ends before its session does, even when no client
   * listens any more.
   */
  async #outcome(answer: Promise<reply.Reply>): Promise<reply.Reply> {
    try {
      await this.#control.flush();
    } catch (error) {
      await answer;
      throw error;
    }
    return await answer;
  }

  refuse(refusal: reply.Reply): void {
    this.#report(refusal);
    this.#count(refusal);
  }

  #count(refusal: reply.Reply, command?: CommandLine): void {
    this.#control.add(command ? this.#context.said(refusal, command) : refusal);
    const badLines = ++this.#context.badLines;
    const { maxBadCommands } = this.#host.options;
    if (maxBadCommands > 0 && badLines >= maxBadCommands) {
      this.#life.end.leave("Too many bad commands", "bad commands", "badCommands");
    }
  }

  /** @param command absent for a line that is none. */
  #report(refusal: reply.Reply, command?: CommandLine): void {
    const why = this.#host.events.wants("refused") ? causeOf(refusal) : undefined;
    if (!why) return;
    const { login } = this.#context;
    const { code, text } = refusal;
    this.#context.report({
      type: "refused",
      ...(command && { line: this.#lineOf(command) }),
      ...(login.account && { cwd: login.cwd }),
      code,
      reply: typeof text === "string" ? text : text.join("\n"),
      ...why,
    });
  }

  #lineOf({ verb, argument }: CommandLine): string {
    return this.#host.table.mask(argument === undefined ? verb : `${verb} ${argument}`);
  }

  /** Whatever became of the command, the data connector that was chosen for it is spent. */
  transferEnded({ direction }: SessionTransfer): void {
    if (direction !== undefined) this.#context.setConnector(undefined);
  }

  rested(): void {
    this.#life.rested();
  }

  idle(): void {
    this.#life.idle();
  }

  flush(): Promise<void> | undefined {
    return this.#control.flush();
  }

  pace(): Promise<void> | undefined {
    if (this.#control.isClogged) return this.#control.flush();
    const rest = this.#host.options.eventLoop.pacer.run(this.arrived);
    return rest && this.#rest(rest);
  }

  /** What is answered already is sent in the meantime. */
  async #rest(rest: Promise<void>): Promise<void> {
    await this.#control.flush();
    await rest;
  }

  lost(): void {
    this.#control.drop();
  }
}

/** Milliseconds since `began`; a command that waits for a transfer has no time of its own. */
function timeOf({ argument }: CommandLine, row: Command | undefined, began: number): number | undefined {
  return row?.takesLong(argument) ? undefined : performance.now() - began;
}

/** 502 for verbs that other servers have, 500 for anything else. */
function refusalOfUnknown(table: CommandTable, { verb }: CommandLine): reply.Reply {
  if (table.foreign.includes(verb)) return reply.switchedOff(verb);
  return explained(reply.unknownCommand(verb), { reason: "unknownCommand" });
}

/**
 * Available (502), logged in (530), argument (501), access (550), then the handler. The last two checks are made by the
 * row, which parses the argument. Never throws and never rejects: what a handler throws becomes a reply here.
 */
function dispatch(context: CommandContext, row: Command, line: CommandLine): Answer {
  if (!isAvailable(row, context)) return reply.switchedOff(row.verb);
  if (!row.open && !context.login.account) return reply.notLoggedIn;
  try {
    const answer = row.execute(context, line.argument);
    return answer instanceof Promise ? answer.catch((error) => replyForError(context, row, error)) : answer;
  } catch (error) {
    return replyForError(context, row, error);
  }
}

/**
 * Anything but a refusal or a {@link VfsError} is a bug in the server: the session goes on, and the log has the error.
 */
function replyForError(context: CommandContext, row: Command, error: unknown): reply.Reply {
  if (error instanceof Refusal) return error.reply;
  if (error instanceof VfsError) return replyForVfsError(error, { createsName: row.createsName === true });
  context.emit({ type: "problem", level: "error", message: `${row.verb} failed`, error });
  return reported(reply.localError("Local error in processing"));
}
