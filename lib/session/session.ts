/**
 * One control connection: its loop and its life. It reads lines, runs them one after the other, and goes on reading while a transfer runs.
 * It touches no files and knows no verbs; what commands do is in `lib/commands`.
 *
 * @module
 */

import type { Command } from "../commands/command.ts";
import type { SessionInfo } from "../commands/context.ts";
import { closeQuietly, type Connection } from "../net/connection.ts";
import { type CommandLine, isHttpVerb, maskCommand, parseCommandLine } from "../protocol/command_line.ts";
import { type Line, LineReader } from "../protocol/line_reader.ts";
import * as reply from "../protocol/reply.ts";
import { dispatch } from "./dispatch.ts";
import type { SessionHost } from "./host.ts";
import { ReplyWriter } from "./reply_writer.ts";
import { SessionTransfer } from "./running_transfer.ts";
import { SessionContext, type SessionLink } from "./session_context.ts";
import type { Watched } from "./watchdog.ts";

/** Enough for most command lines; idle sessions hold no more than this. */
const SMALL_READ = 128;
/** For clients that fill the small one: they send many commands at once. */
const LARGE_READ = 16 * 1024;
/** Commands kept while a transfer runs; then reading pauses until it ends. */
const MOST_QUEUED = 128;
/** Milliseconds for the last replies to leave: a peer that does not read must not keep the socket. */
const FAREWELL = 1_000;

/** What waits for its turn: a command, or the answer to a line that is none. */
type Pending = CommandLine | { readonly refusal: reply.Reply };

/** What a session is made with. */
export interface SessionOptions {
  readonly id: string;
  /** TLS was there from the first byte. */
  readonly implicitTls: boolean;
}

