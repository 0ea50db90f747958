/**
 * `denoftpd storage`: what an operator does with object stores.
 *
 * @module
 */

import { sweepStore } from "../../drivers/s3/sweep.ts";
import { counted } from "../../net/counted.ts";
import { messageOf } from "../../net/message_of.ts";
import { schemeOf } from "../../vfs/root_url.ts";
import { runCommand } from "../command.ts";
import { type Flag, flagLines, readFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import { keptAccounts } from "../permissions/accounts.ts";
import { accountNeeds } from "../permissions/needs.ts";
import { requireGrants } from "../permissions/query.ts";
import { gatherFrom, parseGathered, SERVE_FLAGS } from "../settings/read.ts";
import { processSources } from "../settings/sources.ts";
import type { Settings } from "../settings/table.ts";
import { CommandRefused, UsageError } from "../usage_error.ts";
import { storeOptions } from "./object_stores.ts";

/** The actions of `denoftpd storage`. */
export const STORAGE_ACTIONS = ["sweep"] as const;

const DEFAULT_HOURS = 24;
const HOUR = 3_600_000;

/** The flags of `denoftpd storage` besides those of `serve`. */
export const STORAGE_FLAGS = [
  {
    name: "older-than",
    value: "HOURS",
    help: "age of the uploads that are ended, 0 for all",
    fallback: String(DEFAULT_HOURS),
  },
  { name: "dry-run", help: "only list them" },
] as const satisfies readonly Flag[];

/** The output of `denoftpd storage --help`. */
export const STORAGE_USAGE = `Usage: denoftpd storage sweep [flags] [flags of serve]

Ends uploads to the object stores of all accounts that were begun long ago and are not over: their parts are paid for,
and are in no listing. One line for each. It does not matter which program has begun them; one that still runs fails.
Objects ".denoftpd-probe-…" of the same age go with them: a server that was killed while it tried the store has left them.

${flagLines(STORAGE_FLAGS)}`;

/** Runs `denoftpd storage`, resolves to its exit status: 0 done, 1 a store does not answer, 2 bad settings or files. */
export async function runStorage(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args, io, {
    usage: STORAGE_USAGE,
    action: async () => {
      const [action, ...rest] = args;
      if (action !== "sweep") throw new UsageError('Say what to do: "denoftpd storage sweep"');
      const own = readFlags(rest, { command: "storage", flags: [...STORAGE_FLAGS, ...SERVE_FLAGS] });
      const hours = own.text("older-than") ?? String(DEFAULT_HOURS);
      if (!/^\d{1,6}$/.test(hours)) {
        throw new UsageError(`Flag "--older-than" must be a whole number of hours, not "${hours}"`);
      }
      const settings = parseGathered(await gatherFrom(own, processSources));
      await sweep(settings, { before: Date.now() - Number(hours) * HOUR, ends: !own.isOn("dry-run") }, io);
      return 0;
    },
  });
}

async function sweep(
  settings: Settings,
  how: { readonly before: number; readonly ends: boolean },
  io: CommandIo,
): Promise<void> {
  const accounts = await keptAccounts(settings);
  requireGrants(accountNeeds(accounts, settings));
  const roots = accounts.flatMap((account) => [account, ...account.mounts]).map(({ rootPath }) => rootPath);
  const word = how.ends ? "Ended" : "Open";
  const found = new Set<string>();
  let uploads = 0;
  for (const root of new Set(roots.filter((root) => schemeOf(root) === "s3"))) {
    try {
      for await (const { name, key, begun, isObject } of sweepStore(root, storeOptions(settings), how)) {
        // The prefix of one root may be below that of another.
        if (found.has(name)) continue;
        found.add(name);
        if (!isObject) uploads++;
        io.stdout(`${word}: ${JSON.stringify(key)}, begun ${new Date(begun).toISOString()}\n`);
      }
    } catch (error) {
      throw new CommandRefused(`Cannot look for uploads below "${root}": ${messageOf(error)}`);
    }
  }
  const trials = found.size - uploads;
  const more = trials === 0 ? "" : `, and ${counted(trials, "trial")} of the store`;
  io.stdout(`${counted(uploads, "upload")}${more} ${how.ends ? "ended" : "open"}\n`);
}
