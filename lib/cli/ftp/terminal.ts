/**
 * The person at the terminal, or the program that reads and writes instead.
 *
 * @module
 */

import type { Person } from "../../shell/ports.ts";
import { windowSize } from "../window_size.ts";
import { writeAllSync } from "../../net/write_all.ts";
import type { Keyboard, LineEditor } from "./editor.ts";

const encoder = new TextEncoder();
const READ_SIZE = 4096;

/** The terminal of this process. */
export class ProcessKeyboard implements Keyboard {
  readonly #buffer = new Uint8Array(READ_SIZE);

  get columns(): number {
    return windowSize().columns;
  }

  get rows(): number {
    return windowSize().rows;
  }

  async read(): Promise<Uint8Array | null> {
    try {
      const count = await Deno.stdin.read(this.#buffer);
      return count === null ? null : this.#buffer.slice(0, count);
    } catch {
      // The window was closed: there will be no more keys.
      return null;
    }
  }

  setRaw(on: boolean): void {
    try {
      Deno.stdin.setRaw(on);
    } catch {
      // The terminal is gone.
    }
  }

  write(text: string): void {
    writeAllSync(Deno.stdout, encoder.encode(text));
  }
}

/** The options of {@link StandardPerson}. */
export interface PersonOptions {
  /** Absent: nobody can be asked. */
  readonly editor: LineEditor | undefined;
  readonly stderr: (text: string) => void;
  /** Shows transfers; absent: nobody looks. */
  readonly bars: Pick<Person, "progress" | "watch"> | undefined;
}

const UNSEEN: Pick<Person, "progress" | "watch"> = {
  progress: () => ({ update: () => {}, end: () => {} }),
  watch: () => ({ expect: () => {}, event: () => {}, end: () => {} }),
};

/** Who reads standard output, and answers on standard input. */
export class StandardPerson implements Person {
  readonly isTerminal: boolean = Deno.stdout.isTerminal();
  readonly hasColours: boolean;
  readonly isInteractive: boolean;
  readonly progress: Person["progress"];
  readonly watch: Person["watch"];
  readonly #editor: LineEditor | undefined;
  readonly #stderr: (text: string) => void;

  constructor({ editor, stderr, bars = UNSEEN }: PersonOptions) {
    this.#editor = editor;
    this.#stderr = stderr;
    this.progress = bars.progress;
    this.watch = bars.watch;
    this.isInteractive = editor !== undefined;
    this.hasColours = this.isTerminal && !Deno.noColor && !isDumb();
  }

  get columns(): number {
    return windowSize().columns;
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  }

  note(line: string): void {
    this.#stderr(`${line}\n`);
  }

  async ask(question: string): Promise<string | undefined> {
    const answer = await this.#editor?.read(question);
    return answer?.kind === "line" ? answer.text : undefined;
  }

  async askSecret(question: string): Promise<string | undefined> {
    return await this.#editor?.readSecret(question);
  }
}

/** A terminal without escape sequences. */
function isDumb(): boolean {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TERM" });
  return state === "granted" && Deno.env.get("TERM") === "dumb";
}
