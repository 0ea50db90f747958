/**
 * Splits the bytes of a control connection into lines, and a line into verb and argument; bounded, however the bytes
 * are cut into packets. Independent of commands, and without I/O.
 *
 * @module
 */

import { IAC, TelnetFilter } from "./telnet.ts";

const LF = 0x0a;
const CR = 0x0d;

/** What is left of a Telnet Synch whose other bytes were removed. */
const SYNCH_REMAINS: ReadonlySet<number> = new Set([0xf2, 0xf4, 0xff]);

const DEFAULT_LIMIT = 8192;
/** Bytes of one line that are discarded before it counts as endless. */
const MOST_DISCARDED = 256 * 1024;

/** Up to this length an ASCII line is decoded faster without the decoder, which costs a call into the runtime. */
const SHORT_LINE = 512;
/** Bytes of `ABOR` and CR, with what a Synch may leave before it. */
const LONGEST_ABORT = 16;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossyUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** One line without its end, or the reason why it cannot be used. */
export type Line =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "tooLong" }
  /** Far over the limit, and its end has still not arrived. */
  | { readonly kind: "endless" }
  | { readonly kind: "invalid"; readonly reason: "nul" | "carriageReturn" }
  /** `text` has U+FFFD in place of invalid UTF-8. */
  | { readonly kind: "notUtf8"; readonly text: string };

/** The options of a {@link LineReader}. */
export interface LineReaderOptions {
  /**
   * Most bytes of one line, including its end.
   *
   * @default 8192
   */
  readonly limit?: number;
  /**
   * Bytes of a line over the limit until it is {@link Line endless}.
   *
   * @default 262_144
   */
  readonly mostDiscarded?: number;
}

/**
 * Splits what arrives on a control connection into lines, each on demand: input is kept as it arrived, which takes a
 * tenth of the memory of short lines. A line ends with LF, with or without CR before it. Telnet sequences are removed.
 * A line over the limit is discarded as it arrives and reported once, at its end. A reader with nothing pending holds
 * no buffer.
 *
 * `ABOR` and CR at the end of the input count as a whole line: Python's ftplib sends the line as urgent data, its LF is
 * the urgent byte, and the system removes that from the stream. An LF that does follow is dropped.
 */
export class LineReader {
  readonly #limit: number;
  readonly #mostDiscarded: number;
  /** From the first `IAC` on: most sessions have none. */
  #telnet: TelnetFilter | undefined;
  /** The input, from `#start` on. */
  #chunk: Uint8Array | undefined;
  #start = 0;
  /** The start of a line whose end has not arrived: `#length` bytes of `#partial`. */
  #partial: Uint8Array | undefined;
  #length = 0;
  /** Discarded bytes of a line over the limit. */
  #discarded = 0;
  /** The line end of an ABOR that was returned without it may still arrive. */
  #owesLineEnd = false;
  /** An ABOR that cannot be read yet may follow the chunk. */
  #awaitsAbort = false;
  /** An ABOR was assumed, and may still arrive. */
  #owesAbort = false;

  constructor(options: LineReaderOptions = {}) {
    this.#limit = options.limit ?? DEFAULT_LIMIT;
    this.#mostDiscarded = options.mostDiscarded ?? MOST_DISCARDED;
  }

  /** Whether there is input that `next` has not returned: whole lines, or the start of one. */
  get pending(): boolean {
    return this.#chunk !== undefined || this.#length > 0 || this.#discarded > 0 || this.#telnet?.pending === true;
  }

  /** Whether a new reader would take what arrives next in the same way. */
  get isBlank(): boolean {
    return this.#telnet === undefined && !this.#owesLineEnd && !this.#awaitsAbort && !this.#owesAbort && !this.pending;
  }

  /** Bytes kept of a line whose end has not arrived. */
  get bufferedLength(): number {
    return this.#length;
  }

  /** The bytes to send to refuse the Telnet options received since the last call. */
  takeRefusals(): Uint8Array | undefined {
    return this.#telnet?.takeRefusals();
  }

  /**
   * Takes input. `chunk` must not change until `next` has returned `undefined`, and no other may be pushed before.
   *
   * @param marked it may end at the mark of urgent data, and what follows may only arrive with the next command. If it
   * ends in the beginning of a Synch, an ABOR is assumed: clients send a Synch with no other command. The ABOR itself
   * is then dropped.
   */
  push(chunk: Uint8Array, marked = false): void {
    if (chunk.includes(IAC)) this.#telnet ??= new TelnetFilter();
    const bytes = this.#telnet ? this.#telnet.apply(chunk) : chunk;
    this.#awaitsAbort = marked && this.#telnet?.interrupted === true;
    this.#start = this.#owesLineEnd ? this.#lineEndOf(bytes) : 0;
    this.#chunk = this.#start < bytes.length ? bytes : undefined;
  }

