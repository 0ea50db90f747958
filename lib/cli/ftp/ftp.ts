/**
 * `denoftpd ftp`: the interactive user agent.
 *
 * @module
 */

import { exitStatusOf } from "../../agent/exit_status.ts";
import type { Places } from "../../agent/site/places.ts";
import { Interrupted, ShellError } from "../../shell/errors.ts";
import { History } from "../../shell/history.ts";
import { Shell } from "../../shell/shell.ts";
import { AgentContext } from "../agent/context.ts";
import { type AgentIo, permittedEnvironment } from "../agent/io.ts";
import { runCommand } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { placesOrNone, shellBookmarks, shellQueue, SiteConnector } from "./connector.ts";
import { LineEditor } from "./editor.ts";
import { Interrupts } from "./interrupts.ts";
import { linesOf } from "./lines.ts";
import { follow, type LoopParts, talk } from "./loops.ts";
import { LocalPrograms } from "./programs.ts";
import { ShellProgress } from "./progress.ts";
import { ProcessKeyboard, StandardPerson } from "./terminal.ts";
import { FTP_USAGE, type FtpFlags, readFtpFlags } from "./usage.ts";

/** Runs `denoftpd ftp` and resolves to its exit status. */
export async function runFtp(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args, io, {
    usage: FTP_USAGE,
    action: async () => {
      return await new FtpCommand(readFtpFlags(args), io).run();
    },
  });
}

/** One run of the command: the terminal, and the shell in it. */
class FtpCommand {
  readonly #given: FtpFlags;
  readonly #io: CommandIo;
  readonly #isInteractive = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  readonly #keyboard = new ProcessKeyboard();
  readonly #editor = this.#isInteractive ? new LineEditor(this.#keyboard) : undefined;
  readonly #progress = new ShellProgress();
  readonly #person: StandardPerson;

  constructor(given: FtpFlags, io: CommandIo) {
    this.#given = given;
    this.#io = io;
    this.#person = new StandardPerson({
      editor: this.#editor,
      stderr: (text) => this.#progress.above(() => io.stderr(this.#isInteractive ? text : `denoftpd: ${text}`)),
      bars: this.#isInteractive ? { progress: this.#progress.begin, watch: this.#progress.watch } : undefined,
    });
  }

  async run(): Promise<number> {
    const places = placesOrNone(permittedEnvironment);
    await using context = new AgentContext(this.#given, this.#agentIo());
    using interrupts = new Interrupts({
      leave: () => this.#leave(130),
      onSlow: () => this.#person.note("It is being stopped: Ctrl-C once more leaves without waiting for the server"),
    });
    using _signals = this.#watchSignals();
    const shell = new Shell({
      person: this.#person,
      programs: new LocalPrograms({
        mayRead: this.#isInteractive,
        onRunning: (isRunning) => interrupts.isProgramRunning = isRunning,
      }),
      connector: new SiteConnector({ context, sources: context.credentialSources, places, person: this.#person }),
      bookmarks: shellBookmarks(places),
      queue: shellQueue(places),
      directory: Deno.cwd(),
    });
    if (this.#given.isOn("active")) shell.context.settings.mode = "active";
    try {
      return await this.#use({ shell, interrupts, note: (line) => this.#person.note(line) }, places);
    } finally {
      await shell.close();
    }
  }

  async #use(parts: LoopParts, places: Places | undefined): Promise<number> {
    const { shell, interrupts } = parts;
    const [target] = this.#given.rest;
    if (target !== undefined) {
      const error = await interrupts.during((signal) => shell.open(target, signal));
      if (error !== undefined && !this.#isInteractive) return statusOf(error);
    }
    if (!this.#editor) return await follow(parts, { lines: linesOf(Deno.stdin.readable), statusOf });
    return await talk(parts, { editor: this.#editor, history: places && new History(places.history) });
  }

  #agentIo(): AgentIo {
    const editor = this.#editor;
    return {
      stdout: this.#io.stdout,
      stderr: (text) => this.#progress.above(() => this.#io.stderr(text)),
      write: (bytes) => this.#person.write(bytes),
      stdin: Deno.stdin,
      environment: permittedEnvironment,
      drawsProgress: false,
      signal: new AbortController().signal,
      ...(editor && {
        promptSecret: async (question: string) => await editor.readSecret(`${question} `) ?? null,
        ask: async (question: string) => await this.#person.ask(question) ?? "",
      }),
    };
  }

  /** Signals that end the process leave the terminal as it was. */
  #watchSignals(): Disposable {
    if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
    const listeners: readonly (readonly [Deno.Signal, () => void])[] = [
      ["SIGTERM", () => this.#leave(143)],
      ["SIGHUP", () => this.#leave(129)],
      ["SIGWINCH", () => this.#editor?.resized()],
    ];
    for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
    return {
      [Symbol.dispose]: () => {
        for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
      },
    };
  }

  #leave(status: number): never {
    this.#progress.stop();
    if (this.#isInteractive) this.#keyboard.setRaw(false);
    Deno.exit(status);
  }
}

function statusOf(error: unknown): number {
  if (error instanceof Interrupted) return 130;
  return error instanceof ShellError ? error.status : exitStatusOf(error);
}
