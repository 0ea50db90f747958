/**
 * `denoftpd config`: the effective settings of `serve`, and the source of each value.
 *
 * @module
 */

import type { SettingRow } from "../admin/backend.ts";
import { EventStream } from "../events.ts";
import { counted } from "../net/counted.ts";
import { withoutPassword } from "../net/without_password.ts";
import { flagNameOf } from "./flags.ts";
import { runCommand } from "./command.ts";
import type { CommandIo } from "./io.ts";
import { prepareHooks, startHooks } from "./operations/hooks.ts";
import { readWebhookSecrets } from "./operations/webhooks.ts";
import { usersFile } from "./permissions/needs.ts";
import { checkOptions, serverOptions } from "./serve/options.ts";
import { become } from "./serve/privileges.ts";
import { beforeOpening, checkAsUser, openSources } from "./serve/sources.ts";
import { workerCount } from "./serve/threads.ts";
import { type Gathered, gatherSettings, parseGathered } from "./settings/read.ts";
import { processSources } from "./settings/sources.ts";
import { fallbackOf, SETTING_NAMES, type SettingName, type Settings, variableOf } from "./settings/table.ts";

/** The output of `denoftpd config --help`. */
export const CONFIG_USAGE = `Usage: denoftpd config [--check] [flags of serve]

Prints every setting that "serve" would use with the same flags, its value, and where the value comes from: a flag,
an environment variable, the configuration file, or the default. "-" means not set.

--check instead looks for everything that "serve" would refuse or warn of: files, certificates, accounts and the rights
on their directories, as root also for the user of --user. It listens on no port. Status 2 if "serve" would not start.
`;

/** The hooks for a program that runs `config`. */
export interface ConfigHooks {
  /**
   * Nothing else runs in this process: `--check` may become the user of `--user` for good.
   *
   * @default false
   */
  readonly ownsProcess?: boolean;
}

/** Runs `denoftpd config` and resolves to its exit status: 0 printed, 2 for settings that `serve` would refuse. */
export async function runConfig(
  args: readonly string[],
  io: CommandIo,
  hooks: ConfigHooks = {},
): Promise<number> {
  return await runCommand(args, io, {
    usage: CONFIG_USAGE,
    action: async () => {
      const checks = args.includes("--check");
      const gathered = await gatherSettings(args.filter((argument) => argument !== "--check"), processSources);
      for (const warning of gathered.warnings) io.stderr(`denoftpd: warning: ${warning}\n`);
      if (checks) await check(parseGathered(gathered), io, hooks);
      else io.stdout(configTable(gathered));
      return 0;
    },
  });
}

/** A line on standard error for each warning, and one on standard output at the end. @throws {UsageError} */
async function check(settings: Settings, io: CommandIo, { ownsProcess = false }: ConfigHooks): Promise<void> {
  const events = new EventStream();
  let warnings = 0;
  using _listening = events.on((event) => {
    if (event.type !== "problem") return;
    warnings++;
    io.stderr(`denoftpd: warning: ${event.message}\n`);
  }, ["problem"]);
  workerCount(settings);
  const identity = beforeOpening(settings);
  await using sources = await openSources(settings, events);
  await readWebhookSecrets(settings);
  await using _hooks = await startHooks(await prepareHooks(settings), settings, (event) => events.emit(event));
  checkOptions({ ...serverOptions(settings, sources.accounts), ...(sources.tls && { tls: sources.tls.options }) });
  if (identity && ownsProcess) {
    become(identity);
    await checkAsUser(sources.accounts, settings, events);
  }
  io.stdout(
    `serve would start: ${counted(sources.accounts.list().length, "account")}, ${counted(warnings, "warning")}\n`,
  );
}

/** One line per setting: its name, its value, its source. @throws {UsageError} for an invalid value. */
export function configTable(gathered: Gathered): string {
  const rows = settingRows(gathered).map(({ name, value, origin }) => [name, value ?? "-", origin] as const);
  const [nameWidth, valueWidth] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(([name, value, origin]) => `${name.padEnd(nameWidth ?? 0)}  ${value.padEnd(valueWidth ?? 0)}  ${origin}\n`)
    .join("");
}

/** Every setting, its value as text and its source. @throws {UsageError} for an invalid value. */
export function settingRows(gathered: Gathered): SettingRow[] {
  const settings = parseGathered(gathered);
  return SETTING_NAMES.map((name) => {
    const fallback = name === "users" ? usersFile(settings) : fallbackOf(name);
    const value = gathered.settings.get(name)?.text ?? fallback;
    // What is printed is read by others, too.
    return { name, value: value === undefined ? null : withoutPassword(value), origin: originOf(name, gathered) };
  });
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
