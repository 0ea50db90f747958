/**
 * The help of the shell, made from its table.
 *
 * @module
 */

import { type Group, GROUPS, type ShellCommand } from "./command.ts";
import { findCommand } from "./lookup.ts";

const TITLES: Readonly<Record<Group, string>> = {
  session: "Sessions",
  directories: "Directories",
  transfers: "Transfers",
  files: "Files on the server",
  settings: "Settings",
  shell: "The shell",
};

const GRAMMAR = `  !COMMAND                 run a program here; ! alone starts a shell
  COMMAND > FILE           write what a command prints to a file, >> adds it
  COMMAND | PROGRAM        send it to a program
  "a b"  'a b'  a\\ b       one word with a blank; * ? [a-z] {a,b} match names
  Ctrl-C  Ctrl-D  Tab      stop a transfer; leave; complete a name
Names may be cut short as long as only one begins so. "help NAME" explains one.
`;

/** The list of all commands, or the help of one. @throws {ShellUsageError} for a name that there is not. */
export function helpFor(commands: readonly ShellCommand[], name: string | undefined, columns: number): string {
  return name === undefined ? overview(commands, columns) : helpOf(findCommand(commands, name));
}

function helpOf({ names, usage, summary, details }: ShellCommand): string {
  const [name, ...others] = names;
  return [
    `Usage: ${name} ${usage}`.trimEnd(),
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(details === undefined ? [] : [details]),
    ...(others.length === 0 ? [] : [`Also: ${others.join(", ")}`]),
  ].map((line) => `${line}\n`).join("");
}

function overview(commands: readonly ShellCommand[], columns: number): string {
  const sections = GROUPS.map((group) => {
    const lines = commands.filter((command) => command.group === group).map(({ names, summary }) => {
      const line = `  ${names.join(" ").padEnd(24)} ${summary}`;
      return `${line.length > columns ? `${line.slice(0, Math.max(columns, 40) - 1)}…` : line}\n`;
    });
    return `${TITLES[group]}\n${lines.join("")}`;
  });
  return sections.join("") + GRAMMAR;
}
