// deno-lint-ignore-file no-console -- a script talks to the person who runs it
/**
 * `deno task docs`: writes the tables of `docs/commands.md`, `docs/doctor.md`, `docs/log.md` and `docs/user-agent.md`
 * from the source, the picture of `docs/architecture.md` from the import law, and `docs/wrong-inputs.md` from the table
 * that the tests run. With `--check` it writes nothing and fails when one is out of date.
 *
 * @module
 */

import type { Command } from "../lib/commands/command.ts";
import { commandTable } from "../lib/commands/table.ts";
import { KINDS } from "../lib/doctor/kinds.ts";
import type { Kind, Remedy } from "../lib/doctor/kind.ts";
import { SHELL_COMMANDS } from "../lib/shell/table.ts";
import { WRONG_INPUTS } from "../tests/cli/wrong_inputs.ts";
import { drawFloors } from "./floors.ts";
import { eventTables, reasonTables } from "./log_tables.ts";

const START = "<!-- generated from the source: deno task docs -->";
const END = "<!-- end of the generated part -->";

/** A `|` would end the cell. */
const cell = (text: string) => text.replaceAll("|", "\\|");

function row(entry: Command, prefix = ""): string {
  const { verb, aliases = [], syntax, summary, source, open } = entry;
  const names = [verb, ...aliases].map((name) => `\`${prefix}${name}\``).join(" ");
  const usage = syntax === undefined ? "" : `\`${cell(syntax)}\``;
  return `| ${names} | ${usage} | ${cell(summary)} | ${source} | ${open ? "no" : "yes"} |`;
}

function fullTable(): string {
  const rows = commandTable.commands.flatMap((entry) => [
    row(entry),
    ...entry.subcommands?.map((each) => row(each, `${entry.verb} `)) ?? [],
  ]);
  const foreign = commandTable.foreign.map((verb) => `\`${verb}\``).join(", ");
  return [
    "| command | argument | what it does | source | needs login |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    `Answered 502, because they are known but not implemented: ${foreign}.`,
  ].join("\n");
}

const SERVERS = ["denoftpd", "vsftpd", "proftpd", "pureftpd", "other"] as const satisfies readonly (keyof Remedy)[];

function findingsTable(): string {
  const rows = Object.entries<Kind>(KINDS).map(([id, { severity, summary, remedy }]) =>
    `| \`${id}\` | ${severity} | ${cell(summary)} | ${
      SERVERS.map((server) => cell(remedy[server] ?? "")).join(" | ")
    } |`
  );
  return [
    "| finding | | what it means | denoftpd | vsftpd | ProFTPD | Pure-FTPd | otherwise |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** The commands of `denoftpd ftp`. */
function shellTable(): string {
  const rows = SHELL_COMMANDS.map(({ names, usage, summary }) => {
    const shown = names.map((name) => `\`${name}\``).join(" ");
    return `| ${shown} | ${usage === "" ? "" : `\`${cell(usage)}\``} | ${cell(summary)} |`;
  });
  return ["| command | arguments | what it does |", "| --- | --- | --- |", ...rows].join("\n");
}

/** Replaces what stands between the two marks. */
function fill(document: string, path: string, table: string): string {
  const from = document.indexOf(START);
  const to = document.indexOf(END);
  if (from < 0 || to < from) throw new Error(`No place for a table in "${path}"`);
  return `${document.slice(0, from + START.length)}\n${table}\n${document.slice(to)}`;
}

const logTables = `${reasonTables()}\n\n${await eventTables()}`;

/** The page of wrong inputs, from the table that the tests run. */
function wrongInputs(): string {
  const quoted = (word: string) => /^[\w./:=-]+$/.test(word) ? word : `"${word}"`;
  const sections = Object.entries(WRONG_INPUTS).map(([subject, inputs]) => {
    const rows = inputs.map(({ args, env = {}, message }) => {
      const variables = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
      return `| \`${cell([...variables, ...args.map(quoted)].join(" "))}\` | ${cell(message)} |`;
    });
    return [`## ${subject}`, "", "| what was typed | what denoftpd answers |", "| --- | --- |", ...rows].join("\n");
  });
  return `# Wrong inputs

What the program says when something is wrong: one line on stderr, after \`denoftpd: \`, and exit status 2. Nothing has been changed then, and no port was opened.
The page is generated (\`deno task docs\`) from the table that \`tests/cli/wrong_inputs_test.ts\` runs.

${sections.join("\n\n")}
`;
}

/** What each generated file should be, given what it is. */
const DOCUMENTS: readonly (readonly [path: string, make: (before: string) => string])[] = [
  ["docs/commands.md", (before) => fill(before, "docs/commands.md", fullTable())],
  ["docs/doctor.md", (before) => fill(before, "docs/doctor.md", findingsTable())],
  ["docs/user-agent.md", (before) => fill(before, "docs/user-agent.md", shellTable())],
  ["docs/log.md", (before) => fill(before, "docs/log.md", logTables)],
  ["docs/architecture.svg", () => drawFloors()],
  ["docs/wrong-inputs.md", wrongInputs],
];

const check = Deno.args.includes("--check");
let stale = false;
for (const [path, make] of DOCUMENTS) {
  const before = await Deno.readTextFile(path).catch(() => "");
  const after = make(before);
  if (before === after) continue;
  stale = true;
  if (!check) await Deno.writeTextFile(path, after);
  console.error(check ? `${path} is out of date: run deno task docs` : `Wrote ${path}`);
}
Deno.exit(check && stale ? 1 : 0);
