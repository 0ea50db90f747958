/**
 * The control connection of a client: commands out, replies in, one request at a time.
 *
 * @module
 */

import { startDeadline } from "../net/deadline.ts";
import { closeQuietly, type Connection, writeAll } from "../net/connection.ts";
import { type ParsedReply, ReplyParser, ReplySyntaxError } from "../protocol/reply_parser.ts";
import type { Charset } from "./charset.ts";
import { ClientError, refusalOf } from "./errors.ts";
import { commandArgument } from "./names.ts";

/** A line of the conversation, for a log. */
export interface DialogueLine {
  /** Who sent it, seen from the client. */
  readonly direction: "sent" | "received";
  /** Without its end. The arguments of PASS and ACCT are masked; control characters are as they arrived. */
  readonly text: string;
}

/** A verb and its argument. */
export type Command = readonly [verb: string, argument?: string | undefined];

/** The options of a {@link ControlConnection}. */
export interface ControlOptions {
  /** Milliseconds to wait for a reply; 0: no limit. */
  readonly timeout: number;
  readonly charset: Charset;
  /** Called with each line. */
  readonly onLine?: ((line: DialogueLine) => void) | undefined;
}

const SECRET = new Set(["PASS", "ACCT"]);
/** The code of a reply after which the server closes the connection. */
const ENDS = 421;
/** Bytes of one read. */
const READ_SIZE = 16 * 1024;
/** IAC IP, IAC DM: the Telnet Synch that precedes ABOR (RFC 959 section 4.1.3), in the stream. */
const INTERRUPT = new Uint8Array([0xff, 0xf4, 0xff, 0xf2]);

/** Sends commands and reads replies. After a `closed`, `timeout` or `protocol` error it is of no use any more. */
export class ControlConnection implements Disposable {
  readonly #options: ControlOptions;
  /** One read at a time; the parser keeps nothing of it. */
  readonly #buffer = new Uint8Array(READ_SIZE);
  #connection: Connection;
  #parser: ReplyParser;
  /** Arrived, and not yet asked for. */
  readonly #replies: ParsedReply[] = [];
  #failure: ClientError | undefined;

  constructor(connection: Connection, options: ControlOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#parser = this.#makeParser();
  }

  /** The connection below: its addresses are those for data connections. */
  get connection(): Connection {
    return this.#connection;
  }

  /** Whether it can still be used. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /**
   * Sends a command and does not wait for its reply.
   *
   * @throws {ClientError} `badName` for an argument with a line break or NUL; then nothing is sent.
   */
  async send(verb: string, argument?: string): Promise<void> {
    await this.sendAll([[verb, argument]]);
  }

  /** As {@link send}, for several commands in one piece: all are sent, or none. */
  async sendAll(commands: readonly Command[]): Promise<void> {
    await this.#write(this.#encode(commands));
    for (const [verb, argument] of commands) {
      const shown = argument !== undefined && SECRET.has(verb.toUpperCase()) ? "***" : argument;
      this.#options.onLine?.({ direction: "sent", text: lineOf(verb, shown) });
    }
  }

  /** Whether {@link sendAll} could send them. */
  canSend(commands: readonly Command[]): boolean {
    try {
      return this.#encode(commands).length > 0;
    } catch {
      return false;
    }
  }

  /** Sends ABOR, preceded by the Telnet Synch: some servers look at the control connection for nothing less. */
  async sendAbort(): Promise<void> {
    await this.#write(new Uint8Array([...INTERRUPT, ...new TextEncoder().encode("ABOR\r\n")]));
    this.#options.onLine?.({ direction: "sent", text: "ABOR" });
  }

  /**
   * Resolves to the next reply, whatever its code.
   *
   * @param timeout milliseconds; 0: no limit. Default: that of the options.
   * @throws {ClientError} `closed`, `timeout` or `protocol`.
   */
  async reply(timeout = this.#options.timeout): Promise<ParsedReply> {
    using _limit = startDeadline({ timeout }, () => this.#fail(slow(timeout)));
    for (;;) {
      const reply = this.#replies.shift();
      if (reply) {
        // The server ends the session (RFC 959 section 4.2.1): whoever goes on needs another one.
        if (reply.code === ENDS) this.#fail(lost());
        return reply;
      }
      if (this.#failure) throw this.#failure;
      await this.#read();
    }
  }

  /** As {@link reply}, but 1yz replies are passed over: they announce that another follows. */
  async finalReply(timeout?: number): Promise<ParsedReply> {
    for (;;) {
      const reply = await this.reply(timeout);
      if (reply.code >= 200) return reply;
    }
  }

  /** Sends a command and resolves to its final reply, whatever its code. @throws as {@link send} and {@link reply}. */
  async exchange(verb: string, argument?: string): Promise<ParsedReply> {
    await this.send(verb, argument);
    return await this.finalReply();
  }

  /**
   * Sends a command and resolves to its final reply.
   *
   * @param expected first digits of the codes that are a success.
   * @throws {ClientError} `reply` for any other code; and as {@link send} and {@link reply}.
   */
  async request(verb: string, argument?: string, expected = "2"): Promise<ParsedReply> {
    const reply = await this.exchange(verb, argument);
    if (!expected.includes(String(reply.code).charAt(0))) throw refusalOf(verb, reply);
    return reply;
  }

  /**
   * Goes on over `secure`, which was made of {@link connection}. What arrived in clear after the reply to AUTH is
   * dropped: somebody on the way may have added it (CVE-2011-0411 and its kind).
   */
  upgrade(secure: Connection): void {
    this.#connection = secure;
    this.#replies.length = 0;
    this.#parser = this.#makeParser();
  }

  /** Closes the connection. A pending {@link reply} rejects with `error`. */
  close(error = new ClientError("closed", "The control connection was closed")): void {
    this.#fail(error);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #encode(commands: readonly Command[]): Uint8Array {
    const lines = commands.map(([verb, argument]) =>
      `${lineOf(verb, argument === undefined ? undefined : commandArgument(argument))}\r\n`
    );
    return this.#options.charset.encode(lines.join(""));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    try {
      await writeAll(this.#connection, bytes);
    } catch (error) {
      this.#fail(lost(error));
      throw this.#failure;
    }
  }

  async #read(): Promise<void> {
    try {
      const count = await this.#connection.read(this.#buffer);
      if (count === null) this.#fail(lost());
      else this.#take(this.#buffer.subarray(0, count));
    } catch (error) {
      this.#fail(
        error instanceof ReplySyntaxError ? new ClientError("protocol", error.message, { cause: error }) : lost(error),
      );
    }
  }

  #take(bytes: Uint8Array): void {
    for (const reply of this.#parser.push(bytes)) {
      for (const text of reply.lines) this.#options.onLine?.({ direction: "received", text });
      this.#replies.push(reply);
    }
  }

  #fail(error: ClientError): void {
    if (this.#failure) return;
    this.#failure = error;
    closeQuietly(this.#connection);
  }

  #makeParser(): ReplyParser {
    return new ReplyParser({ decoder: this.#options.charset });
  }
}

function lineOf(verb: string, argument: string | undefined): string {
  return argument === undefined ? verb : `${verb} ${argument}`;
}

function lost(cause?: unknown): ClientError {
  const options = cause === undefined ? {} : { cause };
  return new ClientError("closed", "The server closed the control connection", options);
}

function slow(timeout: number): ClientError {
  return new ClientError("timeout", `No reply from the server within ${timeout / 1000} s`);
}
