/**
 * `serve` with several workers: the worker's side.
 *
 * @module
 */

import { type Account, MemoryAccounts } from "../../auth/accounts.ts";
import { type NativeIo, openNativeIo } from "../../native/native_io.ts";
import type { EventStream } from "../../events.ts";
import type { TlsOptions } from "../../options.ts";
import { FtpServer } from "../../server/server.ts";
import { type CertificateSource, type KeyPair, selectPair } from "../../tls/certificates.ts";
import { PASSWORD_THREAD, type WorkerScope } from "../../threads/scope.ts";
import { type ProgramParts, runWorker, type WorkerProgram } from "../../workers/worker.ts";
import { type Gathered, parseGathered } from "../settings/read.ts";
import { type BackendSecrets, makeBackends } from "../operations/backends.ts";
import { hookOptions, type PreparedHooks, startHooks } from "../operations/hooks.ts";
import { startMeter } from "../operations/metrics.ts";
import { hasWebhooks } from "../operations/webhooks.ts";
import type { MemberSetup } from "../cluster/open.ts";
import { serverOptions } from "./options.ts";
import { makeEndpoint, tlsOptions } from "./tls.ts";
import type { Settings } from "../settings/table.ts";
import { askedRegistry } from "../../drivers/s3/known_uploads.ts";
import { memoryOfWorker, ObjectStores } from "../storage/object_stores.ts";
import { type PortableAccount, restoreAccount } from "./portable_account.ts";

/** Sent to workers of `serve` at their start. */
export interface ServeSetup {
  /** As text: the parsed values cannot be sent. */
  readonly gathered: Gathered;
  readonly secrets: BackendSecrets;
  readonly hooks: PreparedHooks | undefined;
  /** With `--cluster`: the name of the node, and what its files hold. */
  readonly clusterMember?: MemberSetup;
  /** See `ServerMetrics.memory`; absent: nothing is counted. */
  readonly meters?: SharedArrayBuffer;
}

/** Sent to workers of `serve` at each change. */
export interface ServeState {
  readonly accounts: readonly PortableAccount[];
  /** At least one, or `undefined` without TLS. */
  readonly certificates: readonly KeyPair[] | undefined;
}

/** Password checks at the same time in all workers together, as far as they can be divided. */
const MOST_CHECKS = 4;

/** Serves as a worker controlled by the coordinator, until the thread ends. */
export async function serveAsWorker(scope: WorkerScope): Promise<void> {
  // The executable starts every thread with the whole program.
  if (scope.name === PASSWORD_THREAD) return (await import("../../auth/hashes/thread.ts")).servePasswords(scope);
  runWorker(scope, makeProgram);
}

async function makeProgram({ setup, state, ...parts }: ProgramParts): Promise<WorkerProgram> {
  // Both come from `makePool`, by way of a message.
  const { gathered, meters, secrets, hooks, clusterMember } = setup as ServeSetup;
  const first = state as ServeState;
  const ofAll = parseGathered(gathered);
  const settings = { ...ofAll, storageMemory: memoryOfWorker(ofAll.storageMemory, parts.workers) };
  const stores = ObjectStores.of(settings);
  stores.share({ registry: askedRegistry(parts.ask), locks: parts.uploadLocks });
  let accounts = new MemoryAccounts(first.accounts.map(restoreAccount));
  const certificates = first.certificates && new SentCertificates(first.certificates);
  const store = { find: (name: string) => accounts.find(name), list: (): readonly Account[] => accounts.list() };
  const login = { concurrency: Math.ceil(Math.min(MOST_CHECKS, navigator.hardwareConcurrency) / parts.workers) };
  // A replacement worker finds the permission dropped, and does without.
  const native = settings.nativeIo === "off" ? undefined : openNativeIo();
  const tls = certificates && await makeTls(settings, certificates, { addresses: parts.addresses, native });
  // The timer ends with the thread.
  const { meter } = startMeter(settings, { memory: meters, loop: parts.place }) ?? {};
  const events: { emit?: EventStream["emit"] } = {};
  const backends = await makeBackends(settings, secrets, (event) => events.emit?.(event));
  // The sandbox ends with the thread.
  const sandbox = await startHooks(hooks, settings, (event) => events.emit?.(event));
  const options = {
    ...hookOptions(settings, sandbox, (event) => events.emit?.(event)),
    ...(meter && { meter }),
    ...serverOptions(settings, store, { login, backends, native, dataThreads: parts.dataThreads }),
    ...(tls && { tls }),
    reusePort: true,
  };
  const port = parts.addresses?.control.port;
  const cluster = clusterMember &&
    (await import("../cluster/open.ts")).memberOf(settings, {
      ...clusterMember,
      events: { emit: (event) => events.emit?.(event) },
      // In place of those of this node alone.
      stores,
    });
  const sharedState = cluster?.member.sharedState(parts.sharedState, { isOneOfSeveral: true }) ?? parts.sharedState;
  const server = new FtpServer({ ...options, ...(port !== undefined && { port }), sharedState });
  events.emit = (event) => server.events.emit(event);
  sandbox?.listen(server.events);
  cluster?.member.serve(server);
  await cluster?.join();
  if (hasWebhooks(settings)) {
    await (await import("../operations/webhook_queue.ts")).collectEvents(settings, server.events);
  }
  stores.attach(undefined, (message) => server.events.emit({ type: "problem", level: "warning", message }));
  return {
    server,
    wanted: (file) => stores.wanted(file),
    update: (state) => {
      const next = state as ServeState;
      accounts = new MemoryAccounts(next.accounts.map(restoreAccount));
      if (next.certificates) certificates?.replace(next.certificates);
    },
  };
}

async function makeTls(
  settings: Settings,
  certificates: CertificateSource,
  { addresses, native }: Pick<ProgramParts, "addresses"> & { readonly native: NativeIo | undefined },
): Promise<TlsOptions> {
  const options = tlsOptions(settings, await makeEndpoint(settings, certificates, native));
  return addresses?.implicitTls ? { ...options, implicitPort: addresses.implicitTls.port } : options;
}

/** The certificates sent by the coordinator. */
class SentCertificates implements CertificateSource {
  #pairs: readonly KeyPair[];

  constructor(pairs: readonly KeyPair[]) {
    this.#pairs = pairs;
  }

  get pairs(): readonly KeyPair[] {
    return this.#pairs;
  }

  select(serverName: string | undefined): KeyPair {
    return selectPair(this.#pairs, serverName);
  }

  /** An unchanged pair keeps its identity, and with it what the endpoint derived from it. */
  replace(pairs: readonly KeyPair[]): void {
    this.#pairs = pairs.map((pair) =>
      this.#pairs.find((old) => old.certificate === pair.certificate && old.privateKey === pair.privateKey) ?? pair
    );
  }
}
