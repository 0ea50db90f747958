/**
 * A terminal of its own for one program, made by tmux: keys go in, and the screen can be looked at.
 *
 * @module
 */

import { join } from "@std/path";
import { run } from "./process.ts";

/** Only a test that has failed already looks so often. */
const LOOKS = 600;
const LOOK_EVERY_MS = 50;

/** How a {@link Terminal} begins. */
export interface TerminalOptions {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** Runs one program. What is left of the terminal afterwards can be read on the screen: `[status 0 icanon echo]`. */
export class Terminal implements AsyncDisposable {
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.#environment = environment;
  }

  /** Starts `command` in a window. */
  static async start(command: readonly string[], options: TerminalOptions): Promise<Terminal> {
    const { cwd, environment, columns = 80, rows = 24 } = options;
    // A socket has a short path, or none can be made there.
    const directory = await Deno.makeTempDir({ prefix: "tmux-" });
    const script = join(directory, "run.sh");
    const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const lines = [
      // Ctrl-C is for the program, not for what says how it ended.
      "trap : INT",
      ...(environment.NO_COLOR === undefined ? ["unset NO_COLOR"] : []),
      words,
      `printf '\\n[status %s %s]\\n' "$?" "$(stty -a | grep -oE -- '-?(icanon|echo)\\b' | xargs)"`,
      "read -r line",
    ];
    await Deno.writeTextFile(script, lines.map((line) => `${line}\n`).join(""));
    const terminal = new Terminal(directory, { TERM: "xterm-256color", ...environment });
    const size = ["-x", String(columns), "-y", String(rows)];
    await terminal.#tmux(["new-session", "-d", "-s", "main", ...size, "-c", cwd, "/bin/sh", script]);
    return terminal;
  }

  /** Types text, and then presses keys (`Enter`, `Tab`, `Up`, `C-c`). */
  async type(text: string, ...keys: string[]): Promise<void> {
    if (text !== "") await this.#tmux(["send-keys", "-t", "main", "-l", "--", text]);
    if (keys.length > 0) await this.#tmux(["send-keys", "-t", "main", ...keys]);
  }

  /** What is on the screen, without blanks at the ends of lines. `colours`: with the escape sequences. */
  async screen({ colours = false } = {}): Promise<string> {
    const { stdout } = await this.#tmux(["capture-pane", "-p", "-t", "main", ...(colours ? ["-e"] : [])]);
    return stdout.split("\n").map((line) => line.trimEnd()).join("\n").trimEnd();
  }

  /** The screen, once it matches. Rejects with what it shows instead. */
  async until(expected: RegExp): Promise<string> {
    let screen = "";
    for (let look = 0; look < LOOKS; look++) {
      screen = await this.screen();
      if (expected.test(screen)) return screen;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw new Error(`The screen does not match ${expected}:\n${screen}`);
  }

  /** Gives the window another size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux(["resize-window", "-t", "main", "-x", String(columns), "-y", String(rows)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux(["kill-server"]).catch(() => {});
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #tmux(args: readonly string[]): Promise<{ readonly stdout: string }> {
    const socket = join(this.#directory, "socket");
    return await run("tmux", ["-S", socket, "-f", "/dev/null", "-u", ...args], { environment: this.#environment });
  }
}
