/**
 * One control connection: its loop and its life. It reads lines, runs them one after the other, and goes on reading while a transfer runs.
 * It touches no files and knows no verbs; what commands do is in `lib/commands`.
 *
 * @module
 */

import type { Command } from "../commands/command.ts";
import { closeQuietly, type Connection } from "../net/connection.ts";
import type { CommandLine } from "../protocol/command_line.ts";
import * as reply from "../protocol/reply.ts";
import type { SessionInfo } from "../session_info.ts";
import { CommandIntake } from "./command_intake.ts";
import { commandPace } from "./command_pace.ts";
import { dispatch } from "./dispatch.ts";
import type { SessionOwner } from "./host.ts";
import { ReplyWriter } from "./reply_writer.ts";
import { SessionTransfer } from "./transfer.ts";
import { SessionContext, type SessionLink } from "./context.ts";
import { CommandQueue, type CommandRunner } from "./command_queue.ts";
import type { Watched } from "./deadlines.ts";

/** Commands kept while a transfer runs; then reading pauses until it ends. */
const MOST_QUEUED = 128;
/** Commands that are taken apart before the first of them runs. */
const FEW = 16;
/** Characters of replies that wait for a client to read; then no more commands run until it has. */
const MOST_UNREAD = 8 * 1024;
/** Milliseconds for the last replies to leave: a peer that does not read must not keep the socket. */
const FAREWELL = 1_000;

/** The end of a session that the server decides. */
interface Ending {
  /** Of the 421. */
  readonly text: string;
  /** Of a transfer that is aborted for it, and of the session. */
  readonly reason: "shutdown" | "disconnected";
}

const SHUTDOWN: Ending = { text: "Server is shutting down", reason: "shutdown" };

/** What a session is made with. */
export interface SessionOptions {
  readonly id: string;
  /** TLS was there from the first byte. */
  readonly implicitTls: boolean;
  /** See `ContextOptions.stranger`. */
  readonly stranger: Disposable;
  /** Called once the session is over: its connection is closed, and nothing of it is under way. */
  readonly onEnd: (session: Session) => void;
}

