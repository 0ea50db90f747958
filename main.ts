/**
 * The executable: finds the command and runs it.
 *
 * @module
 */

import { findCommand, programCommands, programUsage } from "./lib/cli/commands.ts";
import type { ProgramIo } from "./lib/cli/program_command.ts";
import { didYouMean } from "./lib/net/similar.ts";
import { writeAllSync } from "./lib/net/write_all.ts";
import { versionLine } from "./lib/version.ts";
import { workerScope } from "./lib/threads/scope.ts";

/** As a shell reports a program that SIGPIPE has ended, which the runtime ignores. */
const ENDED_BY_SIGPIPE = 141;

const encoder = new TextEncoder();
/** Why standard output or standard error takes nothing more: whoever read it has ended. */
let unread: Error | undefined;

function print(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  try {
    writeAllSync(stream, encoder.encode(text));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) unread = error;
    throw error;
  }
}

const io: ProgramIo = {
  stdin: Deno.stdin,
  stdout: (text) => print(Deno.stdout, text),
  stderr: (text) => print(Deno.stderr, text),
  log: (bytes) => Deno.stderr.write(bytes),
};

async function run([name = "help", ...args]: readonly string[]): Promise<number> {
  // The executable is built with the permission to run programs, for `ftp` alone. Under `deno run` people choose.
  if (Deno.build.standalone && name !== "ftp") Deno.permissions.revokeSync({ name: "run" });
  switch (name) {
    case "version":
    case "--version":
      io.stdout(`${versionLine()}\n`);
      return 0;
    case "help":
    case "--help":
    case "-h":
      if (args[0] !== undefined && args[0] !== "help") return await run([args[0], "--help"]);
      io.stdout(await programUsage());
      return 0;
  }
  const command = await findCommand(name);
  if (command) return await command.run(args, io);
  const names = [...(await programCommands()).map(({ name }) => name), "help", "version"];
  io.stderr(`denoftpd: Unknown command "${name}"${didYouMean(name, names, { otherwise: "." })} See denoftpd help\n`);
  return 2;
}

/** Nobody is left to read about a pipe that nobody reads. All else is thrown again. */
function afterFailure(error: unknown): number {
  if (error !== undefined && error === unread) return ENDED_BY_SIGPIPE;
  throw error;
}

const scope = workerScope();
if (scope) await (await import("./lib/cli/serve/worker.ts")).serveAsWorker(scope);
else Deno.exit(await run(Deno.args).catch(afterFailure));
