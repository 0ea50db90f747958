/**
 * What arrives on the control connection, as commands: which buffer it is read into, how bytes become lines, and how a
 * line is answered that is not a command.
 *
 * @module
 */

import type { CommandTable } from "../commands/command_table.ts";
import { isHttpVerb, parseCommandLine } from "../protocol/command_line.ts";
import { type Line, LineReader } from "../protocol/line_reader.ts";
import * as reply from "../protocol/reply.ts";
import type { QueuedCommand } from "./command_queue.ts";
import { ReadBuffers } from "./read_buffers.ts";

/** The session is to end: 421 with this text, and why. */
export interface Intolerable {
  readonly farewell: string;
  readonly reason: string;
}

const BAD_LINES = {
  nul: "Command contains a NUL byte",
  carriageReturn: "Command contains a bare carriage return",
} as const;

/** The reading side of one session. It does no I/O. */
export class CommandIntake {
  readonly #table: CommandTable;
  readonly #lines = new LineReader();
  readonly #buffers: ReadBuffers;
  #isFirst = true;

  /** @param options `marked`: there may be urgent data, see {@link ReadBuffers}. */
  constructor(table: CommandTable, { marked }: { readonly marked: boolean }) {
    this.#table = table;
    this.#buffers = new ReadBuffers(marked);
  }

  /** For the next read. */
  get buffer(): Uint8Array {
    return this.#buffers.current;
  }

  /** Whether anything has arrived that {@link next} has not returned. */
  get pending(): boolean {
    return this.#lines.pending;
  }

  /**
   * `count` bytes were read into {@link buffer}. Returns what is to be sent to refuse the Telnet options among them, if
   * there are any.
   */
  take(count: number): Uint8Array | undefined {
    this.#lines.push(this.buffer.subarray(0, count), this.#buffers.endedAtMark(count));
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

  /**
   * Chooses the buffer for the next read. Everything that was read last, `count` bytes, must have been returned by
   * {@link next}.
   */
  prepare(count: number, how: { readonly transferring: boolean }): void {
    this.#buffers.next(count, how);
  }

  /** A buffer for a read that begins before everything that was read last has been returned. */
  renew(): Uint8Array {
    return this.#buffers.renew();
  }

  /** TLS begins: what came in clear is forgotten. */
  secure(): void {
    this.#lines.reset();
    this.#buffers.unmark();
  }

  #understand(line: Line): QueuedCommand | Intolerable {
    switch (line.kind) {
      case "line": {
        const isFirst = this.#isFirst;
        this.#isFirst = false;
        if (isFirst && isHttpVerb(line.text)) return { farewell: "This is an FTP server", reason: "spoke HTTP" };
        return parseCommandLine(line.text);
      }
      case "endless":
        return { farewell: "Command line is too long", reason: "endless line" };
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