  /** The next whole line, or `undefined` if more bytes are needed. */
  next(): Line | undefined {
    const line = this.#next();
    if (line === undefined) return this.#awaitsAbort && this.#length === 0 ? this.#grantAbort() : undefined;
    if (!this.#owesAbort) return line;
    this.#owesAbort = false;
    return isAbort(line) ? this.next() : line;
  }

  #next(): Line | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined) return undefined;
    const end = chunk.indexOf(LF, this.#start);
    if (end === -1) {
      this.#chunk = undefined;
      return this.#keep(chunk.subarray(this.#start));
    }
    const line = this.#end(chunk.subarray(this.#start, end));
    this.#start = end + 1;
    if (this.#start === chunk.length) this.#chunk = undefined;
    return line;
  }

  #grantAbort(): Line {
    this.#awaitsAbort = false;
    this.#owesAbort = true;
    return { kind: "line", text: "ABOR" };
  }

  /**
   * Drops all input. To be called before a TLS handshake, so that commands sent in clear text after AUTH TLS are not
   * taken for protected ones (CVE-2011-0411 is the same hole in SMTP).
   */
  reset(): void {
    this.#chunk = undefined;
    this.#owesLineEnd = this.#awaitsAbort = this.#owesAbort = false;
    this.#forgetPartial();
    this.#telnet = undefined;
  }

  #forgetPartial(): void {
    this.#partial = undefined;
    this.#length = 0;
    this.#discarded = 0;
  }

  /** Where text begins in the input after an ABOR without its line end. */
  #lineEndOf(bytes: Uint8Array): number {
    let start = 0;
    while (bytes[start] === CR) start++;
    if (start === bytes.length) return start;
    this.#owesLineEnd = false;
    return bytes[start] === LF ? start + 1 : start;
  }

  #end(last: Uint8Array): Line {
    let line: Line;
    if (this.#discarded > 0 || this.#length + last.length >= this.#limit) line = { kind: "tooLong" };
    else if (this.#length === 0) line = decode(last);
    else {
      this.#append(last);
      line = decode(this.#partial!.subarray(0, this.#length));
    }
    this.#forgetPartial();
    return line;
  }

  /** Keeps the start of a line; returns it as a line if no more of it is to be waited for. */
  #keep(bytes: Uint8Array): Line | undefined {
    if (this.#discarded > 0 || this.#length + bytes.length >= this.#limit) return this.#discard(bytes.length);
    this.#append(bytes);
    const start = this.#partial!.subarray(0, this.#length);
    if (start.at(-1) !== CR || start.length > LONGEST_ABORT) return undefined;
    const line = decode(start);
    if (!isAbort(line)) return undefined;
    this.#forgetPartial();
    this.#owesLineEnd = true;
    return line;
  }

  #discard(count: number): Line | undefined {
    const before = this.#discarded;
    const discarded = before + this.#length + count;
    this.#forgetPartial();
    this.#discarded = discarded;
    return before <= this.#mostDiscarded && discarded > this.#mostDiscarded ? { kind: "endless" } : undefined;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (this.#partial === undefined) this.#partial = bytes.slice();
    else {
      if (length > this.#partial.length) {
        // Doubled, so that a line that arrives byte by byte is not copied once per byte.
        const grown = new Uint8Array(Math.max(length, Math.min(this.#partial.length * 2, this.#limit)));
        grown.set(this.#partial.subarray(0, this.#length));
        this.#partial = grown;
      }
      this.#partial.set(bytes, this.#length);
    }
    this.#length = length;
  }
}

function isAbort(line: Line): boolean {
  return line.kind === "line" && line.text.toUpperCase() === "ABOR";
}

function decode(bytes: Uint8Array): Line {
  let start = 0;
  let end = bytes.length;
  // No verb begins with these.
  while (start < end && SYNCH_REMAINS.has(bytes[start]!)) start++;
  // A run, because text-mode writers on Windows send CR CR LF.
  while (end > start && bytes[end - 1] === CR) end--;
  const used = bytes.subarray(start, end);
  const decoded = textOf(used);
  const text = decoded ?? lossyUtf8.decode(used);
  if (text.includes("\0")) return { kind: "invalid", reason: "nul" };
  if (text.includes("\r")) return { kind: "invalid", reason: "carriageReturn" };
  return decoded === undefined ? { kind: "notUtf8", text } : { kind: "line", text };
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length <= SHORT_LINE && isAscii(bytes)) return Reflect.apply(String.fromCharCode, undefined, bytes);
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte >= 0x80) return false;
  }
  return true;
}

/** A verb and what follows it. */
export interface CommandLine {
  /** In upper case. */
  readonly verb: string;
  /** Everything after the first space, byte for byte; `undefined` without a space, empty if nothing follows it. */
  readonly argument: string | undefined;
}

/** Splits a line at its first space. Nothing is trimmed: names may begin and end with spaces. */
export function parseCommandLine(line: string): CommandLine {
  const space = line.indexOf(" ");
  if (space === -1) return { verb: upperCase(line), argument: undefined };
  return { verb: upperCase(line.slice(0, space)), argument: line.slice(space + 1) };
}

/** Splits the argument of SITE or OPTS into the word that names the action, and its own argument. */
export function splitSubcommand(argument: string): CommandLine {
  return parseCommandLine(argument.replace(/^ +/, ""));
}

/**
 * Formats a command, without its line end.
 *
 * @throws {TypeError} if a part would inject a second command.
 */
export function formatCommandLine(verb: string, argument?: string): string {
  const line = argument === undefined ? verb : `${verb} ${argument}`;
  if (/[\0\r\n]/.test(line)) throw new TypeError(`Cannot send "${verb}": its argument has a control character`);
  return line;
}

/** Upper case for ASCII words only: in Unicode "ß" and "ſ" would become the letters of PASS. */
function upperCase(word: string): string {
  // deno-lint-ignore no-control-regex -- the range of ASCII begins there
  return /^[\x00-\x7f]*$/.test(word) ? word.toUpperCase() : word;
}