/** A control connection from greeting to close. */
export class Session implements Watched, SessionLink {
  readonly id: string;
  readonly #host: SessionHost;
  readonly #context: SessionContext;
  readonly #writer: ReplyWriter;
  readonly #lines = new LineReader();
  readonly #queue: Pending[] = [];
  #connection: Connection;
  #transfer: SessionTransfer | undefined;
  /** A run over the queue is under way; `#working` is its end. */
  #busy = false;
  #working: Promise<void> | undefined;
  #reading = false;
  /** The queue runs behind a transfer, and not on behalf of the reading loop. */
  #aside = false;
  /** An urgent command is under way: the queue waits until it is answered. */
  #interrupting = false;
  #closing = false;
  #draining = false;
  #endReason = "closed by client";
  #badLines = 0;
  #commands = 0;
  #lastCommand = "";
  #loginDeadline: number;
  #lastActivity = performance.now();
  #farewell: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, host: SessionHost, { id, implicitTls }: SessionOptions) {
    this.id = id;
    this.#host = host;
    this.#connection = this.#wrapped(connection);
    this.#writer = new ReplyWriter(this.#connection);
    this.#context = new SessionContext(host, this, { connection, implicitTls });
    this.#loginDeadline = deadlineAfter(host.options.timeouts.login);
  }

  /** See {@link Watched}: login and idle limits. The idle one rests while a command runs, and counts against a peer that does not read. */
  get deadline(): number {
    if (this.#closing) return Infinity;
    const limit = this.#context.idleTimeout > 0 ? this.#context.idleTimeout : Infinity;
    const since = this.#writer.writingSince ?? (this.#transfer || this.#busy ? Infinity : this.#lastActivity);
    return this.#context.login.account ? since + limit : Math.min(since + limit, this.#loginDeadline);
  }

  get transfer(): SessionTransfer | undefined {
    return this.#transfer;
  }

  get readsAhead(): boolean {
    return this.#reading || this.#aside;
  }

  get info(): SessionInfo {
    const { login, control } = this.#context;
    const transfer = this.#transfer;
    return {
      id: this.id,
      address: control.remote.hostname,
      user: login.account?.name,
      since: this.#context.since,
      lastCommand: this.#lastCommand,
      secure: control.secure,
      transfer: transfer && { verb: transfer.verb, path: transfer.path, bytes: transfer.bytes },
    };
  }

  /** Greets and serves until the connection is gone. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#send(reply.ready(this.#host.options.banner));
      // The loop is written out here: a function of its own would be waited for, which costs every idle session half a KiB.
      let buffer = new Uint8Array(SMALL_READ);
      while (!this.#closing) {
        this.#reading = true;
        const count = await this.#connection.read(buffer);
        this.#reading = false;
        if (count === null) break;
        this.#lastActivity = performance.now();
        this.#lines.push(buffer.subarray(0, count));
        if (count === buffer.length && count < LARGE_READ) buffer = new Uint8Array(LARGE_READ);
        else if (buffer.length > SMALL_READ && count < SMALL_READ) buffer = new Uint8Array(SMALL_READ);
        await this.#take();
      }
    } catch (error) {
      // The peer is gone in the middle of a read or a write, or we closed the connection ourselves.
      this.#context.emit({ type: "problem", level: "debug", message: "Control connection ended", error });
    } finally {
      this.#closing = true;
      await this.#transfer?.orphan({
        reason: this.#draining ? "shutdown" : "controlLost",
        expected: this.#queue.some((pending) => "verb" in pending && pending.verb === "QUIT"),
      });
      this.#context.dispose();
      clearTimeout(this.#farewell);
      closeQuietly(this.#connection);
      this.#context.report({ type: "sessionClosed", reason: this.#endReason });
      this.#host.ended(this);
    }
  }

  expire(): void {
    const idle = this.#context.login.account !== undefined;
    this.#leave(idle ? "Idle for too long, goodbye" : "Login took too long, goodbye", "timed out");
  }

  /** Ends the session with 421: at once when nothing is under way, else behind the transfer's final reply. */
  drain(): void {
    this.#draining = true;
    if (!this.#transfer && !this.#busy) this.#leave("Server is shutting down", "shutdown");
  }

  /** Ends a transfer that outlived the grace time, and the session with it. */
  kill(): void {
    this.#transfer?.abort("shutdown");
    if (this.#transfer) this.#closeSoon();
    else this.#leave("Server is shutting down", "shutdown");
  }

  /** 421 and close, as far as the peer still listens. The read that is pending ends by itself then. */
  #leave(text: string, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#endReason = reason;
    this.#context.wake();
    this.#add(reply.closing(text));
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
    for (let line = this.#lines.next(); line && !this.#closing; line = this.#lines.next()) {
      const pending = this.#understand(line);
      if (pending === undefined) continue;
      if ("verb" in pending && isUrgent(this.#host.table.find(pending.verb), pending)) {
        // What came before it in the same packet may be the very transfer that it is about.
        await this.#work();
        // It was AUTH: this came in clear behind it.
        if (this.#connection !== connection) return;
        if (this.#transfer) {
          await this.#interrupt(pending);
          continue;
        }
      }
      this.#queue.push(pending);
    }
    await this.#work();
    await this.#writer.flush();
    if (this.#queue.length > MOST_QUEUED) await this.#transfer?.ended;
  }

  /** The answers to ABOR come right behind each other, whatever waits behind the transfer. */
  async #interrupt(command: CommandLine): Promise<void> {
    this.#interrupting = true;
    try {
      await this.#run(command);
    } finally {
      this.#interrupting = false;
    }
  }

  #understand(line: Line): Pending | undefined {
    if (line.kind === "line") {
      if (this.#commands++ === 0 && isHttpVerb(line.text)) {
        this.#leave("This is an FTP server", "spoke HTTP");
        return undefined;
      }
      return parseCommandLine(line.text);
    }
    return { refusal: reply.badLine(line.kind === "tooLong" ? "Command line is too long" : BAD_LINES[line.reason]) };
  }

  #countBadLine(): void {
    this.#badLines++;
    const { maxBadCommands } = this.#host.options;
    if (maxBadCommands > 0 && this.#badLines >= maxBadCommands) this.#leave("Too many bad commands", "bad commands");
  }

  /** Runs queued commands until there are none or a transfer has begun. One of these runs at a time. */
  #work(): Promise<void> | undefined {
    if (this.#busy) return this.#working;
    if (this.#queue.length === 0 || this.#transfer || this.#interrupting) return undefined;
    this.#busy = true;
    this.#working = this.#drainQueue();
    return this.#working;
  }

  async #drainQueue(): Promise<void> {
    try {
      while (!this.#closing && !this.#transfer) {
        const pending = this.#queue.shift();
        if (!pending) return;
        if ("refusal" in pending) this.#refuse(pending.refusal);
        else if (this.#context.login.account && this.#host.table.find(pending.verb)?.transfer) {
          this.#beginTransfer(pending);
        } else await this.#run(pending);
      }
    } finally {
      this.#busy = false;
      this.#lastActivity = performance.now();
      if (this.#draining && !this.#transfer) this.#leave("Server is shutting down", "shutdown");
    }
  }

  /** Lets the loop go on reading; the queue is taken up again when the final reply is on its way. */
  #beginTransfer(command: CommandLine): void {
    const transfer = new SessionTransfer(command.verb, command.argument ?? "");
    this.#transfer = transfer;
    this.#run(command).catch(() => closeQuietly(this.#connection)).finally(() => {
      this.#transfer = undefined;
      this.#lastActivity = performance.now();
      // Whatever became of the command, the port that was chosen for it is spent.
      this.#context.setDataPort(undefined);
      transfer.finish();
      if (this.#draining) this.#leave("Server is shutting down", "shutdown");
      this.#resume();
    });
  }

  #resume(): void {
    this.#aside = true;
    Promise.resolve(this.#work()).then(() => {
      this.#aside = false;
      return this.#writer.flush();
    }).catch(() => closeQuietly(this.#connection));
  }

  async #run(command: CommandLine): Promise<void> {
    const { events, table } = this.#host;
    if (events.wants("command")) {
      const line = maskCommand(command.argument === undefined ? command.verb : `${command.verb} ${command.argument}`);
      this.#lastCommand = line;
      this.#context.report({ type: "command", line });
    } else this.#lastCommand = command.verb;
    const row = table.find(command.verb);
    const answer = dispatch(this.#context, row, command);
    const final = answer instanceof Promise ? await this.#outcome(answer) : answer;
    // The session may have been ended meanwhile, and 421 is its last word.
    if (this.#closing) return;
    if (!row) return this.#refuse(final);
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

  #refuse(refusal: reply.Reply): void {
    this.#add(refusal);
    this.#countBadLine();
  }

  async #conclude({ code, then }: reply.Reply): Promise<void> {
    await this.#writer.flush();
    if (then === "secure") return await this.#secure();
    this.#closing = true;
    this.#endReason = code === reply.goodbye.code ? "quit" : "too many failed logins";
    await this.#connection.closeWrite().catch(() => {});
    // Ends a read that is pending. Without one the loop ends by itself and closes; closing twice would cost an exception each time.
    if (this.#reading) closeQuietly(this.#connection);
  }

  /** Whatever came in clear behind AUTH is dropped: it must not run as if it had been protected (CVE-2011-0411 and its kin). */
  async #secure(): Promise<void> {
    this.#lines.reset();
    this.#queue.length = 0;
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

  async #send(preliminary: reply.Reply): Promise<void> {
    this.#add(preliminary);
    await this.#writer.flush();
  }

  /** See {@link SessionLink}: without a control connection to mark it on there is no transfer. */
  async mark(preliminary: reply.Reply): Promise<void> {
    try {
      await this.#send(preliminary);
    } catch (error) {
      this.#transfer?.abort("controlLost");
      throw error;
    }
  }
}

const BAD_LINES = {
  nul: "A NUL byte has no place in a command",
  carriageReturn: "A carriage return has no place in a command",
  encoding: "Commands are in UTF-8, this is not",
} as const;

function isUrgent(row: Command | undefined, command: CommandLine): boolean {
  return typeof row?.urgent === "function" ? row.urgent(command.argument) : row?.urgent ?? false;
}

function deadlineAfter(limit: number): number {
  return limit > 0 ? performance.now() + limit : Infinity;
}
