/**
 * Programs that the shell runs: `!PROGRAM` and `| PROGRAM`.
 *
 * @module
 */

import { ShellError } from "../../shell/errors.ts";
import type { ProgramInput, Programs } from "../../shell/ports.ts";
import { isGranted } from "../permissions/query.ts";

/** The command interpreter of a system, and what comes before a command. */
export function interpreterOf(isWindows: boolean): { readonly path: string; readonly before: readonly string[] } {
  return isWindows ? { path: "cmd.exe", before: ["/d", "/s", "/c"] } : { path: "/bin/sh", before: ["-c"] };
}

/** The command interpreter here. */
export const INTERPRETER: ReturnType<typeof interpreterOf> = interpreterOf(Deno.build.os === "windows");

/** The options of {@link LocalPrograms}. */
export interface ProgramOptions {
  /** Whether programs may read from the terminal. The lines of a script are not for them. */
  readonly mayRead: boolean;
  /** Called when a program begins that Ctrl-C is meant for, and when it has ended. */
  readonly onRunning: (isRunning: boolean) => void;
}

/** Programs of this computer. */
export class LocalPrograms implements Programs {
  readonly #options: ProgramOptions;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  async run(command: string, directory: string): Promise<number> {
    const { mayRead, onRunning } = this.#options;
    const child = this.#start(command, directory, mayRead ? "inherit" : "null");
    onRunning(true);
    try {
      return (await child.status).code;
    } finally {
      onRunning(false);
    }
  }

  feed(command: string, directory: string): ProgramInput {
    const { onRunning } = this.#options;
    const child = this.#start(command, directory, "piped");
    const writer = child.stdin.getWriter();
    onRunning(true);
    return {
      write: (data) => writer.write(data.slice()).then(() => true, () => false),
      end: async () => {
        // A program that has read enough has closed it already.
        await writer.close().catch(() => {});
        try {
          return (await child.status).code;
        } finally {
          onRunning(false);
        }
      },
    };
  }

  #start(command: string, cwd: string, stdin: "inherit" | "null" | "piped"): Deno.ChildProcess {
    const { path, before } = INTERPRETER;
    if (!isGranted({ permission: { name: "run", command: path } })) {
      throw new ShellError("Programs may not be run here", `Deno does not permit it: add --allow-run=${path}`);
    }
    const args = command === "" ? [] : [...before, command];
    return new Deno.Command(path, { args, cwd, stdin, stdout: "inherit", stderr: "inherit" }).spawn();
  }
}
