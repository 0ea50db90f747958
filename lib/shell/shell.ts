/**
 * The shell: reads a line, finds its command, and runs it.
 *
 * @module
 */

import { printable } from "../client/names.ts";
import type { ShellCommand } from "./command.ts";
import { completeLine, type Completion } from "./completion.ts";
import { ShellContext, type ShellParts } from "./context.ts";
import { Interrupted, ShellError, ShellUsageError } from "./errors.ts";
import { explain } from "./explain.ts";
import { type CommandLine, parseLine, quoteWord, scan } from "./line.ts";
import { findCommand } from "./lookup.ts";
import { openOutput, ReaderGone } from "./outputs.ts";
import type { Output } from "./ports.ts";
import { SHELL_COMMANDS } from "./table.ts";

/** How a line ended. */
export interface Outcome {
  /** What went wrong; `undefined` if nothing did. */
  readonly error: unknown;
  /** Whether a script may go on after a failure of this line. */
  readonly mayFail: boolean;
}

/** A shell without a terminal of its own: what is around it comes with its parts. */
export class Shell {
  readonly context: ShellContext;
  readonly #commands: readonly ShellCommand[];

  constructor(parts: ShellParts, commands: readonly ShellCommand[] = SHELL_COMMANDS) {
    this.context = new ShellContext(parts);
    this.#commands = commands;
  }

  /** What stands before the line: the server and the directory, harmless on a terminal. */
  get prompt(): string {
    const { session } = this.context;
    return session ? `${printable(`${session.connected.host}:${session.directory}`)}> ` : "ftp> ";
  }

  /** Whether the shell is to end. */
  get isLeaving(): boolean {
    return this.context.isLeaving;
  }

  /** Runs a line. What goes wrong is reported to the person, and returned. Never rejects. */
  async execute(text: string, signal: AbortSignal): Promise<Outcome> {
    let mayFail = false;
    try {
      const line = parseLine(text);
      if (line.kind === "empty") return { error: undefined, mayFail };
      mayFail = line.mayFail;
      if (line.kind === "local") await this.#runProgram(line.command);
      else await this.#runCommand(line, signal);
      return { error: undefined, mayFail };
    } catch (error) {
      this.#report(signal.aborted ? signal.reason : error);
      return { error: signal.aborted ? signal.reason : error, mayFail };
    }
  }

  /** Connects as `open` does. What goes wrong is reported to the person, and returned. Never rejects. */
  async open(target: string, signal: AbortSignal): Promise<unknown> {
    return (await this.execute(`open ${quoteWord(target)}`, signal)).error;
  }

  /** What may stand at the end of `line`. Never rejects. */
  async complete(line: string, signal: AbortSignal): Promise<Completion> {
    return await completeLine(line, { commands: this.#commands, context: this.context, signal });
  }

  /** Whether a line may be kept in the history: not with a password in it, and not if it begins with a blank. */
  isKept(line: string): boolean {
    if (line.trim() === "" || /^\s/.test(line)) return false;
    const [name, ...words] = scan(line).tokens.filter(({ operator }) => !operator).map(({ text }) => text);
    try {
      return !findCommand(this.#commands, (name ?? "").replace(/^-/, "")).isSecret?.(words);
    } catch {
      // Whatever it was meant to be: a word after it may be a password.
      return line.startsWith("!") || !/^(?:us|pas)|:[^/]*@/i.test(line);
    }
  }

  /** What commands in the background have said since the last call. */
  takeNotices(): readonly string[] {
    return this.context.background.takeNotices();
  }

  /** Ends the session, and what runs in the background. Never rejects. */
  async close(): Promise<void> {
    await this.context.background.stopAll();
    await this.context.disconnect();
  }

  async #runProgram(command: string): Promise<void> {
    const status = await this.context.programs.run(command, this.context.localDirectory);
    if (status !== 0 && !this.context.person.isInteractive) throw new ShellError(`The program ended with ${status}`);
  }

  async #runCommand(line: CommandLine, signal: AbortSignal): Promise<void> {
    const command = findCommand(this.#commands, line.name);
    const [least, most] = command.takes;
    if (line.words.length < least || line.words.length > most) {
      throw new ShellUsageError(`Use: ${command.names[0]} ${command.usage}`.trimEnd());
    }
    if (line.background) return this.#startInBackground(command, line);
    try {
      if (line.output === undefined) await this.#call(command, line, this.context.person, signal);
      else await this.#callInto(command, line, line.output, signal);
    } finally {
      if (command.changes) this.context.session?.forget();
    }
  }

  /** On a session of its own, so that the prompt can go on. */
  #startInBackground(command: ShellCommand, line: CommandLine): void {
    const { context } = this;
    if (!command.background) throw new ShellUsageError(`${command.names[0]} cannot run in the background`);
    void context.remote;
    const text = [line.name, ...line.words.map((word) => word.text)].join(" ");
    const id = context.background.start(text, async (person, signal) => {
      const fork = await context.fork(person, signal);
      try {
        const texts = line.words.map((word) => word.text);
        await command.run(fork, { words: line.words, texts, out: person, isRedirected: false, signal });
      } finally {
        await fork.disconnect();
        if (command.changes) context.session?.forget();
      }
    });
    context.person.note(`[${id}] ${printable(text)}`);
  }

  async #callInto(
    command: ShellCommand,
    line: CommandLine,
    output: NonNullable<CommandLine["output"]>,
    signal: AbortSignal,
  ): Promise<void> {
    if (!command.writes) throw new ShellUsageError(`${command.names[0]} writes nothing that could go elsewhere`);
    const gone = new AbortController();
    const opened = await openOutput(this.context, output, (reason) => gone.abort(reason));
    try {
      await this.#call(command, line, opened.out, AbortSignal.any([signal, gone.signal]));
    } catch (error) {
      await opened.fail();
      if (gone.signal.reason instanceof ReaderGone && !signal.aborted) return;
      throw error;
    }
    await opened.end();
  }

  async #call(command: ShellCommand, { words, output }: CommandLine, out: Output, signal: AbortSignal): Promise<void> {
    const texts = words.map(({ text }) => text);
    await command.run(this.context, { words, texts, out, isRedirected: output !== undefined, signal });
  }

  #report(error: unknown): void {
    const { person } = this.context;
    if (error instanceof Interrupted) {
      person.note("Interrupted");
      return;
    }
    const { message, advice } = explain(error);
    person.note(message);
    if (advice !== undefined) person.note(`  ${advice}`);
  }
}
