/**
 * The commands of the program: dispatch, help, completion and the manual page are made from this table.
 *
 * @module
 */

import type { Flag } from "./flags.ts";
import type { ProgramCommand } from "./program_command.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
const serveFlags = async (): Promise<readonly Flag[]> => (await import("./settings/read.ts")).SERVE_FLAGS;
const noFlags = (): Promise<readonly Flag[]> => Promise.resolve([]);

/** The commands other than those of the client, in the order of the help. */
const SERVER_COMMANDS: readonly ProgramCommand[] = [
  {
    name: "serve",
    arguments: "[flags]",
    summary: "run the server",
    flags: serveFlags,
    run: async (args, io) => await (await import("./serve/serve.ts")).runServe(args, io, { ownsProcess: true }),
  },
  {
    name: "share",
    arguments: "DIR",
    summary: "share one directory until Ctrl-C, with a random password",
    flags: async () => (await import("./share/flags.ts")).SHARE_FLAGS,
    run: async (args, io) => await (await import("./share/share.ts")).runShare(args, io, { ownsProcess: true }),
  },
  {
    name: "user",
    arguments: "ACTION …",
    summary: "manage accounts",
    words: async () => [...(await import("./user/flags.ts")).USER_ACTIONS, "import"],
    flags: async () => (await import("./user/flags.ts")).USER_FLAGS,
    run: async (args, io) => await (await import("./user/user.ts")).runUser(args, io),
  },
  {
    name: "cert",
    arguments: "--out DIR",
    summary: "create a self-signed certificate for testing",
    flags: async () => (await import("./cert.ts")).CERT_FLAGS,
    run: async (args, io) => await (await import("./cert.ts")).runCert(args, io),
  },
  {
    name: "config",
    arguments: "[flags]",
    summary: "show the effective settings and where each one comes from",
    flags: async () => [{ name: "check", help: "look for what serve would refuse or warn of" }, ...await serveFlags()],
    run: async (args, io) => await (await import("./config.ts")).runConfig(args, io, { ownsProcess: true }),
  },
  {
    name: "storage",
    arguments: "sweep",
    summary: "end uploads to object stores that were given up",
    words: async () => (await import("./storage/storage.ts")).STORAGE_ACTIONS,
    flags: async () => [...(await import("./storage/storage.ts")).STORAGE_FLAGS, ...await serveFlags()],
    run: async (args, io) => await (await import("./storage/storage.ts")).runStorage(args, io),
  },
  {
    name: "cluster",
    arguments: "haproxy",
    summary: "print the configuration of a balancer for several servers",
    words: async () => (await import("./cluster/cluster.ts")).CLUSTER_ACTIONS,
    flags: async () => (await import("./cluster/cluster.ts")).CLUSTER_FLAGS,
    run: async (args, io) => await (await import("./cluster/cluster.ts")).runCluster(args, io),
  },
  {
    name: "permissions",
    arguments: "…",
    summary: 'print the smallest flags for "deno run"',
    flags: serveFlags,
    run: async (args, io) => await (await import("./permissions/command.ts")).runPermissions(args, io),
  },
  {
    name: "fixture",
    arguments: "[flags]",
    summary: "run a throwaway server for tests",
    flags: async () => (await import("./fixture/flags.ts")).FIXTURE_FLAGS,
    run: async (args, io) => await (await import("./fixture/fixture.ts")).runFixture(args, io),
  },
  {
    name: "ftp",
    arguments: "[URL]",
    summary: "move files from a prompt",
    flags: async () => (await import("./ftp/usage.ts")).FTP_FLAGS,
    run: async (args, io) => await (await import("./ftp/ftp.ts")).runFtp(args, io),
  },
  {
    name: "explain",
    arguments: "ACCOUNT VERB PATH",
    summary: "say whether an account may do something, and by which rule",
    flags: async () => (await import("./admin/explain.ts")).EXPLAIN_FLAGS,
    run: async (args, io) => await (await import("./admin/explain.ts")).runExplain(args, io),
  },
  {
    name: "admins",
    arguments: "ACTION …",
    summary: "manage those who may log in at the control plane",
    words: async () => (await import("./admin/admins.ts")).ADMINS_ACTIONS,
    flags: async () => (await import("./admin/admins.ts")).ADMINS_FLAGS,
    run: async (args, io) => await (await import("./admin/admins.ts")).runAdmins(args, io),
  },
  {
    name: "audit",
    arguments: "verify FILE",
    summary: "check that no line of an audit was changed or taken out",
    words: () => Promise.resolve(["verify"]),
    flags: noFlags,
    run: async (args, io) => await (await import("./admin/audit.ts")).runAudit(args, io),
  },
  {
    name: "webhooks",
    arguments: "list|replay",
    summary: "show events that could not be delivered, or send them once more",
    words: async () => (await import("./operations/webhooks_command.ts")).WEBHOOKS_ACTIONS,
    flags: async () => (await import("./operations/webhooks_command.ts")).WEBHOOKS_FLAGS,
    run: async (args, io) => await (await import("./operations/webhooks_command.ts")).runWebhooks(args, io),
  },
  {
    name: "completion",
    arguments: SHELLS.join("|"),
    summary: "print the completion script of a shell",
    words: () => Promise.resolve(SHELLS),
    flags: noFlags,
    run: async (args, io) => await (await import("./completion.ts")).runCompletion(args, io, await programCommands()),
  },
  {
    name: "manual",
    arguments: "",
    summary: "print the manual page, for man -l",
    flags: noFlags,
    run: async (args, io) => await (await import("./manual.ts")).runManual(args, io, await programCommands()),
  },
];