/** A control connection from greeting to close. */
export class Session implements Watched, SessionLink, CommandRunner {
  readonly id: string;
  readonly #host: SessionOwner;
  readonly #context: SessionContext;
  readonly #writer: ReplyWriter;
  readonly #intake: CommandIntake;
  readonly #turns = new CommandQueue(this);
  #connection: Connection;
  #reading = false;
  /** A read that began before its turn: see {@link watchPeer}. */
  #ahead: Promise<number | null> | undefined;
  #closing = false;
  /** Set once the session is to end as soon as nothing is under way. */
  #ending: Ending | undefined;
  /** QUIT is answered, and an upload goes on to its end. */
  #quitting = false;
  #endReason = "closed by client";
  #badLines = 0;
  #lastCommand = "";
  #loginDeadline: number;
  #lastActivity = performance.now();
  /** When the commands came that run now. */
  #lastRead = this.#lastActivity;
  readonly #onEnd: (session: Session) => void;
  #farewell: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, host: SessionOwner, { id, onEnd, ...options }: SessionOptions) {
    this.id = id;
    this.#onEnd = onEnd;
    this.#intake = new CommandIntake(host.table, { marked: !options.implicitTls });
    this.#host = host;
    this.#connection = this.#wrapped(connection);
    this.#writer = new ReplyWriter(this.#connection);
    this.#context = new SessionContext(host, this, { connection, ...options });
    this.#loginDeadline = deadlineAfter(host.options.timeouts.login);
  }

  /** See {@link Watched}: login and idle limits. The idle one rests while a command runs, and counts against a peer that does not read. */
  get deadline(): number {
    if (this.#closing) return Infinity;
    const limit = this.#context.idleTimeout > 0 ? this.#context.idleTimeout : Infinity;
    const since = this.#writer.writingSince ?? (this.transfer || this.#turns.busy ? Infinity : this.#lastActivity);
    return this.#context.login.account ? since + limit : Math.min(since + limit, this.#loginDeadline);
  }

  get transfer(): SessionTransfer | undefined {
    return this.#turns.transfer;
  }

  get readsAhead(): boolean {
    return this.#reading || this.#turns.aside;
  }

  /** See {@link CommandRunner}. */
  get closing(): boolean {
    return this.#closing;
  }

  get info(): SessionInfo {
    const { login, control } = this.#context;
    const { transfer } = this;
    return {
      id: this.id,
      address: control.remote.hostname,
      user: login.account?.name,
      since: this.#context.since,
      lastCommand: this.#lastCommand,
      secure: control.secure,
      transfer: transfer?.progress,
    };
  }

  /** Greets and serves until the connection is gone. Never rejects. */
  async serve(): Promise<void> {
    commandPace.enter();
    try {
      this.#add(reply.ready(this.#host.options.banner));
      await this.flush();
      // The loop is written out here: a function of its own would be waited for, which costs every idle session half a KiB.
      while (!this.#closing) {
        this.#reading = true;
        const count = await (this.#ahead ?? this.#connection.read(this.#intake.buffer));
        this.#reading = false;
        this.#ahead = undefined;
        if (count === null) break;
        this.#lastActivity = this.#lastRead = performance.now();
        const refusals = this.#intake.take(count);
        if (refusals) this.#writer.refuse(refusals);
        await this.#take();
        if (!this.#ahead) this.#intake.prepare(count, { transferring: this.transfer !== undefined });
      }
      if (this.#saidGoodbye) await this.#finishTurns();
    } catch (error) {
      // The peer is gone in the middle of a read or a write, or we closed the connection ourselves.
      this.#context.emit({ type: "notice", level: "debug", message: "Control connection ended", error });
    } finally {
      this.#closing = true;
      await this.transfer?.orphan({
        reason: this.#ending?.reason ?? "controlLost",
        expected: this.#saidGoodbye,
      });
      this.#context.dispose();
      clearTimeout(this.#farewell);
      closeQuietly(this.#connection);
      commandPace.leave();
      // A command behind a transfer: it has been woken, and gives back what it gets from now on.
      await this.#turns.settled();
      this.#context.report({ type: "sessionClosed", reason: this.#endReason });
      this.#onEnd(this);
    }
  }

  get #saidGoodbye(): boolean {
    return this.#quitting || this.#turns.awaits(({ verb }) => this.#host.table.find(verb)?.farewell === true);
  }

  /** A client may say QUIT behind a transfer and close its half: RFC 959 section 4.1.1 lets QUIT wait for the transfer. */
  async #finishTurns(): Promise<void> {
    await this.transfer?.ended;
    await this.#turns.advance();
    await this.flush();
  }

  expire(): void {
    const idle = this.#context.login.account !== undefined;
    this.#leave(idle ? "Idle timeout, goodbye" : "Login took too long, goodbye", "timed out");
  }

  /** Ends the session with 421: at once when nothing is under way, else behind the transfer's final reply. */
  drain(): void {
    this.#ending = SHUTDOWN;
    this.#context.endPause();
    if (this.transfer ? this.#endLengthy(this.transfer) : !this.#turns.busy) this.#end(SHUTDOWN);
  }

  /** No client is harmed that asks for a digest or a listing again. Tells whether that was what is under way. */
  #endLengthy(transfer: SessionTransfer): boolean {
    const isLengthy = transfer.direction === undefined;
    if (isLengthy) transfer.abort("shutdown");
    return isLengthy;
  }

  /** Ends a transfer that outlived the grace time, and the session with it. */
  kill(): void {
    this.#endNow(SHUTDOWN);
  }

  /** Ends the session, and a transfer that runs: the transfer is answered 426, then the session gets a 421 with `text`. */
  disconnect(text: string): void {
    this.#endNow({ text, reason: "disconnected" });
  }

  #endNow(ending: Ending): void {
    this.#ending = ending;
    this.transfer?.abort(ending.reason);
    // Its final reply goes first.
    if (this.transfer) this.#closeSoon();
    else this.#end(ending);
  }

  #end({ text, reason }: Ending): void {
    this.#leave(text, reason);
  }

  /** 421 and close. The read that is pending ends by itself then. */
  #leave(text: string, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#endReason = reason;
    this.#context.endPause();
    this.#add(reply.closing(text));
    this.#hangUp();
  }

  /** Closes behind the replies, as far as the peer still listens. */
  #hangUp(): void {
    this.#closeSoon();
    Promise.resolve(this.#writer.flush())
      .then(() => this.#connection.closeWrite())
      .catch(() => {})
      .finally(() => closeQuietly(this.#connection));
  }

  #closeSoon(): void {
    this.#farewell ??= setTimeout(() => closeQuietly(this.#connection), FAREWELL);
  }

  /** Takes in every line that has arrived: urgent ones act at once during a transfer, the others wait for their turn. */
  async #take(): Promise<void> {
    const connection = this.#connection;
    for (let turn = this.#intake.next(); turn && !this.#closing; turn = this.#intake.next()) {
      if ("farewell" in turn) {
        this.#leave(turn.farewell, turn.reason);
        break;
      }
      const urgent = "verb" in turn && this.#host.table.find(turn.verb)?.urgent;
      if ("verb" in turn && urgent) {
        // What came before it in the same packet may be the very transfer that it is about.
        await this.#turns.advance();
        // It was AUTH: this came in clear behind it.
        if (this.#connection !== connection) return;
        if (await this.#isUrgent(turn, urgent)) {
          await this.#turns.interrupt(turn);
          continue;
        }
      }
      if (this.#quitting) continue;
      this.#turns.add(turn);
      // A few at a time, so that of many commands only the bytes wait for their turn.
      if (this.#turns.length % FEW === 0) await this.#turns.advance();
      if (this.#turns.length > MOST_QUEUED) await this.#transferEnd();
    }
    await this.#turns.advance();
    await this.flush();
  }

  async #isUrgent({ argument }: CommandLine, urgent: NonNullable<Command["urgent"]>): Promise<boolean> {
    const { transfer } = this;
    if (!transfer || urgent === true) return transfer !== undefined;
    return await urgent(argument, { transfer, waiting: this.#turns.length }) && transfer === this.transfer;
  }

  async #transferEnd(): Promise<void> {
    await this.flush();
    await this.transfer?.ended;
  }

  #countBadLine(): void {
    this.#badLines++;
    const { maxBadCommands } = this.#host.options;
    if (maxBadCommands > 0 && this.#badLines >= maxBadCommands) this.#leave("Too many bad commands", "bad commands");
  }

  /** See {@link CommandRunner}. */
  transferOf({ verb, argument }: CommandLine): SessionTransfer | undefined {
    const row = this.#host.table.find(verb);
    if (this.#context.login.account === undefined || !row?.takesLong(argument)) return undefined;
    return new SessionTransfer(row, argument ?? "");
  }

  /** See {@link CommandRunner}: whatever became of the command, the port that was chosen for it is spent. */
  transferEnded({ verb }: CommandLine): void {
    if (this.#host.table.find(verb)?.direction) this.#context.setConnector(undefined);
  }

  /** See {@link CommandRunner}. */
  rested(): void {
    this.#lastActivity = performance.now();
    if (this.transfer || this.#closing) return;
    if (this.#quitting) {
      this.#closing = true;
      this.#hangUp();
    } else if (this.#ending) this.#end(this.#ending);
  }

  /** See {@link CommandRunner}. */
  flush(): Promise<void> | undefined {
    return this.#writer.flush();
  }

  /** See {@link CommandRunner}. */
  pace(): Promise<void> | undefined {
    if (this.#writer.pending >= MOST_UNREAD) return this.#writer.flush();
    const rest = commandPace.turn(this.#lastRead);
    return rest && this.#rest(rest);
  }

  /** What is answered already is on its way meanwhile. */
  async #rest(rest: Promise<void>): Promise<void> {
    await this.#writer.flush();
    await rest;
  }

  /** See {@link CommandRunner}. */
  lost(): void {
    closeQuietly(this.#connection);
  }

  /** See {@link CommandRunner}. */
  async run(command: CommandLine): Promise<void> {
    const { events, table } = this.#host;
    if (events.wants("command")) {
      const line = table.mask(command.argument === undefined ? command.verb : `${command.verb} ${command.argument}`);
      this.#lastCommand = line;
      this.#context.report({ type: "command", line });
    } else this.#lastCommand = command.verb;
    const answer = dispatch(this.#context, table, command);
    const final = answer instanceof Promise ? await this.#outcome(answer) : answer;
    // The session may have been ended meanwhile, and 421 is its last word.
    if (this.#closing) return;
    if (!table.find(command.verb)) return this.refuse(final);
    this.#badLines = 0;
    this.#add(final);
    if (final.then !== undefined) await this.#conclude(final);
  }

  /** What is ready to be told does not wait for the answer. A command ends before its session does, though nobody listens any more. */
  async #outcome(answer: Promise<reply.Reply>): Promise<reply.Reply> {
    try {
      await this.#writer.flush();
    } catch (error) {
      await answer;
      throw error;
    }
    return await answer;
  }

  /** See {@link CommandRunner}. */
  refuse(refusal: reply.Reply): void {
    this.#add(refusal);
    this.#countBadLine();
  }

  async #conclude({ code, then }: reply.Reply): Promise<void> {
    await this.#writer.flush();
    if (then === "secure") return await this.#secure();
    this.#endReason = code === reply.goodbye.code ? "quit" : "too many failed logins";
    this.#quitting = this.transfer !== undefined;
    if (this.#quitting) return;
    this.#closing = true;
    this.#closeSoon();
    await this.#connection.closeWrite().catch(() => {});
    // Ends a read that is pending. Without one the loop ends by itself and closes; closing twice would cost an exception each time.
    if (this.#reading) closeQuietly(this.#connection);
  }

  /** Whatever came in clear behind AUTH is dropped: it must not run as if it had been protected (CVE-2011-0411 and its kin). */
  async #secure(): Promise<void> {
    this.#intake.secure();
    this.#turns.clear();
    try {
      this.#connection = this.#wrapped(await this.#context.secureControl(this.#connection));
    } catch (error) {
      this.#endReason = "TLS handshake failed";
      throw error;
    }
    this.#writer.moveTo(this.#connection);
  }

  #wrapped(connection: Connection): Connection {
    return this.#host.options.network?.wrap?.(connection, { purpose: "control", session: this.id }) ?? connection;
  }

  #add(final: reply.Reply): void {
    this.#writer.add(final);
    if (this.#host.events.wants("reply")) {
      const text = typeof final.text === "string" ? final.text : final.text.join("\n");
      this.#context.report({ type: "reply", code: final.code, text });
    }
  }

  /**
   * See {@link SessionLink}. Where commands wait already, nobody looks: one of them may be AUTH, which needs all that comes behind it; and a
   * client that has sent all it has to say may have ended its half.
   */
  watchPeer(onGone: () => void): void {
    if (this.#reading || this.#turns.length > 0 || this.#intake.pending) return;
    this.#ahead ??= this.#connection.read(this.#intake.renew());
    this.#ahead.then((count) => count === null && onGone(), onGone);
  }

  /** See {@link SessionLink}: without a control connection to mark it on there is no transfer. */
  async mark(preliminary: reply.Reply): Promise<void> {
    this.#add(preliminary);
    this.#turns.transfer?.begin();
    try {
      await this.flush();
    } catch (error) {
      this.transfer?.abort("controlLost");
      throw error;
    }
  }
}

function deadlineAfter(limit: number): number {
  return limit > 0 ? performance.now() + limit : Infinity;
}
