/**
 * `denoftpd permissions`: prints the smallest set of permissions that `serve` needs.
 *
 * @module
 */

import { sandboxFlags } from "../operations/hooks.ts";
import { accountEditNeeds } from "../serve/admin/settings.ts";
import { anonymousAccount } from "../serve/anonymous.ts";
import { keptAccounts } from "./accounts.ts";
import { guardedRoots } from "./guarded.ts";
import { type Need, needEnv, needRead, permissionFlags } from "./query.ts";
import { runCommand } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { accountNeeds, settingsNeeds, usersFile } from "./needs.ts";
import { type Gathered, gatherSettings, parseGathered } from "../settings/read.ts";
import { processSources } from "../settings/sources.ts";
import { CONFIG_VARIABLE, variableOf } from "../settings/table.ts";

/** The output of `denoftpd permissions --help`. */
export const PERMISSIONS_USAGE = `Usage: denoftpd permissions [flags of serve]
       denoftpd permissions ftp [URL] [flags of ftp]
       denoftpd permissions share DIR [flags of share]
       denoftpd permissions get|put|ls|… ARGUMENTS
       denoftpd permissions who|kick|ban|… ARGUMENTS

Prints the smallest set of permission flags for "deno run" that "serve" needs with the same flags, one per line:
all of them for a root below /dev, /proc or /sys, where Deno wants no less. With "ftp", those of the user agent in the
working directory: "--allow-run" can be left out by who needs no "!program" and no "| program". With the name of a
client command, those of that command: the name of a host is resolved, because Deno asks for its addresses too.
`;

/** The needs of commands other than `serve`, from their arguments. */
const OTHER_COMMANDS: ReadonlyMap<string, (args: readonly string[]) => Promise<Need[]>> = new Map([
  ["ftp", async (args: readonly string[]) => await (await import("../ftp/needs.ts")).ftpNeeds(args)],
  ["share", async (args: readonly string[]) => {
    const { readShareFlags, shareNeeds } = await import("../share/flags.ts");
    return shareNeeds(readShareFlags(args));
  }],
]);

/** Runs `denoftpd permissions` and resolves to its exit status: 0 printed, 2 bad settings or files. */
export async function runPermissions(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args, io, {
    usage: PERMISSIONS_USAGE,
    action: async () => {
      const [command, ...rest] = args;
      const needsOf = OTHER_COMMANDS.get(command ?? "");
      if (needsOf) {
        printFlags(await needsOf(rest), io);
        return 0;
      }
      const forClient = await (await import("../agent/permissions.ts")).clientNeeds(args);
      if (forClient) {
        printFlags(forClient, io);
        return 0;
      }
      const forControl = (await import("../admin/needs.ts")).controlNeeds(args);
      if (forControl) {
        printFlags(forControl, io);
        return 0;
      }
      const gathered = await gatherSettings(args, processSources);
      const settings = parseGathered(gathered);
      const { anonymous } = settings;
      const accounts = [...await keptAccounts(settings)];
      if (anonymous !== undefined) accounts.push(anonymousAccount(anonymous));
      const needs = [
        ...sourceNeeds(gathered),
        ...settingsNeeds(settings),
        ...accountEditNeeds(settings, usersFile(settings)),
        ...accountNeeds(accounts, settings),
      ];
      printFlags(needs, io, { all: guardedRoots(accounts).length > 0 });
      io.stdout(sandboxFlags(settings).map((flag) => `${flag}\n`).join(""));
      return 0;
    },
  });
}

function printFlags(needs: readonly Need[], io: CommandIo, { all = false } = {}): void {
  io.stdout((all ? ["--allow-all"] : permissionFlags(needs)).map((flag) => `${flag}\n`).join(""));
}

/** The permissions to read the settings again from their current sources. */
function sourceNeeds({ config, settings }: Gathered): Need[] {
  const variables = [...settings].filter(([, { origin }]) => origin === "environment").map(([name]) =>
    variableOf(name)
  );
  if (config?.origin === "environment") variables.unshift(CONFIG_VARIABLE);
  return [
    ...(config === undefined ? [] : [needRead(config.text, "reading the configuration file")]),
    ...variables.map((variable) => needEnv(variable, `reading the environment variable "${variable}"`)),
  ];
}
