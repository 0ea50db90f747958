/**
 * Replies as a client reads them: bytes of a control connection go in, whole replies come out. A pure state machine, so
 * that it works with every kind of connection.
 *
 * A reply is one line, or several of which the first is `123-…` and the last `123 …` with the same code (RFC 959
 * section 4.2). Servers end lines with CR LF; a bare LF is accepted too, since some send it. Names in replies are UTF-8
 * by RFC 2640, and in practice the encoding of the server's system: {@link ReplyParserOptions.decoder} decodes them.
 *
 * @module
 */

import { concat } from "../net/concat.ts";

/** A whole reply. */
export interface ParsedReply {
  /** 100 to 599. */
  readonly code: number;
  /** Text of the last line, without the code. */
  readonly text: string;
  /** Every line as received, without its end. */
  readonly lines: readonly string[];
}

/** A server sent something that is not a reply. The control connection cannot be used after it. */
export class ReplySyntaxError extends Error {
  override readonly name = "ReplySyntaxError";
}

/** The options of a {@link ReplyParser}. */
export interface ReplyParserOptions {
  /**
   * Most bytes of one reply. A peer that sends more without an end is refused.
   *
   * @default 262_144
   */
  readonly maxReplySize?: number;
  /** Decodes the text of a line. Default: UTF-8, with U+FFFD for invalid bytes. */
  readonly decoder?: { decode(bytes: Uint8Array): string };
}

const LF = 0x0a;
const CR = 0x0d;
const DEFAULT_MAX_REPLY_SIZE = 256 * 1024;

/** Collects the bytes of a control connection until they are whole replies. */
export class ReplyParser {
  readonly #maxReplySize: number;
  readonly #decoder: { decode(bytes: Uint8Array): string };
  /** The input of an incomplete line, in pieces: joining them at each arrival would cost the square of the line. */
  #rest: Uint8Array[] = [];
  #restSize = 0;
  #lines: string[] = [];
  /** Bytes of {@link #lines}. */
  #size = 0;

  constructor({ maxReplySize = DEFAULT_MAX_REPLY_SIZE, decoder = new TextDecoder() }: ReplyParserOptions = {}) {
    this.#maxReplySize = maxReplySize;
    this.#decoder = decoder;
  }

  /** Whether part of a reply has arrived but not its end: a connection that closes now has truncated it. */
  get isMidReply(): boolean {
    return this.#restSize > 0 || this.#lines.length > 0;
  }

  /**
   * Takes input, whose buffer may be reused afterwards, and returns the replies that are now complete.
   *
   * @throws {ReplySyntaxError} for a line that begins no reply, and for a reply above the limit.
   */
  push(bytes: Uint8Array): ParsedReply[] {
    const replies: ParsedReply[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      this.#keep(bytes.subarray(start, end));
      const reply = this.#takeLine(this.#takeRest());
      if (reply) replies.push(reply);
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(bytes.slice(start));
    return replies;
  }

  #keep(piece: Uint8Array): void {
    this.#restSize += piece.length;
    if (this.#size + this.#restSize > this.#maxReplySize) {
      throw new ReplySyntaxError(`A reply of more than ${this.#maxReplySize} bytes`);
    }
    this.#rest.push(piece);
  }

  #takeRest(): Uint8Array {
    const [only = new Uint8Array(0), ...others] = this.#rest;
    const joined = others.length === 0 ? only : concat(this.#rest, this.#restSize);
    this.#rest = [];
    this.#restSize = 0;
    return joined;
  }

  #takeLine(bytes: Uint8Array): ParsedReply | undefined {
    this.#size += bytes.length;
    const line = this.#decoder.decode(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes);
    const [first = line] = this.#lines;
    const [, code, mark] = /^([1-5]\d\d)(?:([ -])|$)/.exec(line) ?? [];
    if (this.#lines.length === 0 && line === "") return undefined;
    if (this.#lines.length === 0 && code === undefined) {
      throw new ReplySyntaxError(`Not the beginning of a reply: ${JSON.stringify(line.slice(0, 80))}`);
    }
    this.#lines.push(line);
    const isLast = code !== undefined && mark !== "-" && first.startsWith(code);
    return isLast ? this.#takeReply(Number(code), line.slice(4)) : undefined;
  }

  #takeReply(code: number, text: string): ParsedReply {
    const lines = this.#lines;
    this.#lines = [];
    this.#size = 0;
    return { code, text, lines };
  }
}
