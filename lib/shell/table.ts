/**
 * The commands of the shell. Dispatch, abbreviations, help, completion and the documentation are made from this table.
 *
 * @module
 */

import type { Call, ShellCommand } from "./command.ts";
import * as directories from "./commands/directories.ts";
import * as files from "./commands/files.ts";
import * as jobs from "./commands/jobs.ts";
import * as session from "./commands/session.ts";
import * as settings from "./commands/settings.ts";
import type { ShellContext } from "./context.ts";
import { ShellUsageError } from "./errors.ts";
import { parseLine } from "./line.ts";
import { hasUrlPassword, MANY, TRANSFER_COMMANDS } from "./transfer_rows.ts";
import { findCommand } from "./lookup.ts";
import { helpFor } from "./help.ts";

const ON_OFF = ["on", "off"] as const;

/** Every command of the shell, in the order of the help. */
export const SHELL_COMMANDS: readonly ShellCommand[] = [
  {
    names: ["open", "connect"],
    usage: "[URL|BOOKMARK|HOST [PORT]]",
    summary: "connect to a server and log in",
    details:
      "ftp://user@host:port/path uses TLS where the server offers it, ftpes:// demands it, ftps:// is implicit TLS.",
    ...{ group: "session", takes: [0, 2], completes: ["bookmark"], isSecret: hasUrlPassword, run: session.open },
  },
  {
    names: ["user"],
    usage: "[NAME [PASSWORD]]",
    summary: "log in to the same server with another name; the password is asked for",
    ...{ group: "session", takes: [0, 2], isSecret: ({ length }) => length > 1, run: session.logIn },
  },
  {
    names: ["close", "disconnect"],
    usage: "",
    summary: "end the session and stay in the shell",
    ...{ group: "session", takes: [0, 0], run: session.close },
  },
  {
    names: ["bookmark"],
    usage: "[add NAME [URL]|delete NAME]",
    summary: "list the bookmarks; keep this server and directory, or a URL, under a name",
    ...{ group: "session", takes: [0, 3], completes: [["add", "delete", "list"], "bookmark"], writes: true },
    ...{ isSecret: hasUrlPassword, run: session.bookmark },
  },
  {
    names: ["ls"],
    usage: "[-l1htSr] [NAME …]",
    summary: "list names in columns; -l as dir does, -1 one a line, -t by time, -S by size, -r reversed, -h with units",
    ...{ group: "directories", takes: [0, MANY], completes: ["remote"], writes: true, run: directories.list(false) },
  },
  {
    names: ["dir", "ll"],
    usage: "[-htSr] [NAME …]",
    summary: "list with kind, size and time",
    ...{ group: "directories", takes: [0, MANY], completes: ["remote"], writes: true, run: directories.list(true) },
  },
  {
    names: ["nlist", "nls"],
    usage: "[NAME …]",
    summary: "list names, one a line",
    ...{ group: "directories", takes: [0, MANY], completes: ["remote"], writes: true, run: directories.names },
  },
  {
    names: ["cd", "cwd", "chdir"],
    usage: "[DIRECTORY|-]",
    summary: "change the directory there; without one, back to where the session began; - is the one before",
    ...{ group: "directories", takes: [0, 1], completes: ["remoteDirectory"], run: directories.changeDirectory },
  },
  {
    names: ["cdup", "up"],
    usage: "",
    summary: "change to the directory above",
    ...{ group: "directories", takes: [0, 0], run: directories.changeUp },
  },
  {
    names: ["pwd"],
    usage: "",
    summary: "print the directory there",
    ...{ group: "directories", takes: [0, 0], writes: true, run: directories.printDirectory },
  },
  {
    names: ["lcd"],
    usage: "[DIRECTORY|-]",
    summary: "change the directory here",
    ...{
      group: "directories",
      takes: [0, 1],
      completes: ["localDirectory"],
      writes: true,
      run: directories.changeLocal,
    },
  },
  {
    names: ["lpwd"],
    usage: "",
    summary: "print the directory here",
    ...{ group: "directories", takes: [0, 0], writes: true, run: directories.printLocal },
  },
  {
    names: ["mkdir"],
    usage: "[-p] DIRECTORY …",
    summary: "make directories; -p with all above that are missing",
    ...{ group: "directories", takes: [1, MANY], completes: ["remoteDirectory"], changes: true },
    run: directories.makeDirectories,
  },
  {
    names: ["rmdir"],
    usage: "DIRECTORY …",
    summary: "remove empty directories",
    ...{ group: "directories", takes: [1, MANY], completes: ["remoteDirectory"], changes: true },
    run: directories.removeDirectories,
  },
  ...TRANSFER_COMMANDS,
  {
    names: ["delete", "rm"],
    usage: "[-r] REMOTE …",
    summary: "remove files; -r also directories with all that they have, after a question",
    ...{ group: "files", takes: [1, MANY], completes: ["remote"], changes: true, run: files.remove },
  },
  {
    names: ["mdelete", "mrm"],
    usage: "REMOTE …",
    summary: "remove all files that match, after a question",
    ...{ group: "files", takes: [1, MANY], completes: ["remote"], changes: true, run: files.removeMany },
  },
  {
    names: ["rename", "mv"],
    usage: "FROM TO",
    summary: "rename or move a file or directory there; into a directory if TO ends with /",
    ...{ group: "files", takes: [2, 2], completes: ["remote"], changes: true, run: files.rename },
  },
  {
    names: ["chmod"],
    usage: "MODE REMOTE …",
    summary: "set permission bits, such as 644",
    ...{ group: "files", takes: [2, MANY], completes: [[], "remote"], changes: true, run: files.changeMode },
  },
  {
    names: ["size"],
    usage: "REMOTE …",
    summary: "print sizes in bytes",
    ...{ group: "files", takes: [1, MANY], completes: ["remote"], writes: true, run: files.size },
  },
  {
    names: ["modtime"],
    usage: "REMOTE …",
    summary: "print when files were changed, in UTC",
    ...{ group: "files", takes: [1, MANY], completes: ["remote"], writes: true, run: files.modified },
  },
  {
    names: ["stat", "status"],
    usage: "[REMOTE]",
    summary: "print what the server says of the session, or of a file",
    ...{ group: "files", takes: [0, 1], completes: ["remote"], writes: true, run: session.status },
  },
  {
    names: ["site"],
    usage: "COMMAND …",
    summary: "send SITE and the words after it",
    ...{ group: "session", takes: [1, MANY], writes: true, changes: true, run: session.site },
    isSecret: ([verb = ""]) => /^(?:PSWD|PASSW?D?|PASSWORD|CPWD)$/i.test(verb),
  },
  {
    names: ["quote", "literal"],
    usage: "COMMAND …",
    summary: "send a command of the protocol as it is",
    ...{ group: "session", takes: [1, MANY], writes: true, changes: true, run: session.quote },
    isSecret: ([verb = ""]) => /^(?:PASS|ACCT)$/i.test(verb),
  },
  {
    names: ["passive"],
    usage: "[on|off]",
    summary: "who opens data connections: this side (on), or the server (off)",
    ...{ group: "settings", takes: [0, 1], completes: [ON_OFF], run: settings.passive },
  },
  {
    names: ["ascii"],
    usage: "",
    summary: "convert line ends in transfers",
    ...{ group: "settings", takes: [0, 0], run: settings.type(true) },
  },
  {
    names: ["binary", "image"],
    usage: "",
    summary: "leave every byte as it is",
    ...{ group: "settings", takes: [0, 0], run: settings.type(false) },
  },
  {
    names: ["hash"],
    usage: "[on|off]",
    summary: "show a # for each 64 KiB instead of a bar",
    ...{ group: "settings", takes: [0, 1], completes: [ON_OFF], run: settings.hash },
  },
  {
    names: ["prompt"],
    usage: "[on|off]",
    summary: "ask about each file of mget, mput and mdelete",
    ...{ group: "settings", takes: [0, 1], completes: [ON_OFF], run: settings.prompt },
  },
  {
    names: ["jobs"],
    usage: "[wait|stop NUMBER]",
    summary: "list what runs in the background (COMMAND &), wait for all of it, or stop one",
    ...{ group: "shell", takes: [0, 2], completes: [["stop", "wait"]], writes: true, run: jobs.jobs },
  },
  {
    names: ["queue"],
    usage: "[COMMAND …|start|clear]",
    summary: "run commands one after the other in the background; start takes up what an earlier run has left",
    ...{ group: "shell", takes: [0, MANY], completes: ["command", "remote"], writes: true },
    run: jobs.queue(runQueued),
  },
  {
    names: ["help", "?"],
    usage: "[COMMAND]",
    summary: "list the commands, or explain one",
    ...{ group: "shell", takes: [0, 1], completes: ["command"], writes: true },
    run: async (_context, { texts: [name], out }: Call) => await out.write(helpFor(SHELL_COMMANDS, name, out.columns)),
  },
  {
    names: ["bye", "quit", "exit"],
    usage: "",
    summary: "end the session and leave the shell",
    ...{ group: "shell", takes: [0, 0], run: (context, { signal }) => context.leave(signal) },
  },
];

/** Runs a line of the queue, which is a command that may run in the background. */
async function runQueued(context: ShellContext, text: string, signal: AbortSignal): Promise<void> {
  const line = parseLine(text);
  if (line.kind !== "command") throw new ShellUsageError("Only commands can wait");
  const command = findCommand(SHELL_COMMANDS, line.name);
  if (!command.background) throw new ShellUsageError(`${command.names[0]} cannot run in the background`);
  const texts = line.words.map((word) => word.text);
  await command.run(context, { words: line.words, texts, out: context.person, isRedirected: false, signal });
}
