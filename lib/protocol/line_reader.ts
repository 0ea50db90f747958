/**
 * Bytes of a control connection in, lines out; bounded, whatever way the bytes were cut into packets. Knows no commands and does no I/O.
 *
 * @module
 */

import { TelnetFilter } from "./telnet.ts";

const LF = 0x0a;
const CR = 0x0d;

/** What is left of a Telnet Synch whose other bytes were taken out. */
const SYNCH_REMAINS: ReadonlySet<number> = new Set([0xf2, 0xf4, 0xff]);

const DEFAULT_LIMIT = 8192;
/** Bytes of one line that are thrown away before it counts as one without an end. */
const MOST_DISCARDED = 256 * 1024;

/** Up to here an ASCII line becomes a string faster without the decoder, which costs a call into the runtime. */
const SHORT_LINE = 512;
/** Bytes of `ABOR` and CR, with what a Synch may leave before it. */
const LONGEST_ABORT = 16;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossyUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** One line without its end, or the reason why there is none to use. */
export type Line =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "tooLong" }
  /** Far over the limit, and its end has still not come. */
  | { readonly kind: "endless" }
  | { readonly kind: "invalid"; readonly reason: "nul" | "carriageReturn" }
  /** `text` has U+FFFD in place of what is not UTF-8. */
  | { readonly kind: "notUtf8"; readonly text: string };

/** What a {@link LineReader} may be told. */
export interface LineReaderOptions {
  /** Most bytes of one line, its end included; 8192 unless told. */
  readonly limit?: number;
  /** Bytes of a line over the limit until it is {@link Line endless}; 262144 unless told. */
  readonly mostDiscarded?: number;
}

/**
 * Splits what arrives on a control connection into lines, each when it is asked for: what has arrived is kept as it came, which takes a
 * tenth of the memory of short lines. A line ends with LF, with or without CR before it. Telnet sequences are removed. A line over the
 * limit is thrown away as it comes and reported once, at its end. A reader with nothing pending holds no buffer.
 *
 * `ABOR` and CR are a whole line at the end of what has arrived: Python's ftplib sends the line as urgent data, its LF is the urgent byte,
 * and the system takes that out of the stream. An LF that does come after it is dropped.
 */
export class LineReader {
  readonly #limit: number;
  readonly #mostDiscarded: number;
  readonly #telnet = new TelnetFilter();
  /** What was pushed, from `#start` on. */
  #chunk: Uint8Array | undefined;
  #start = 0;
  /** The start of a line whose end has not come: `#length` bytes of `#partial`. */
  #partial: Uint8Array | undefined;
  #length = 0;
  /** Bytes of a line over the limit that were thrown away. */
  #discarded = 0;
  /** The line end of an ABOR that was taken without it may still come. */
  #owesLineEnd = false;
  /** What follows the chunk may be an ABOR that cannot be read yet. */
  #awaitsAbort = false;
  /** An ABOR was taken for granted, and may still come. */
  #owesAbort = false;

  constructor(options: LineReaderOptions = {}) {
    this.#limit = options.limit ?? DEFAULT_LIMIT;
    this.#mostDiscarded = options.mostDiscarded ?? MOST_DISCARDED;
  }

  /** Whether anything has arrived that `next` has not handed out: whole lines, or the start of one. */
  get pending(): boolean {
    return this.#chunk !== undefined || this.#length > 0 || this.#discarded > 0 || this.#telnet.pending;
  }

  /** Bytes kept of a line whose end has not come. */
  get bufferedLength(): number {
    return this.#length;
  }

  /** What is to be sent to refuse the Telnet options that were pushed since it was asked last. */
  takeRefusals(): Uint8Array | undefined {
    return this.#telnet.takeRefusals();
  }

  /**
   * Takes what was read. `chunk` must stay as it is until `next` has given `undefined`, and no other may be pushed before.
   *
   * @param marked it may end at the mark of urgent data, and what follows may come only with the next command. If it ends in the beginning
   * of a Synch, an ABOR is taken for granted: with no other command do clients send one. The ABOR itself is then dropped.
   */
  push(chunk: Uint8Array, marked = false): void {
    const bytes = this.#telnet.apply(chunk);
    this.#awaitsAbort = marked && this.#telnet.interrupted;
    this.#start = this.#owesLineEnd ? this.#lineEndOf(bytes) : 0;
    this.#chunk = this.#start < bytes.length ? bytes : undefined;
  }

  /** The next whole line, or `undefined` when more bytes are needed. */
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
   * Forgets everything that has arrived. To be called before a TLS handshake, so that commands sent in clear behind AUTH TLS are not
   * taken for protected ones (CVE-2011-0411 is the same hole in SMTP).
   */
  reset(): void {
    this.#chunk = undefined;
    this.#owesLineEnd = this.#awaitsAbort = this.#owesAbort = false;
    this.#forgetPartial();
    this.#telnet.reset();
  }

  #forgetPartial(): void {
    this.#partial = undefined;
    this.#length = 0;
    this.#discarded = 0;
  }

  /** Where text begins in what came after an ABOR without its line end. */
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

  /** The start of a line; a line of its own where no more of it is to be waited for. */
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
        // Doubled, so that a line that arrives byte by byte is not copied once for each of them.
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
