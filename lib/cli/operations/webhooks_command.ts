/**
 * `denoftpd webhooks`: what could not be delivered, and once more.
 *
 * @module
 */

import { join, resolve } from "@std/path";
import { escapeControls } from "../../net/escape_controls.ts";
import { NoDatabase, STATE_FILE, StateError, StateStore } from "../../state/store.ts";
import { WebhookTable } from "../../state/webhook_table.ts";
import { nameOf } from "../../webhooks/delivery.ts";
import type { DeadLetter } from "../../webhooks/queue.ts";
import { runCommand } from "../command.ts";
import { type Flag, flagLines, readFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import { needRead, needWrite, requireGrants } from "../permissions/query.ts";
import { CommandRefused, UsageError } from "../usage_error.ts";

/** The actions of `denoftpd webhooks`. */
export const WEBHOOKS_ACTIONS = ["list", "replay"] as const;

/** The flags of `denoftpd webhooks`. */
export const WEBHOOKS_FLAGS = [
  { name: "state", value: "DIR", help: "the directory of the server's --state" },
  { name: "json", help: "print one JSON object for each" },
] as const satisfies readonly Flag[];

/** Events that can be named at once. */
const MOST_IDS = 1_000;
/** Milliseconds: a server may be writing. */
const PATIENCE = 5_000;

/** The output of `denoftpd webhooks --help`. */
export const WEBHOOKS_USAGE = `Usage: denoftpd webhooks list --state DIR [--json]
       denoftpd webhooks replay [ID …] --state DIR

${flagLines(WEBHOOKS_FLAGS)}
"list" has the dead letters: events that a service has refused, has not taken within a day, or of which too many waited.
"replay" sends them once more, or those with these IDs. A server that runs finds them within a second; run this as its user.
`;

/** Runs `denoftpd webhooks`. Resolves to the exit status: 0 done, 1 no dead letter has such an ID, 2 wrong use. */
export async function runWebhooks(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args, io, {
    usage: WEBHOOKS_USAGE,
    action: async () => {
      const given = readFlags(args, { command: "webhooks", flags: WEBHOOKS_FLAGS, most: 1 + MOST_IDS });
      const [action, ...ids] = given.rest;
      if (action !== "list" && action !== "replay") {
        throw new UsageError('Say what to do: "denoftpd webhooks list" or "denoftpd webhooks replay"');
      }
      if (action === "list" && ids.length > 0) throw new UsageError(`Unexpected argument "${ids[0]}"`);
      const directory = given.text("state");
      if (directory === undefined) throw new UsageError('Flag "--state" must name the state directory of the server');
      using store = await openState(resolve(directory));
      const table = new WebhookTable(store);
      if (action === "list") list(table, io, given.isOn("json"));
      else replay(table, io, ids);
      return 0;
    },
  });
}

async function openState(directory: string): Promise<StateStore> {
  requireGrants([
    needRead(directory, `reading the state directory "${directory}"`),
    needWrite(directory, `writing the state directory "${directory}"`),
  ]);
  const path = join(directory, STATE_FILE);
  try {
    // Opening would make it.
    Deno.statSync(path);
    return await StateStore.open(directory, { patience: PATIENCE });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`Flag "--state": there is no "${path}": no server has kept anything there`);
    }
    if (error instanceof StateError) throw new UsageError(`Flag "--state": ${error.message}`);
    if (!(error instanceof NoDatabase)) throw error;
    throw new CommandRefused(`This runtime has no node:sqlite (${error.message})`);
  }
}

function list(table: WebhookTable, io: CommandIo, json: boolean): void {
  const letters = table.dead();
  for (const letter of letters) io.stdout(`${json ? jsonLine(letter) : escapeControls(textLine(letter))}\n`);
  if (!json) io.stdout(`${letters.length} dead, ${table.waiting()} waiting\n`);
}

function jsonLine({ endpoint, body, attempts, died, error }: DeadLetter): string {
  return JSON.stringify({ died: new Date(died).toISOString(), endpoint, attempts, error, event: JSON.parse(body) });
}

function textLine({ endpoint, id, body, attempts, error }: DeadLetter): string {
  // We have written it.
  const { time, type } = JSON.parse(body) as { readonly time: string; readonly type: string };
  return `${id}  ${time}  ${type}  ${nameOf(endpoint)}  after ${attempts} attempts: ${error}`;
}

function replay(table: WebhookTable, io: CommandIo, ids: readonly string[]): void {
  const count = table.replay(ids.length === 0 ? undefined : ids, Date.now());
  if (count === 0 && ids.length > 0) {
    throw new CommandRefused("No dead letter has such an ID; see denoftpd webhooks list");
  }
  io.stdout(`${count} ${count === 1 ? "event is" : "events are"} sent once more\n`);
}
