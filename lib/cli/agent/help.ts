/**
 * The help of a client command, from its row.
 *
 * @module
 */

import { EXIT, EXIT_MEANINGS } from "../../agent/exit_status.ts";
import { flagLines } from "../flags.ts";
import type { AgentCommand } from "./command.ts";
import { connectionFlagsBeside } from "./flags.ts";

const WIDTH = 100;

/** The output of `denoftpd NAME --help`. */
export function helpOf({ name, summary, arguments: usage, details, examples, flags }: AgentCommand): string {
  const own = flags.length === 0 ? "" : `\nFlags:\n${flagLines(flags)}`;
  return `denoftpd ${name}: ${summary}

Usage: denoftpd ${name} ${usage} [flags]

${wrap(details)}

Examples:
${examples.map(([line, meaning]) => `  # ${meaning}\n  ${commandLine(line)}\n`).join("")}${own}
Flags of all client commands:
${flagLines(connectionFlagsBeside(flags))}
${URLS}
Exit status:
${exitLines()}`;
}

/** The lines about exit statuses. */
export function exitLines(): string {
  return Object.entries(EXIT).map(([key, status]) =>
    `  ${String(status).padEnd(4)} ${EXIT_MEANINGS[key as keyof typeof EXIT]}\n`
  ).join("");
}

/** Examples are lines of a shell: those that begin with another program name it. */
export function commandLine(line: string): string {
  return line.includes("denoftpd ") ? line : `denoftpd ${line}`;
}

const URLS =
  `URLs: ftp:// uses TLS if the server offers it, ftpes:// insists on it, ftps:// begins with it (port 990). A path is
relative to the directory of the login; ftp://host//path is absolute. Name and password come from the URL, from
DENOFTPD_PASSWORD, from ~/.netrc, or are asked for.
`;

function wrap(text: string): string {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.join("\n");
}
