/**
 * The executable: finds the command and runs it.
 *
 * @module
 */

import { findCommand, programCommands, programUsage } from "./lib/cli/commands.ts";
import type { ProgramIo } from "./lib/cli/program_command.ts";
import { didYouMean } from "./lib/net/similar.ts";
import { versionLine } from "./lib/version.ts";
import { workerScope } from "./lib/threads/scope.ts";

const encoder = new TextEncoder();

const io: ProgramIo = {
  stdin: Deno.stdin,
  stdout: (text) => void Deno.stdout.writeSync(encoder.encode(text)),
  stderr: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
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

const scope = workerScope();
if (scope) await (await import("./lib/cli/serve/worker.ts")).serveAsWorker(scope);
else Deno.exit(await run(Deno.args));
