/**
 * `denoftpd manual`: the manual page, in the format of man(7).
 *
 * @module
 */

import { EXIT, EXIT_MEANINGS } from "../agent/exit_status.ts";
import { VERSION } from "../version.ts";
import { AGENT_COMMANDS } from "./agent/table.ts";
import { commandLine } from "./agent/help.ts";
import { runCommand } from "./command.ts";
import type { Flag } from "./flags.ts";
import type { CommandIo } from "./io.ts";
import type { ProgramCommand } from "./program_command.ts";
import { UsageError } from "./usage_error.ts";

const MANUAL_USAGE = `Usage: denoftpd manual

Prints the manual page. To have it where man looks for it:

  denoftpd manual > ~/.local/share/man/man1/denoftpd.1
`;

/** Runs `denoftpd manual` and resolves to its exit status: 0 printed, 2 wrong use. */
export async function runManual(
  args: readonly string[],
  io: CommandIo,
  commands: readonly ProgramCommand[],
): Promise<number> {
  return await runCommand(args, io, {
    usage: MANUAL_USAGE,
    action: async () => {
      if (args.length > 0) throw new UsageError(`Unexpected argument "${args[0]}", see denoftpd help manual`);
      io.stdout(await manual(commands));
      return 0;
    },
  });
}

async function manual(commands: readonly ProgramCommand[]): Promise<string> {
  const sections = await Promise.all(commands.map(async ({ name, arguments: usage, summary, flags }) => {
    const agent = AGENT_COMMANDS.find((command) => command.name === name);
    return [
      `.SS "denoftpd ${escaped(name)} ${escaped(usage)}"`,
      `${sentence(summary)}`,
      ...(agent ? [".PP", escaped(agent.details)] : []),
      ...(agent?.examples ?? []).flatMap(([line, meaning]) => [
        ".PP",
        `${sentence(meaning)}`,
        ".PP",
        ".nf",
        `    ${escaped(commandLine(line))}`,
        ".fi",
      ]),
      ...(await flags()).flatMap(flagLines),
    ].join("\n");
  }));
  return `.TH DENOFTPD 1 "" "denoftpd ${escaped(VERSION)}" "User Commands"
.SH NAME
denoftpd \\- FTP server, client and test server
.SH SYNOPSIS
.B denoftpd
.I COMMAND
.RI [ ARGUMENTS ]
.RI [ FLAGS ]
.SH COMMANDS
${sections.join("\n")}
.SH "EXIT STATUS OF CLIENT COMMANDS"
${
    Object.entries(EXIT).map(([key, status]) =>
      `.TP\n.B ${status}\n${escaped(EXIT_MEANINGS[key as keyof typeof EXIT])}`
    ).join("\n")
  }
.SH FILES
.TP
.I ~/.config/denoftpd/
certificates that were trusted, and bookmarks of the client
.TP
.I ~/.local/state/denoftpd/
what the client has seen of servers, its history and its queue
`;
}

function flagLines({ name, short, value, help, fallback = "" }: Flag): string[] {
  const spelled = `${short === undefined ? "" : `\\-${short}, `}\\-\\-${escaped(name)}${
    value ? ` ${escaped(value)}` : ""
  }`;
  return [".TP", `.B "${spelled.replaceAll('"', '""')}"`, escaped(fallback === "" ? help : `${help} (${fallback})`)];
}

function sentence(text: string): string {
  return escaped(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

/** A dot or an apostrophe at the start of a line would be a request of man(7). */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^(?=[.'])/gm, "\\&").replaceAll("…", "...");
}
