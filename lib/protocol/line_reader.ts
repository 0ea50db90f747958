/**
 * Bytes of a control connection in, lines out; bounded, whatever way the bytes were cut into packets. Knows no commands and does no I/O.
 *
 * @module
 */

const LF = 0x0a;
const CR = 0x0d;

/** Telnet bytes (RFC 854): everything from `FIRST_COMMAND` up is a command when it follows `IAC`. */
const IAC = 0xff;
const FIRST_COMMAND = 0xf0;
const WILL = 0xfb;
const DONT = 0xfe;
const INTERRUPT_PROCESS = 0xf4;
const DATA_MARK = 0xf2;

const DEFAULT_LIMIT = 8192;

/** Up to here an ASCII line becomes a string faster without the decoder, which costs a call into the runtime. */
const SHORT_LINE = 512;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One line without its end, or the reason why there is none to use. */
export type Line =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "tooLong" }
  | { readonly kind: "invalid"; readonly reason: "nul" | "carriageReturn" | "encoding" };

/** What a {@link LineReader} may be told. */
export interface LineReaderOptions {
  /** Most bytes of one line, its end included; 8192 unless told. */
  readonly limit?: number;
}

/**
 * Splits what arrives on a control connection into lines. A line ends with LF, with or without CR before it. Telnet sequences are
 * removed. A line over the limit is thrown away as it comes and reported once, at its end. The chunk given to `push` may be reused at
 * once; a reader with nothing pending holds no buffer.
 */
export class LineReader {
  readonly #limit: number;
  #lines: Line[] | undefined;
  /** The start of a line whose end has not come: `#length` bytes of `#partial`. */
  #partial: Uint8Array | undefined;
  #length = 0;
  #discarding = false;
  #telnet: "text" | "command" | "option" = "text";

  constructor(options: LineReaderOptions = {}) {
    this.#limit = options.limit ?? DEFAULT_LIMIT;
  }

  /** Whether anything has arrived that `next` has not handed out: whole lines, or the start of one. */
  get pending(): boolean {
    return this.#lines !== undefined || this.#length > 0 || this.#discarding || this.#telnet !== "text";
  }

  /** Bytes kept of a line whose end has not come. */
  get bufferedLength(): number {
    return this.#length;
  }

  /** Takes what was read. Take the lines out with `next` before pushing more, or they pile up. */
  push(chunk: Uint8Array): void {
    const bytes = this.#telnet === "text" && !chunk.includes(IAC) ? chunk : this.#withoutTelnet(chunk);
    let start = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      this.#end(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
  }

  /** The next whole line, or `undefined` when more bytes are needed. */
  next(): Line | undefined {
    const line = this.#lines?.shift();
    if (this.#lines?.length === 0) this.#lines = undefined;
    return line;
  }

  /**
   * Forgets everything that has arrived. To be called before a TLS handshake, so that commands sent in clear behind AUTH TLS are not
   * taken for protected ones (CVE-2011-0411 is the same hole in SMTP).
   */
  reset(): void {
    this.#lines = undefined;
    this.#forgetPartial();
    this.#telnet = "text";
  }

  #forgetPartial(): void {
    this.#partial = undefined;
    this.#length = 0;
    this.#discarding = false;
  }

  #end(last: Uint8Array): void {
    let line: Line;
    if (this.#discarding || this.#length + last.length >= this.#limit) line = { kind: "tooLong" };
    else if (this.#length === 0) line = decode(last);
    else {
      this.#keep(last);
      line = decode(this.#partial!.subarray(0, this.#length));
    }
    this.#forgetPartial();
    if (this.#lines === undefined) this.#lines = [line];
    else this.#lines.push(line);
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (this.#discarding || length >= this.#limit) {
      this.#forgetPartial();
      this.#discarding = true;
      return;
    }
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

  /**
   * A copy of `chunk` without Telnet commands (RFC 854): `IAC WILL|WONT|DO|DONT option` and `IAC command`. A byte that is no command
   * is text although `IAC` stands before it: the Synch that goes with ABOR leaves `IAC IP IAC` in the stream when the system takes out
   * its urgent byte. `IAC IAC` is a byte that UTF-8 never has, so it goes too. No option is ever agreed to, so there is no `SB`.
   */
  #withoutTelnet(chunk: Uint8Array): Uint8Array {
    const text = new Uint8Array(chunk.length);
    let length = 0;
    for (const byte of chunk) {
      if (this.#telnet === "option") this.#telnet = "text";
      else if (this.#telnet === "text" && byte === IAC) this.#telnet = "command";
      else if (this.#telnet === "command" && byte >= FIRST_COMMAND) {
        this.#telnet = byte >= WILL && byte <= DONT ? "option" : "text";
      } else {
        this.#telnet = "text";
        text[length++] = byte;
      }
    }
    return text.subarray(0, length);
  }
}

function decode(bytes: Uint8Array): Line {
  let start = 0;
  let end = bytes.length;
  // What is left of a Synch whose IAC was the urgent byte. No verb begins with these.
  while (start < end && (bytes[start] === INTERRUPT_PROCESS || bytes[start] === DATA_MARK)) start++;
  // A run, because text-mode writers on Windows send CR CR LF.
  while (end > start && bytes[end - 1] === CR) end--;
  const text = textOf(bytes.subarray(start, end));
  if (text === undefined) return { kind: "invalid", reason: "encoding" };
  if (text.includes("\0")) return { kind: "invalid", reason: "nul" };
  if (text.includes("\r")) return { kind: "invalid", reason: "carriageReturn" };
  return { kind: "line", text };
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
