/**
 * What arrives on the control connection, as commands: which buffer it is read into, and how much at once, how bytes
 * become lines, and how a line is answered that is not a command.
 *
 * Urgent data (the Synch with which clients send ABOR, RFC 959 section 4.1) has a mark in the stream, and the system
 * ends a read there, with and without SO_OOBINLINE. To the runtime a read that does not fill its buffer means that the
 * socket is empty, and it waits for something new to arrive although ABOR is there already. Only after a full read does
 * it look again. So while a transfer runs the pending read is of one byte, which anything that arrives fills; if that
 * byte belongs to a Synch, the mark is next, and the next byte is read alone as well. The rest of a line follows in one
 * read.
 *
 * Without a transfer the reader of lines meets the Synch and assumes the ABOR: see `LineReader.push`. Reading one byte
 * before every command would double the work for a NOOP.
 *
 * @module
 */

import type { Offence } from "../auth/bans.ts";
import type { CommandTable } from "../commands/command.ts";
import { LINE_BUFFER, type LineBuffers } from "../data/buffers.ts";
import { type Line, LineReader, parseCommandLine } from "../protocol/line_reader.ts";
import * as reply from "../protocol/reply.ts";
import type { QueuedCommand } from "./command_queue.ts";

/** Idle sessions hold no more than this. */
const SMALL = LINE_BUFFER;
/** For clients that fill the small one: they send many commands at once. */
const LARGE = 4 * 1024;
/** Telnet commands, and `IAC` before them, are from here up (RFC 854). No command line begins with these. */
const FIRST_TELNET = 0xf0;

/** The session is to end: 421 with this text, and why. */
export interface Intolerable {
  readonly farewell: string;
  readonly reason: string;
  readonly offence: Offence;
}

const SPOKE_HTTP: Intolerable = {
  farewell: "This is an FTP server",
  reason: "spoke HTTP",
  offence: "foreignProtocol",
};
const ENDLESS_LINE: Intolerable = {
  farewell: "Command line is too long",
  reason: "endless line",
  offence: "endlessLine",
};

const BAD_LINES = {
  nul: "Command contains a NUL byte",
  carriageReturn: "Command contains a bare carriage return",
} as const;

/** What a {@link CommandIntake} is made with. */
export interface IntakeOptions {
  readonly table: CommandTable;
  /** No command has arrived before. */
  readonly isFirst: boolean;
}

/** What a session has read and not yet understood: while there is nothing to remember it needs none. */
export class CommandIntake {
  readonly #table: CommandTable;
  readonly #lines = new LineReader();
  #isFirst: boolean;

  constructor({ table, isFirst }: IntakeOptions) {
    this.#table = table;
    this.#isFirst = isFirst;
  }

  /** Whether anything has arrived that {@link next} has not returned. */
  get pending(): boolean {
    return this.#lines.pending;
  }

  /** Whether a new one would do as well. */
  get isBlank(): boolean {
    return this.#lines.isBlank;
  }

  /**
   * Takes what was read, see {@link LineReader.push}. Returns what is to be sent to refuse the Telnet options among it,
   * if there are any.
   */
  take(bytes: Uint8Array, marked: boolean): Uint8Array | undefined {
    this.#lines.push(bytes, marked);
    return this.#lines.takeRefusals();
  }

  /**
   * The next command, the answer to a line that is not one, or the end of the session; `undefined` if more has to be
   * read.
   */
  next(): QueuedCommand | Intolerable | undefined {
    const line = this.#lines.next();
    return line && this.#understand(line);
  }

  /** TLS begins: what came in clear is forgotten. */
  forget(): void {
    this.#lines.reset();
  }

  #understand(line: Line): QueuedCommand | Intolerable {
    switch (line.kind) {
      case "line": {
        const isFirst = this.#isFirst;
        this.#isFirst = false;
        if (isFirst && isHttpVerb(line.text)) return SPOKE_HTTP;
        return parseCommandLine(line.text);
      }
      case "endless":
        return ENDLESS_LINE;
      case "notUtf8": {
        const command = parseCommandLine(line.text);
        if (this.#table.find(command.verb)?.anyEncoding) return command;
        return { refusal: reply.badLine("Command is not valid UTF-8") };
      }
      case "tooLong":
        return { refusal: reply.badLine("Command line is too long") };
      case "invalid":
        return { refusal: reply.badLine(BAD_LINES[line.reason]) };
    }
  }
}

/** The options of {@link ReadBuffers}. */
export interface ReadBufferOptions {
  /** There may be urgent data. */
  readonly marked: boolean;
  readonly lender: LineBuffers;
}

/** The buffers that one session is read into. */
export class ReadBuffers {
  readonly #lender: LineBuffers;
  #marked: boolean;
  #current: Uint8Array;

  constructor({ marked, lender }: ReadBufferOptions) {
    this.#lender = lender;
    this.#marked = marked;
    this.#current = lender.take();
  }

  /** For the next read. */
  get current(): Uint8Array {
    return this.#current;
  }

  /** Another one, for a read that begins while the content of {@link current} may still be needed. */
  renew(): Uint8Array {
    return this.#current = this.#lender.take();
  }

  /** Nothing is read any more: gives back what was lent, in which no read may be pending. */
  release(): void {
    if (this.#current.length === SMALL) this.#lender.give(this.#current);
  }

  /** Whether a read of `count` bytes may have ended at a mark. */
  endedAtMark(count: number): boolean {
    return this.#marked && count < this.#current.length;
  }

  /** There is no urgent data from now on: TLS has begun. */
  unmark(): void {
    this.#marked = false;
  }

  /**
   * Chooses the buffer for the next read, after `count` bytes were read into {@link current}, none of which is needed
   * any more.
   */
  next(count: number, { transferring }: { readonly transferring: boolean }): void {
    const { length } = this.#current;
    if (count < length) {
      if (transferring && this.#marked) this.#replace(new Uint8Array(1));
      else if (length === LARGE && count < SMALL) this.#replace(this.#lender.take());
    } else if (length === 1) {
      const isTelnet = (this.#current[0] ?? 0) >= FIRST_TELNET;
      if (!isTelnet) this.#replace(this.#lender.take());
    } else if (length === SMALL) this.#replace(new Uint8Array(LARGE));
  }

  #replace(buffer: Uint8Array): void {
    this.release();
    this.#current = buffer;
  }
}

/**
 * Whether a line is the first of an HTTP request. A web page can make a browser send one here, with commands in its
 * body (cross-protocol attack), so a connection that begins with it is closed.
 */
export function isHttpVerb(line: string): boolean {
  return /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|PATCH|TRACE|PRI) (?:\/|.* HTTP\/\d)/i.test(line);
}
