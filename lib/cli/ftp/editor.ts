/**
 * Lines from the terminal, edited with `node:readline`.
 *
 * Keys are read only while a line is asked for: in between the terminal is as programs expect it, nothing waits to read
 * from it, and it belongs to whatever the shell runs (`!vi`, `| less`). What is typed meanwhile waits in the system.
 *
 * @module
 */

import { createInterface, type Interface } from "node:readline";
import { PassThrough, Writable } from "node:stream";
import type { Completion } from "../../shell/completion.ts";

/** What a person did at a prompt. */
export type Answer =
  | { readonly kind: "line"; readonly text: string }
  /** Ctrl-C. `hadText`: there was something in the line. */
  | { readonly kind: "interrupt"; readonly hadText: boolean }
  /** Ctrl-D, or the terminal is gone. */
  | { readonly kind: "end" };

/** The terminal, as far as an editor needs it. `Deno.stdin` and `Deno.stdout` together are one. */
export interface Keyboard {
  /** Resolves to the bytes of the next keys; `null` when the terminal is gone. */
  read(): Promise<Uint8Array | null>;
  /** Whether each key comes at once, without being shown. */
  setRaw(on: boolean): void;
  write(text: string): void;
  readonly columns: number;
  readonly rows: number;
}

/** How a line is read. */
export interface ReadOptions {
  /** Earlier lines, the latest first. Default: none can be called back. */
  readonly history?: readonly string[];
  readonly complete?: (line: string) => Promise<Completion>;
}

const [ETX, EOT, BACKSPACE, NAK, DELETE] = ["\x03", "\x04", "\b", "\x15", "\x7f"];

/** Reads lines from a keyboard. */
export class LineEditor {
  readonly #keyboard: Keyboard;
  readonly #output: Screen;
  /** Keys after the end of a line, as when several lines are pasted. */
  #rest: Uint8Array = new Uint8Array();

  constructor(keyboard: Keyboard) {
    this.#keyboard = keyboard;
    this.#output = new Screen(keyboard);
  }

  /** To be called when the window has another size. */
  resized(): void {
    this.#output.emit("resize");
  }

  /** One line, without its end. */
  async read(prompt: string, { history = [], complete }: ReadOptions = {}): Promise<Answer> {
    const input = new PassThrough();
    let completing: Promise<unknown> | undefined;
    const completer = (line: string, done: (error: null, result: [string[], string]) => void): void => {
      completing = (complete?.(line) ?? Promise.resolve({ candidates: [], replaced: "" }))
        .then(({ candidates, replaced }) => done(null, [[...candidates], replaced]))
        .finally(() => completing = undefined);
    };
    const lines = createInterface({
      ...{ input, output: this.#output, terminal: true, prompt, completer },
      ...{ history: [...history], historySize: history.length + 1, tabSize: 4 },
    });
    let answer: Answer | undefined;
    lines.on("line", (text: string) => answer ??= { kind: "line", text });
    lines.on("SIGINT", () => answer ??= { kind: "interrupt", hadText: textOf(lines) !== "" });
    lines.on("close", () => answer ??= { kind: "end" });
    // Without a listener, Ctrl-Z would stop this process and leave the terminal as it is now.
    lines.on("SIGTSTP", () => {});
    this.#keyboard.setRaw(true);
    try {
      lines.prompt();
      while (answer === undefined) {
        const keys = await this.#keys();
        if (keys === null) answer = { kind: "end" };
        // Not through the stream: what the keys have done must be known before the next are read.
        else input.emit("data", keys);
        await completing;
      }
    } finally {
      const ended = answer ?? { kind: "end" };
      if (ended.kind === "interrupt") this.#keyboard.write("^C\r\n");
      if (ended.kind === "end") this.#keyboard.write("\r\n");
      lines.close();
      this.#keyboard.setRaw(false);
    }
    return answer;
  }

  /** A line that is not shown; `undefined` if it was interrupted. */
  async readSecret(prompt: string): Promise<string | undefined> {
    const decoder = new TextDecoder();
    let text: string[] = [];
    this.#keyboard.write(prompt);
    this.#keyboard.setRaw(true);
    try {
      for (;;) {
        const keys = await this.#keys();
        if (keys === null) return undefined;
        for (const character of decoder.decode(keys, { stream: true })) {
          if (character === "\r" || character === "\n") return text.join("");
          if (character === ETX || (character === EOT && text.length === 0)) return undefined;
          if (character === DELETE || character === BACKSPACE) text.pop();
          else if (character === NAK) text = [];
          else if (character >= " ") text.push(character);
        }
      }
    } finally {
      this.#keyboard.write("\r\n");
      this.#keyboard.setRaw(false);
    }
  }

  /** The next keys, up to the end of a line or a Tab, which has to be answered before what was typed after it. */
  async #keys(): Promise<Uint8Array | null> {
    const bytes = this.#rest.length > 0 ? this.#rest : await this.#keyboard.read();
    if (bytes === null) return null;
    const end = bytes.findIndex((byte) => byte === 0x0d || byte === 0x0a || byte === 0x09) + 1;
    this.#rest = end === 0 ? new Uint8Array() : bytes.slice(end);
    return end === 0 ? bytes : bytes.slice(0, end);
  }
}

/** `line` is typed as a method of streams in some versions of the types. */
function textOf(lines: Interface): string {
  return String(lines.line ?? "");
}

/** The output of `node:readline`, which asks it for the size of the window. */
class Screen extends Writable {
  readonly #keyboard: Keyboard;

  constructor(keyboard: Keyboard) {
    super({ decodeStrings: false });
    this.#keyboard = keyboard;
  }

  get columns(): number {
    return this.#keyboard.columns;
  }

  get rows(): number {
    return this.#keyboard.rows;
  }

  override _write(chunk: string | Uint8Array, _encoding: string, done: () => void): void {
    this.#keyboard.write(typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk));
    done();
  }
}
