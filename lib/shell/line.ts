/**
 * The grammar of a line: a command and its words, quotes, patterns, and where the output goes.
 *
 * - Words are separated by blanks. `"…"` and `'…'` keep blanks, `\` keeps the character after it; between single quotes
 *   it is an ordinary character.
 * - `*`, `?`, `[…]` and `{…}` outside quotes make a word a pattern.
 * - `> FILE` and `>> FILE` write the output to a file, `| PROGRAM …` sends it to a program; a final ` &` runs the
 *   command in the background.
 * - `!PROGRAM …` runs a program here. `#` begins a comment. A line that begins with `-` may fail in a script.
 *
 * @module
 */

/** A line that cannot be read; the message says why. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/** One word of a line. */
export interface Word {
  /** Without quotes. */
  readonly text: string;
  /** As a pattern, in which quoted characters have `\` before them; `undefined` for a word without wildcards. */
  readonly pattern: string | undefined;
}

/** Where the output of a command goes instead of the terminal. */
export type Redirection =
  | { readonly to: "file"; readonly path: string; readonly append: boolean }
  | { readonly to: "program"; readonly command: string };

/** A line that has been read. */
export type Line =
  | { readonly kind: "empty" }
  | { readonly kind: "local"; readonly command: string; readonly mayFail: boolean }
  | CommandLine;

/** A line with a command of the shell. */
export interface CommandLine {
  readonly kind: "command";
  readonly name: string;
  readonly words: readonly Word[];
  readonly output: Redirection | undefined;
  readonly background: boolean;
  /** Whether a script goes on when it fails. */
  readonly mayFail: boolean;
}

/** A piece of a line, and where it is. */
export interface Token extends Word {
  /** `>`, `>>` and `|` outside quotes. */
  readonly operator: boolean;
  /** Index of its first character in the line. */
  readonly start: number;
}

/** The pieces of a line. */
export interface Scan {
  readonly tokens: readonly Token[];
  /** The quote that is not closed, `\` if the line ends with one. */
  readonly open: '"' | "'" | "\\" | undefined;
  /** Whether the line ends within its last token, and not after a blank. */
  readonly inToken: boolean;
}

const WILDCARDS = new Set(["*", "?", "[", "{"]);
const SPECIAL_IN_PATTERN = /[\\*?[\]{},]/g;

/** The pieces of `line`. What follows `|` is for the program, and left out. */
export function scan(line: string): Scan {
  const tokens: Token[] = [];
  let open: Scan["open"];
  let at = 0;
  let inToken = false;
  while (at < line.length) {
    inToken = false;
    const character = line[at] ?? "";
    if (isBlank(character)) {
      at++;
    } else if (character === ">" || character === "|") {
      const text = line.startsWith(">>", at) ? ">>" : character;
      tokens.push({ text, pattern: undefined, operator: true, start: at });
      at = text === "|" ? line.length : at + text.length;
    } else {
      const word = scanWord(line, at);
      tokens.push(word.token);
      ({ open, end: at } = word);
      inToken = true;
    }
  }
  return { tokens, open, inToken };
}

function scanWord(line: string, start: number): { token: Token; open: Scan["open"]; end: number } {
  let [text, pattern, hasWildcard] = ["", "", false];
  let quote: '"' | "'" | undefined;
  let at = start;
  const keep = (character: string): void => {
    text += character;
    pattern += character.replace(SPECIAL_IN_PATTERN, "\\$&");
  };
  for (; at < line.length; at++) {
    const character = line[at] ?? "";
    if (character === "\\" && quote !== "'") {
      at++;
      if (at === line.length) return { token: word(), open: "\\", end: at };
      keep(line[at] ?? "");
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else keep(character);
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (isBlank(character) || character === ">" || character === "|") {
      break;
    } else {
      hasWildcard ||= WILDCARDS.has(character);
      text += character;
      pattern += character;
    }
  }
  return { token: word(), open: quote, end: at };

  function word(): Token {
    return { text, pattern: hasWildcard ? pattern : undefined, operator: false, start };
  }
}

/** @throws {LineError} */
export function parseLine(line: string): Line {
  const mayFail = /^\s*-\s*[a-z!?]/i.test(line);
  const rest = mayFail ? line.replace(/^(\s*)-/, "$1") : line;
  const trimmed = rest.trim();
  if (trimmed === "" || trimmed.startsWith("#")) return { kind: "empty" };
  if (trimmed.startsWith("!")) return { kind: "local", command: trimmed.slice(1).trim(), mayFail };
  const { tokens, open } = scan(rest);
  if (open === "\\") throw new LineError("The line ends with a \\ that nothing follows");
  if (open !== undefined) throw new LineError(`The quote ${open} is not closed`);
  const first = tokens.findIndex(({ operator }) => operator);
  const [name, ...words] = first < 0 ? tokens : tokens.slice(0, first);
  if (name === undefined) throw new LineError(`The line begins with ${tokens[0]?.text ?? ""} instead of a command`);
  const output = first < 0 ? undefined : redirectionOf(rest, tokens.slice(first));
  const last = output?.to === "program" ? undefined : words.at(-1);
  const background = first < 0 && last?.text === "&" && rest.trimEnd().endsWith(" &");
  return {
    kind: "command",
    name: name.text,
    words: (background ? words.slice(0, -1) : words).map(({ text, pattern }) => ({ text, pattern })),
    output,
    background,
    mayFail,
  };
}

function redirectionOf(line: string, [operator, target, ...more]: readonly Token[]): Redirection {
  if (operator?.text === "|") {
    const command = line.slice(operator.start + 1).trim();
    if (command === "") throw new LineError("No program after |");
    return { to: "program", command };
  }
  if (target === undefined || target.operator) throw new LineError(`No file after ${operator?.text}`);
  const [extra] = more;
  if (extra) throw new LineError(`"${extra.text}" after the file of the output: one of > and | ends the line`);
  return { to: "file", path: target.text, append: operator?.text === ">>" };
}

/** `text` as one word of a line, with `\` before what would have a meaning. */
export function quoteWord(text: string): string {
  return text === "" ? '""' : text.replaceAll(/[\s"'\\*?[\]{>|]|^[#!&-]/g, "\\$&");
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t";
}
