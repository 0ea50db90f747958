/**
 * What a client command prints: JSON lines, plain lines, or bars that move.
 *
 * @module
 */

import type { JobEvent } from "../../agent/job/events.ts";
import { printable } from "../../client/names.ts";
import type { AgentIo } from "./io.ts";
import type { ProgressBars } from "./progress.ts";
import { showSize } from "./values.ts";

/** The options of an {@link Output}. */
export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Standard output has the content of files: everything else goes to standard error. */
  readonly stdoutIsData?: boolean;
  /** Where they are drawn. */
  readonly bars?: ProgressBars | undefined;
}

/** Where events, results and errors of one command go. */
export class Output implements Disposable {
  readonly isJson: boolean;
  readonly #io: AgentIo;
  readonly #options: OutputOptions;
  readonly #bars: ProgressBars | undefined;

  constructor(io: AgentIo, options: OutputOptions) {
    this.#io = io;
    this.#options = options;
    this.isJson = options.json;
    this.#bars = options.bars;
  }

  /** A result that was asked for: also with `--quiet`. */
  result(text: string): void {
    this.#bars?.pause();
    this.#line(text);
  }

  /** A line for people: neither with `--quiet` nor in JSON. */
  remark(text: string): void {
    if (!this.isJson && !this.#options.quiet) this.result(text);
  }

  /** A result as JSON. */
  object(value: unknown): void {
    this.#line(JSON.stringify(value));
  }

  /** Something that the user should know. */
  warn(text: string): void {
    if (this.isJson) this.#io.stderr(`${JSON.stringify({ event: "warning", message: text })}\n`);
    else this.#note(`denoftpd: Warning: ${printable(text)}\n`);
  }

  /** The failure that ends the command. */
  error(message: string, status: number): void {
    if (this.isJson) this.#io.stderr(`${JSON.stringify({ event: "error", message, status })}\n`);
    else this.#note(`denoftpd: ${printable(message)}\n`);
  }

  /** How much is to be done, for the bar of the whole job. */
  expect(files: number, bytes: number): void {
    this.#bars?.expect(files, bytes);
  }

  /** An event of a job. */
  readonly event = (event: JobEvent): void => {
    if (this.isJson) {
      if (event.event !== "progress") this.object(event);
      return;
    }
    this.#bars?.event(event);
    if (event.event === "failed") this.#note(`denoftpd: ${printable(event.path)}: ${event.message}\n`);
    else if (event.event === "would" || !this.#options.quiet) {
      const text = lineOf(event);
      if (text !== undefined) this.#line(text);
    }
  };

  /** Leaves the terminal as it was. */
  [Symbol.dispose](): void {
    this.#bars?.stop();
  }

  #line(text: string): void {
    const write = this.#options.stdoutIsData ? this.#io.stderr : this.#io.stdout;
    if (this.#bars) this.#bars.above(() => write(`${text}\n`));
    else write(`${text}\n`);
  }

  #note(text: string): void {
    if (this.#bars) this.#bars.above(() => this.#io.stderr(text));
    else this.#io.stderr(text);
  }
}

/** `undefined` for what only bars and JSON show. */
function lineOf(event: JobEvent): string | undefined {
  switch (event.event) {
    case "transferred": {
      if (event.target === "-") return undefined;
      const resumed = event.resumedAt === undefined ? "" : `, resumed at ${showSize(event.resumedAt)}`;
      const verified = event.verified === undefined ? "" : `, same ${event.verified}`;
      const { path, target, bytes } = event;
      return `${printable(path)} -> ${printable(target)} (${showSize(bytes)}${resumed}${verified})`;
    }
    case "done":
      return `${event.action} ${printable(event.path)}${
        event.target === undefined ? "" : ` -> ${printable(event.target)}`
      }`;
    case "would":
      return `would ${event.action} ${printable(event.path)}: ${event.reason}`;
    case "retry":
      return `${printable(event.path)}: ${event.message}; next try in ${(event.wait / 1000).toFixed(1)} s`;
    case "note":
      return `${printable(event.path)}: ${event.message}`;
    default:
      return undefined;
  }
}
