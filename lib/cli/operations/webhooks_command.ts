/**
 * `denoftpd webhooks`: what could not be delivered, and once more.
 *
 * @module
 */

import { join, resolve } from "@std/path";
import type * as v from "valibot";
import type * as schemas from "../../admin/schemas.ts";
import { shown, type ShownLetter } from "../../admin/webhooks.ts";
import { counted } from "../../net/counted.ts";
import { escapeControls } from "../../net/escape_controls.ts";
import { NoDatabase, STATE_FILE, StateError, StateStore } from "../../state/store.ts";
import { WebhookTable } from "../../state/webhook_table.ts";
import { ADMIN_FLAGS } from "../admin/address.ts";
import { type AdminClient, clientOf, withStatus } from "../admin/client.ts";
import type { ControlIo } from "../admin/commands.ts";
import { runCommand } from "../command.ts";
import { type Flag, flagLines, readFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import { needRead, needWrite, requireGrants } from "../permissions/query.ts";
import { CommandRefused, UsageError } from "../usage_error.ts";

/** The actions of `denoftpd webhooks`. */
export const WEBHOOKS_ACTIONS = ["list", "replay"] as const;

/** The flags of `denoftpd webhooks`. */
export const WEBHOOKS_FLAGS: readonly Flag[] = [
  { name: "state", value: "DIR", help: "the directory of the server's --state" },
  { name: "json", help: "print one JSON object for each" },
  ...ADMIN_FLAGS,
];

/** Events that can be named at once. */
const MOST_IDS = 1_000;
/** Dead letters that a server is asked for: it keeps no more for one service, unless --webhook-queue says so. */
const MOST_LISTED = 10_000;
/** Milliseconds: a server may be writing. */
const PATIENCE = 5_000;

/** The output of `denoftpd webhooks --help`. */
export const WEBHOOKS_USAGE = `Usage: denoftpd webhooks list --state DIR [--json]
       denoftpd webhooks replay [ID …] --state DIR
       denoftpd webhooks list|replay … --admin ADDR

${flagLines(WEBHOOKS_FLAGS)}
"list" has the dead letters: events that a service has refused, has not taken within a day, or of which too many waited.
"replay" sends them once more, or those with these IDs. With --state run this as the user of the server, which finds
them within a second; with --admin a running server is asked.
`;

/** The queue of a server: its files, or what it answers. */
interface Mailbox {
  /** The dead letters, oldest first, and how many others wait. */
  list(): Promise<{ readonly letters: readonly ShownLetter[]; readonly waiting: number }>;
  /** Resolves to how many dead letters are sent once more: those of these events, or all. */
  replay(ids: readonly string[] | undefined): Promise<number>;
}

/**
 * Runs `denoftpd webhooks`. Resolves to the exit status: 0 done, 1 no dead letter has such an ID, 2 wrong use, and with
 * `--admin` those of `denoftpd who`.
 */
export async function runWebhooks(args: readonly string[], io: ControlIo): Promise<number> {
  return await runCommand(args, io, {
    usage: WEBHOOKS_USAGE,
    action: async () => {
      const given = readFlags<Flag>(args, { command: "webhooks", flags: WEBHOOKS_FLAGS, most: 1 + MOST_IDS });
      const [action, ...ids] = given.rest;
      if (action !== "list" && action !== "replay") {
        throw new UsageError('Say what to do: "denoftpd webhooks list" or "denoftpd webhooks replay"');
      }
      if (action === "list" && ids.length > 0) throw new UsageError(`Unexpected argument "${ids[0]}"`);
      const run = (mailbox: Mailbox) =>
        action === "list" ? list(mailbox, io, given.isOn("json")) : replay(mailbox, io, ids);
      const directory = given.text("state");
      if (given.text("admin") !== undefined) {
        if (directory !== undefined) throw new UsageError('One of "--state" and "--admin", not both');
        return await withStatus(io, async () => {
          await using client = clientOf(given, io);
          await run(serverMailbox(client));
        });
      }
      if (directory === undefined) {
        throw new UsageError('Flag "--state" must name the state directory of the server, or "--admin" the server');
      }
      using store = await openState(resolve(directory));
      await run(stateMailbox(new WebhookTable(store)));
      return 0;
    },
  });
}

function stateMailbox(table: WebhookTable): Mailbox {
  return {
    list: () => Promise.resolve({ letters: table.dead().map(shown), waiting: waitingOf(table.counts()) }),
    replay: (ids) => Promise.resolve(table.replay(ids, Date.now())),
  };
}

function serverMailbox(client: AdminClient): Mailbox {
  return {
    list: async () => {
      const { json } = await client.ask({ path: `/api/webhooks?limit=${MOST_LISTED}` });
      const { webhooks, deadLetters } = json as v.InferOutput<typeof schemas.webhooks>;
      return { letters: deadLetters.toReversed(), waiting: waitingOf(webhooks) };
    },
    replay: async (ids) => {
      const { json } = await client.ask({ method: "POST", path: "/api/webhooks/replay", body: { ids } });
      return (json as v.InferOutput<typeof schemas.replayed>).replayed;
    },
  };
}

function waitingOf(counts: readonly { readonly waiting: number }[]): number {
  return counts.reduce((sum, { waiting }) => sum + waiting, 0);
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

async function list(mailbox: Mailbox, io: CommandIo, json: boolean): Promise<void> {
  const { letters, waiting } = await mailbox.list();
  for (const letter of letters) io.stdout(`${json ? jsonLine(letter) : escapeControls(textLine(letter))}\n`);
  if (!json) io.stdout(`${letters.length} dead, ${waiting} waiting\n`);
}

function jsonLine({ died, endpoint, attempts, error, event }: ShownLetter): string {
  return JSON.stringify({ died: new Date(died).toISOString(), endpoint, attempts, error, event });
}

function textLine({ endpoint, id, event, attempts, error }: ShownLetter): string {
  return `${id}  ${event["time"]}  ${event["type"]}  "${endpoint}"  after ${counted(attempts, "attempt")}: ${error}`;
}

async function replay(mailbox: Mailbox, io: CommandIo, ids: readonly string[]): Promise<void> {
  const count = await mailbox.replay(ids.length === 0 ? undefined : ids);
  if (count === 0 && ids.length > 0) {
    throw new CommandRefused("No dead letter has such an ID; see denoftpd webhooks list");
  }
  io.stdout(`${counted(count, "event")} ${count === 1 ? "is" : "are"} sent once more\n`);
}
