/**
 * Cassettes as text: a line for each line of the conversation, `C:` from the client and `S:` from the server, and what
 * went over data connections in between, as text (`D:`) or base64 (`B:`).
 *
 * @module
 */

import { concat } from "../net/concat.ts";
import { ReplyParser, ReplySyntaxError } from "../protocol/reply_parser.ts";
import { CassetteError, type Exchange, MOST_OF_TRANSFER, type RecordedSession, type Step } from "./cassette.ts";

/** The first line. The number changes with the format. */
export const FIRST_LINE = "denoftpd cassette 1";

/** Characters of one line of data; a longer one goes on in the next. */
const PIECE = /.{1,2000}/gsu;
/** Bytes in one line of base64. */
const BASE64_WIDTH = 57;
// What editors and version control do not keep, or do not show.
// deno-lint-ignore no-control-regex -- they are what is meant
const UNSEEN = /[\0-\x1f\x7f-\x9f\u2028\u2029\ufeff\\]/g;
// deno-lint-ignore no-control-regex -- a text has none of them but tab, LF, form feed, CR and ESC
const BINARY = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/;
const SHORT: ReadonlyMap<string, string> = new Map([["\\", "\\\\"], ["\r", "\\r"], ["\t", "\\t"]]);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** One session as text, with an empty line before it. */
export function formatSession({ greeting, exchanges }: RecordedSession): string {
  const lines = ["", ...greeting.flatMap(formatStep)];
  for (const { command, steps } of exchanges) lines.push(`C: ${escape(command)}`, ...steps.flatMap(formatStep));
  return lines.map((line) => `${line}\n`).join("");
}

function formatStep(step: Step): string[] {
  if (step.kind === "reply") return step.lines.map((line) => `S: ${escape(line)}`);
  const text = textOf(step.bytes);
  return text === undefined ? formatBinary(step.bytes) : formatText(text);
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes);
    return BINARY.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** A line without LF ends in a backslash. So there is a line for no data, too. */
function formatText(text: string): string[] {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  const written = lines.flatMap((line) => formatPieces(line, ""));
  return rest === "" && lines.length > 0 ? written : [...written, ...formatPieces(rest, "\\")];
}

function formatPieces(line: string, end: string): string[] {
  const pieces = line.match(PIECE) ?? [""];
  return pieces.map((piece, index) => `D: ${escape(piece)}${index < pieces.length - 1 ? "\\" : end}`);
}

function formatBinary(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += BASE64_WIDTH) {
    lines.push(`B: ${bytes.subarray(start, start + BASE64_WIDTH).toBase64()}`);
  }
  return lines;
}

function escape(text: string): string {
  return text.replaceAll(UNSEEN, (each) => {
    return SHORT.get(each) ?? `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** @throws {CassetteError} naming the line. */
export function parseCassette(text: string): RecordedSession[] {
  // Git may have given it the line ends of Windows; those of the content are escaped.
  const lines = text.split(/\r?\n/);
  if (lines[0] !== FIRST_LINE) {
    const version = /^denoftpd cassette (.*)/.exec(lines[0] ?? "")?.[1];
    throw new CassetteError(
      version === undefined
        ? `line 1: not a cassette, which begins with "${FIRST_LINE}"`
        : `line 1: a cassette of version "${version}"; this program reads version 1: record it again`,
    );
  }
  const reader = new CassetteReader();
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    try {
      reader.take(line);
    } catch (error) {
      if (!(error instanceof CassetteError || error instanceof ReplySyntaxError)) throw error;
      throw new CassetteError(`line ${index + 1}: ${error.message}`);
    }
  }
  return reader.end(lines.length);
}

class CassetteReader {
  readonly #sessions: RecordedSession[] = [];
  #session: RecordedSession | undefined;
  #steps: Step[] = [];
  #replies = new ReplyParser();
  #data: { readonly kind: "D" | "B"; readonly pieces: Uint8Array[]; size: number } | undefined;

  take(line: string): void {
    if (line.startsWith("#")) return;
    if (line === "") return this.#endSession();
    const [, kind, content = ""] = /^([CSDB]):(?: (.*))?$/s.exec(line) ?? [];
    if (kind === undefined) throw new CassetteError('a line begins with "C: ", "S: ", "D: ", "B: " or "#"');
    if (kind === "D" || kind === "B") return this.#takeData(kind, content);
    this.#endData();
    if (kind === "S") return this.#takeReplyLine(unescape(content));
    this.#requireWhole();
    if (this.#session === undefined) throw new CassetteError("a session begins with a reply, its greeting");
    this.#steps = [];
    this.#session.exchanges.push({ command: unescape(content), steps: this.#steps } satisfies Exchange);
  }

  end(line: number): RecordedSession[] {
    try {
      this.#endSession();
    } catch (error) {
      throw error instanceof CassetteError ? new CassetteError(`line ${line}: ${error.message}`) : error;
    }
    if (this.#sessions.length === 0) throw new CassetteError(`line ${line}: no session`);
    return this.#sessions;
  }

  #endSession(): void {
    this.#endData();
    this.#requireWhole();
    this.#session = undefined;
  }

  #requireWhole(): void {
    if (this.#replies.isMidReply) throw new CassetteError("the reply before has no last line");
    const isUnanswered = this.#session !== undefined && this.#session.exchanges.length > 0 && this.#steps.length === 0;
    if (isUnanswered) throw new CassetteError("the command before has no reply");
  }

  #takeReplyLine(line: string): void {
    if (this.#session === undefined) {
      this.#steps = [];
      this.#session = { greeting: this.#steps, exchanges: [] };
      this.#sessions.push(this.#session);
    }
    for (const { lines } of this.#replies.push(encoder.encode(`${line}\n`))) this.#steps.push({ kind: "reply", lines });
  }

  #takeData(kind: "D" | "B", content: string): void {
    const isAfterReply = this.#session !== undefined && this.#session.exchanges.length > 0 && this.#steps.length > 0;
    if (!isAfterReply || this.#replies.isMidReply) throw new CassetteError("data follows the first reply to a command");
    if (this.#data && this.#data.kind !== kind) throw new CassetteError("data is either text or base64, not both");
    const data = this.#data ??= { kind, pieces: [], size: 0 };
    const bytes = kind === "D" ? parseText(content) : parseBase64(content);
    data.pieces.push(bytes);
    data.size += bytes.length;
    if (data.size > MOST_OF_TRANSFER) throw new CassetteError(`more than ${MOST_OF_TRANSFER} bytes of data`);
  }

  #endData(): void {
    if (this.#data === undefined) return;
    this.#steps.push({ kind: "data", bytes: concat(this.#data.pieces) });
    this.#data = undefined;
  }
}

function parseText(content: string): Uint8Array<ArrayBuffer> {
  const goesOn = /(?<!\\)(?:\\\\)*\\$/.test(content);
  return encoder.encode(goesOn ? unescape(content.slice(0, -1)) : `${unescape(content)}\n`);
}

function parseBase64(content: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(content);
  } catch {
    throw new CassetteError("not base64");
  }
}

const ESCAPE = /\\(?:([\\rt])|u([0-9a-f]{4}))?/g;
const ESCAPED: Readonly<Record<string, string>> = { "\\": "\\", r: "\r", t: "\t" };

function unescape(text: string): string {
  return text.replaceAll(ESCAPE, (whole, letter?: string, code?: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    const meant = letter === undefined ? undefined : ESCAPED[letter];
    if (meant === undefined) throw new CassetteError(`"${whole}" must be \\\\, \\r, \\t or \\u and four digits`);
    return meant;
  });
}
