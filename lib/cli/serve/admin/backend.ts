/**
 * The running server as its control plane sees it.
 *
 * @module
 */

import { dirname, resolve } from "@std/path";
import type { AdminBackend, WebhooksBackend } from "../../../admin/backend.ts";
import { Watch } from "../../../admin/watch/watch.ts";
import type { EventStream } from "../../../events.ts";
import { bracketed } from "../../../net/ip.ts";
import { messageOf } from "../../../net/message_of.ts";
import type { OpenFileSystem } from "../../../options.ts";
import type { FtpServer, ServerControl } from "../../../server/server.ts";
import { settingRows } from "../../config.ts";
import type { OpenAccounts } from "../../accounts.ts";
import { isGranted, needWrite } from "../../permissions/query.ts";
import type { Gathered } from "../../settings/read.ts";
import type { Settings } from "../../settings/table.ts";
import type { Identity } from "../privileges.ts";
import type { RunStory } from "../run_story.ts";
import type { ServeSources } from "../sources.ts";
import { DEFAULT_OPTIONS } from "../../../options/defaults.ts";

/** The parts of a run of `serve`. */
export interface RunParts {
  readonly server: Pick<FtpServer, "events" | "address">;
  /** What is seen and done at the server; with `--cluster` at all servers. */
  readonly control: ServerControl;
  /** Events of the program besides those of the server. */
  readonly early: EventStream;
  readonly story: RunStory;
  readonly settings: Settings;
  readonly gathered: Gathered;
  readonly workers: number;
  /** The user that the process will become. */
  readonly identity: Identity | undefined;
  readonly sources: ServeSources;
  /** Opens the files of accounts. */
  readonly open: OpenFileSystem;
  /** Opened after the control plane. */
  readonly webhooks: () => WebhooksBackend | undefined;
  readonly reload: () => Promise<void>;
  readonly drain: () => void;
}

/** The backend of a run. */
export function adminBackend(
  { server, control, early, story, settings, gathered, workers, sources, open, webhooks, reload, drain }: RunParts,
): AdminBackend {
  const { hostname, port } = server.address;
  const watched = { control, events: both(server.events, early), totals: () => story.totals };
  return {
    ...watched,
    watch: new Watch(watched),
    report: (event) => early.emit(event),
    accounts: {
      store: sources.accounts,
      place: sources.users?.place,
      readOnly: () => readOnlyReason(sources.users),
      used: async (account) => {
        const usage = control.usageOf(account.rootPath);
        await usage.count(await open(account));
        return await usage.bytes;
      },
      reload: async () => await sources.users?.accounts.reload(),
    },
    settings: () => settingRows(gathered),
    certificates: () => sources.tls?.certificates.pairs ?? [],
    webhooks,
    banTime: settings.banTime ?? DEFAULT_OPTIONS.banTime,
    facts: { since: Date.now(), address: `${bracketed(hostname)}:${port}`, workers },
    reload,
    drain,
  };
}

function both(...streams: readonly EventStream[]): Pick<EventStream, "on"> {
  return {
    on: (listener, types) => {
      const stack = new DisposableStack();
      for (const stream of streams) stack.use(stream.on(listener, types));
      return stack;
    },
  };
}

/** Why the accounts cannot be changed; `undefined` if they can. */
function readOnlyReason(users: OpenAccounts | undefined): string | undefined {
  if (users === undefined) return "there is no accounts file, only --anonymous";
  const { accounts, place: { file } } = users;
  if (file === undefined) return accounts.trouble;
  const directory = dirname(resolve(file));
  if (!isGranted(needWrite(directory, ""))) return `Deno does not permit it: start with --allow-write=${directory}`;
  try {
    // The new file is made beside the old one. To ask for the rights would take more permissions than to try.
    Deno.removeSync(Deno.makeTempFileSync({ dir: directory, prefix: ".denoftpd-" }));
    return undefined;
  } catch (error) {
    return `the server cannot write to its directory "${directory}": ${messageOf(error)}`;
  }
}
