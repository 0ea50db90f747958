/**
 * Lines at the bottom of a terminal that are drawn again and again, while others scroll by above them.
 *
 * @module
 */

import stringWidth from "string-width";
import { writeAllSync } from "../../net/write_all.ts";
import { windowSize } from "../window_size.ts";

/** What is drawn on. */
export interface LiveTerminal {
  write(text: string): void;
  /** Its size now, in characters. */
  size(): { readonly columns: number; readonly rows: number };
}

/** The terminal of this process, by standard error: standard output may be a file. */
export const ERROR_TERMINAL: LiveTerminal = {
  write: (text) => writeAllSync(Deno.stderr, new TextEncoder().encode(text)),
  size: windowSize,
};

const ERASE_BELOW = "\x1b[J";

/**
 * Draws in one write, so that nothing comes in between, and leaves the cursor visible below the lines: whatever ends
 * the process, the terminal is as it should be.
 */
export class LiveLines {
  readonly #terminal: LiveTerminal;
  #shown: readonly string[] = [];

  /** @param terminal where. */
  constructor(terminal: LiveTerminal = ERROR_TERMINAL) {
    this.#terminal = terminal;
  }

  /** Whether something is on the screen. */
  get areShown(): boolean {
    return this.#shown.length > 0;
  }

  /** Columns that a line may have; a line in the last one would wrap on some terminals. */
  get width(): number {
    return Math.max(1, this.#terminal.size().columns - 1);
  }

  /** Shows these lines instead of those before. What does not fit on the screen is left out, the last ones first. */
  draw(lines: readonly string[]): void {
    const { rows } = this.#terminal.size();
    const next = lines.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, this.width));
    this.#terminal.write(`${this.#back()}${next.map((line) => `${line}\r\n`).join("")}`);
    this.#shown = next;
  }

  /** Takes them from the screen. */
  clear(): void {
    if (this.areShown) this.#terminal.write(this.#back());
    this.#shown = [];
  }

  /** To the start of what is shown. A window that has become narrower shows each long line as several. */
  #back(): string {
    const { columns } = this.#terminal.size();
    const rows = this.#shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);
    return rows === 0 ? "" : `\r\x1b[${rows}A${ERASE_BELOW}`;
  }
}

/** `text` with so many columns: filled with blanks, or without its start. */
export function fitted(text: string, columns: number): string {
  const width = stringWidth(text);
  if (width <= columns) return text + " ".repeat(columns - width);
  const rest = `…${firstCharacters([...text].reverse(), columns - 1).reverse().join("")}`;
  return rest + " ".repeat(Math.max(0, columns - stringWidth(rest)));
}

function cut(text: string, columns: number): string {
  return firstCharacters([...text], columns).join("").trimEnd();
}

/** As many of `characters` as have `columns` together: each is measured once, however long the text is. */
function firstCharacters(characters: readonly string[], columns: number): string[] {
  let width = 0;
  const end = characters.findIndex((character) => (width += stringWidth(character)) > columns);
  return characters.slice(0, end < 0 ? characters.length : end);
}
