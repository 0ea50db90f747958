/**
 * `serve` with several workers: the coordinator's side.
 *
 * @module
 */

import type { BanSettings } from "../../auth/bans.ts";
import type { AccountsStore } from "../../auth/accounts.ts";
import type { CertificateSource } from "../../tls/certificates.ts";
import type { ServerMetrics } from "../../metrics/metrics.ts";
import type { BackendSecrets } from "../operations/backends.ts";
import type { PreparedHooks } from "../operations/hooks.ts";
import { threadModule } from "../../threads/module.ts";
import { WorkerPool } from "../../workers/pool.ts";
import { isGranted, needEnv } from "../permissions/query.ts";
import { packAccount } from "./portable_account.ts";
import type { Gathered } from "../settings/read.ts";
import type { ServeSetup, ServeState } from "./worker.ts";
import type { Settings } from "../settings/table.ts";
import { ObjectStores } from "../storage/object_stores.ts";

const WORKER_MODULE = threadModule(import.meta.url, "./worker_main.ts");

/** The options for starting workers. */
export interface ServePoolOptions {
  /** At least 2. */
  readonly workers: number;
  readonly gathered: Gathered;
  readonly settings: Settings;
  readonly accounts: AccountsStore;
  readonly bans: BanSettings;
  readonly certificates: CertificateSource | undefined;
  /** The number per worker. */
  readonly dataThreads: number;
  /** What is counted; absent: nothing is. */
  readonly metrics: ServerMetrics | undefined;
  readonly secrets: BackendSecrets;
  readonly hooks: PreparedHooks | undefined;
  /** See `ServeSetup.clusterMember`. */
  readonly clusterMember: ServeSetup["clusterMember"] | undefined;
  /** Whether workers use the C library. */
  readonly native: boolean;
}

/**
 * Read by the runtime when a thread starts: after this many steps it polls its sockets. With its default, 61, other
 * sessions wait three times as long next to four downloads (docs/workers.md).
 */
const EVENT_INTERVAL = { name: "DENO_TOKIO_EVENT_INTERVAL", value: "8" };

/** Creates the workers' coordinator; nothing is started yet. */
export function makePool(
  { gathered, settings, accounts, certificates, metrics, secrets, hooks, clusterMember, ...options }: ServePoolOptions,
): WorkerPool {
  hastenEvents();
  const setup: ServeSetup = {
    gathered,
    secrets,
    hooks,
    ...(metrics && { meters: metrics.memory }),
    ...(clusterMember && { clusterMember }),
  };
  const state = (): ServeState => ({ accounts: accounts.list().map(packAccount), certificates: certificates?.pairs });
  const { host, port, implicitTlsPort, node = clusterMember?.node } = settings;
  const stores = ObjectStores.of(settings);
  return new WorkerPool({
    ...options,
    module: WORKER_MODULE,
    place: { hostname: host, ports: implicitTlsPort === undefined ? [port] : [port, implicitTlsPort] },
    ...(node !== undefined && { node }),
    answer: (place, question) => stores.answer(place, question),
    onLost: (place) => {
      stores.lost(place);
      metrics?.lost(place);
    },
    setup,
    state,
  });
}

/** Only if permitted, and not set already. */
function hastenEvents(): void {
  const { name, value } = EVENT_INTERVAL;
  if (isGranted(needEnv(name, "")) && Deno.env.get(name) === undefined) Deno.env.set(name, value);
}
