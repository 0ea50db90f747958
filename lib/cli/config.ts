/**
 * `denoftpd config`: the effective settings of `serve`, and the source of each value.
 *
 * @module
 */

import { flagNameOf } from "./flags.ts";
import { runCommand } from "./command.ts";
import type { CommandIo } from "./io.ts";
import { usersFile } from "./permissions/needs.ts";
import { type Gathered, gatherSettings, parseGathered } from "./settings/read.ts";
import { processSources } from "./settings/sources.ts";
import { fallbackOf, SETTING_NAMES, type SettingName, variableOf } from "./settings/table.ts";

/** The output of `denoftpd config --help`. */
export const CONFIG_USAGE = `Usage: denoftpd config [flags of serve]

Prints every setting that "serve" would use with the same flags, its value, and where the value comes from: a flag,
an environment variable, the configuration file, or the default. "-" means not set.
`;

/** Runs `denoftpd config` and resolves to its exit status: 0 printed, 2 for settings that `serve` would refuse. */
export async function runConfig(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args, io, {
    usage: CONFIG_USAGE,
    action: async () => {
      io.stdout(configTable(await gatherSettings(args, processSources)));
      return 0;
    },
  });
}

/** One line per setting: its name, its value, its source. @throws {UsageError} for an invalid value. */
export function configTable(gathered: Gathered): string {
  const settings = parseGathered(gathered);
  const rows = SETTING_NAMES.map((name) => {
    const given = gathered.settings.get(name);
    const fallback = name === "users" ? usersFile(settings) : fallbackOf(name);
    return [name, given?.text ?? fallback ?? "-", originOf(name, gathered)] as const;
  });
  const [nameWidth, valueWidth] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(([name, value, origin]) => `${name.padEnd(nameWidth ?? 0)}  ${value.padEnd(valueWidth ?? 0)}  ${origin}\n`)
    .join("");
}

function originOf(name: SettingName, { config, settings }: Gathered): string {
  switch (settings.get(name)?.origin) {
    case "flag":
      return `flag --${flagNameOf(name)}`;
    case "environment":
      return `environment ${variableOf(name)}`;
    case "file":
      return `file ${config?.text}`;
    case undefined:
      return "default";
  }
}
