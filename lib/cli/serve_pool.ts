/**
 * `serve` with several workers: the coordinator's side.
 *
 * @module
 */

import type { AccountsStore } from "../auth/accounts.ts";
import type { EventType } from "../events.ts";
import type { CertificateSource } from "../tls/certificates.ts";
import { WorkerPool } from "../workers/pool.ts";
import { packAccount } from "./portable_account.ts";
import type { Gathered } from "./read_settings.ts";
import type { ServeSetup, ServeState } from "./serve_worker.ts";

/** What `serve` knows when it starts workers. */
export interface ServePoolOptions {
  /** At least 2. */
  readonly workers: number;
  readonly gathered: Gathered;
  readonly accounts: AccountsStore;
  readonly certificates: CertificateSource | undefined;
  /** Types of events for the log and its like. */
  readonly events: readonly EventType[];
  /** Module that calls `serveAsWorker`; without it, one that does nothing else. */
  readonly module: string | undefined;
}

/** Makes the workers' coordinator; nothing is started yet. */
export function makePool({ gathered, accounts, certificates, module, ...options }: ServePoolOptions): WorkerPool {
  const setup: ServeSetup = { gathered };
  const state = (): ServeState => ({ accounts: accounts.list().map(packAccount), certificates: certificates?.pairs });
  return new WorkerPool({ ...options, module: module ?? new URL("./worker_main.ts", import.meta.url), setup, state });
}
