/**
 * The executable: finds the command and runs it.
 *
 * @module
 */

import type { CommandIo } from "./lib/cli/io.ts";
import { runServe } from "./lib/cli/serve/serve.ts";
import { didYouMean } from "./lib/net/similar.ts";
import type { UserIo } from "./lib/cli/user/user.ts";
import { versionLine } from "./lib/version.ts";
import { workerScope } from "./lib/threads/scope.ts";

const USAGE = `denoftpd, an FTP server and client

Usage: denoftpd serve [flags]     run the server
       denoftpd share DIR         share one directory until Ctrl-C, with a random password
       denoftpd user ACTION …     manage accounts
       denoftpd cert --out DIR    create a self-signed certificate for testing
       denoftpd config [flags]    show the effective settings and where each one comes from
       denoftpd permissions …     print the smallest flags for "deno run"
       denoftpd fixture [flags]   run a throwaway server for tests
       denoftpd ftp [URL]         move files from a prompt
       denoftpd version
       denoftpd help [COMMAND]

"denoftpd help COMMAND" lists the flags of a command.
`;

async function wholeUsage(): Promise<string> {
  return USAGE + (await import("./lib/cli/agent/help.ts")).commandLines();
}

function commandsIn(usage: string): string[] {
  return Array.from(usage.matchAll(/denoftpd ([a-z]+)/g), ([, name = ""]) => name);
}

const encoder = new TextEncoder();

const io: CommandIo & UserIo = {
  stdin: Deno.stdin,
  stdout: (text) => void Deno.stdout.writeSync(encoder.encode(text)),
  stderr: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
  log: (bytes) => Deno.stderr.write(bytes),
};

/** A command other than `serve` is loaded only when it is asked for, so that the server does not start later for it. */
async function run([name = "help", ...args]: readonly string[]): Promise<number> {
  // The executable is built with the permission to run programs, for `ftp` alone. Under `deno run` people choose.
  if (Deno.build.standalone && name !== "ftp") Deno.permissions.revokeSync({ name: "run" });
  switch (name) {
    case "serve":
      return await runServe(args, io, { ownsProcess: true });
    case "share":
      return await (await import("./lib/cli/share/share.ts")).runShare(args, io, { ownsProcess: true });
    case "user":
      return await (await import("./lib/cli/user/user.ts")).runUser(args, io);
    case "cert":
      return await (await import("./lib/cli/cert.ts")).runCert(args, io);
    case "config":
      return await (await import("./lib/cli/config.ts")).runConfig(args, io, { ownsProcess: true });
    case "permissions":
      return await (await import("./lib/cli/permissions/command.ts")).runPermissions(args, io);
    case "fixture":
      return await (await import("./lib/cli/fixture/fixture.ts")).runFixture(args, io);
    case "ftp":
      return await (await import("./lib/cli/ftp/ftp.ts")).runFtp(args, io);
    case "version":
    case "--version":
      io.stdout(`${versionLine()}\n`);
      return 0;
    case "help":
    case "--help":
    case "-h":
      if (args[0] !== undefined && args[0] !== "help") return await run([args[0], "--help"]);
      io.stdout(await wholeUsage());
      return 0;
    default: {
      const agent = await import("./lib/cli/agent/main.ts");
      const command = agent.findAgentCommand(name);
      if (command) {
        using process = (await import("./lib/cli/agent/io.ts")).processIo(io);
        return await agent.runAgentCommand(command, args, process);
      }
      const hint = didYouMean(name, commandsIn(await wholeUsage()), { otherwise: "." });
      io.stderr(`denoftpd: Unknown command "${name}"${hint} See denoftpd help\n`);
      return 2;
    }
  }
}

const scope = workerScope();
if (scope) await (await import("./lib/cli/serve/worker.ts")).serveAsWorker(scope);
else Deno.exit(await run(Deno.args));