/** The commands for a server that runs. */
async function controlCommands(): Promise<readonly ProgramCommand[]> {
  const { CONTROL_COMMANDS, runControl } = await import("./admin/commands.ts");
  const { ADMIN_FLAGS } = await import("./admin/address.ts");
  return CONTROL_COMMANDS.map((command): ProgramCommand => ({
    name: command.name,
    arguments: command.arguments,
    summary: command.summary,
    flags: () => Promise.resolve([...command.flags, ...ADMIN_FLAGS]),
    run: async (args, io) => await runControl(command, args, io),
  }));
}

async function clientCommands(): Promise<readonly ProgramCommand[]> {
  const { AGENT_COMMANDS } = await import("./agent/table.ts");
  return AGENT_COMMANDS.map((command): ProgramCommand => ({
    name: command.name,
    arguments: command.arguments,
    summary: command.summary,
    flags: async () => (await import("./agent/main.ts")).flagsOf(command),
    run: async (args, io) => {
      using process = (await import("./agent/io.ts")).processIo(io);
      return await (await import("./agent/main.ts")).runAgentCommand(command, args, process);
    },
  }));
}

/** All commands, those of the client included. */
export async function programCommands(): Promise<readonly ProgramCommand[]> {
  return [...SERVER_COMMANDS, ...await controlCommands(), ...await clientCommands()];
}

/** The command of that name; the tables of the others are loaded only if it is in none of those before. */
export async function findCommand(name: string): Promise<ProgramCommand | undefined> {
  const isNamed = (command: ProgramCommand): boolean => command.name === name;
  return SERVER_COMMANDS.find(isNamed) ?? (await clientCommands()).find(isNamed) ??
    (await controlCommands()).find(isNamed);
}

/** The output of `denoftpd help`. */
export async function programUsage(): Promise<string> {
  const { AGENT_COMMANDS } = await import("./agent/table.ts");
  const columns = (commands: readonly Pick<ProgramCommand, "name" | "arguments" | "summary">[]): string => {
    const lines = commands.map(({ name, arguments: usage, summary }) =>
      [`denoftpd ${name} ${usage}`.trimEnd(), summary] as const
    );
    const width = Math.max(...lines.map(([line]) => line.length)) + 3;
    return lines.map(([line, summary]) => `  ${line.padEnd(width)}${summary}\n`).join("");
  };
  return `denoftpd, an FTP server and client

${columns(SERVER_COMMANDS)}
A server that runs with --admin:
${columns(await controlCommands())}
Client:
${columns(AGENT_COMMANDS)}
  denoftpd version, denoftpd help [COMMAND]

"denoftpd help COMMAND" lists the flags of a command.
`;
}
