/**
 * `denoftpd serve`: from settings to options to a running server, until a signal ends it.
 *
 * @module
 */

import { counted } from "../../net/counted.ts";
import { bracketed } from "../../net/ip.ts";
import { messageOf } from "../../net/message_of.ts";
import { FtpServer, type ServerControl } from "../../server/server.ts";
import { DataThreads } from "../../data/thread/pool.ts";
import { giveUpLibrary, giveUpPermissions } from "../permissions/excess.ts";
import { runCommand } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { openNative, returningMemory } from "./native.ts";
import { become, type Identity } from "./privileges.ts";
import { beforeOpening, checkAsUser, openSources, tell } from "./sources.ts";
import { type Gathered, gatherSettings, parseGathered } from "../settings/read.ts";
import { processSources } from "../settings/sources.ts";
import type { Settings } from "../settings/table.ts";
import { RunStory } from "./run_story.ts";
import { endClosedSessions, namesOf } from "./closed_accounts.ts";
import { prepareFirstSessions } from "./first_sessions.ts";
import { openServerLog, type ServerLog } from "./server_log.ts";
import { ServerSignals } from "./signals.ts";
import { endingOnUncaught } from "../uncaught.ts";
import { banSettings } from "../../options/bans.ts";
import { resolveOptions } from "../../options/resolve.ts";
import { checkOptions, serverOptions } from "./options.ts";
import { ObjectStores } from "../storage/object_stores.ts";
import { hasBackends, makeBackends, readBackendSecrets } from "../operations/backends.ts";
import { hookOptions, prepareHooks, startHooks } from "../operations/hooks.ts";
import { openNotifier } from "../operations/notify.ts";
import { hasWebhooks, readWebhookSecrets, renewWebhookSecrets } from "../operations/webhooks.ts";
import { cannotListen } from "../usage_error.ts";
import { dataThreadCount, startThreadsLater, THREADS_HAVE_OWN_PERMISSIONS, workerCount } from "./threads.ts";
import { sweepRoots } from "./stale_parts.ts";

/** The running server, or several that share one port, as seen by an embedding program. */
export type Serving = Pick<FtpServer, "address" | "implicitTlsAddress" | "events"> & ServerControl;

/** The hooks for a program that runs `serve`. */
export interface ServeHooks {
  /** Ends the server like SIGTERM. */
  readonly signal?: AbortSignal;
  /** Called after the ready line. */
  readonly onReady?: (server: Serving) => void;
  /**
   * Nothing but the server runs in this process: once started it drops permissions for the whole process.
   *
   * @default false
   */
  readonly ownsProcess?: boolean;
}

/** Runs until a signal arrives. Resolves to the exit status: 0 drained, 1 cannot listen, 2 bad settings or files. */
export async function runServe(args: readonly string[], io: CommandIo, hooks: ServeHooks = {}): Promise<number> {
  return await runCommand(args, io, {
    usage: async () => (await import("../settings/usage.ts")).SERVE_USAGE,
    action: async () => await serve(await gatherSettings(args, processSources), io, hooks),
  });
}

async function serve(gathered: Gathered, io: CommandIo, hooks: ServeHooks): Promise<number> {
  const settings = parseGathered(gathered);
  const workers = workerCount(settings);
  const identity = beforeOpening(settings);
  // Disposed last: until then SIGHUP must not end the process.
  using signals = new ServerSignals();
  await using output = await openServerLog(settings, io, { owner: identity });
  try {
    return await serveLogged({ settings, gathered, workers, identity, signals, output }, io, hooks);
  } catch (error) {
    // The command says it on standard error, where it is read already without a file.
    if (settings.logFile !== undefined) tell(output.events, "error", `Ended: ${messageOf(error)}`);
    throw error;
  }
}

/** What is there before the files are opened. */
interface Beginning {
  readonly settings: Settings;
  readonly gathered: Gathered;
  readonly workers: number;
  readonly identity: Identity | undefined;
  readonly signals: ServerSignals;
  readonly output: ServerLog;
}

async function serveLogged(
  { settings, gathered, workers, identity, signals, output }: Beginning,
  io: CommandIo,
  hooks: ServeHooks,
): Promise<number> {
  // Events of the accounts file may occur before there is a server; they are handled the same way.
  const { events: early, log, lines } = output;
  const unwritten: { settle(): Promise<void> }[] = [lines];
  const story = new RunStory(early);
  using _uncaught = hooks.ownsProcess
    ? endingOnUncaught({
      report: (error) => story.fail(error),
      settle: () => Promise.all(unwritten.map((each) => each.settle())),
    })
    : undefined;
  // Called when files were reloaded.
  let onChange = () => {};
  await using telemetry = settings.metrics &&
    (await import("../operations/metrics.ts")).Telemetry.open(settings, {
      place: settings.metrics,
      loops: workers,
      events: early,
    });
  using service = openNotifier(early, telemetry);
  for (const warning of gathered.warnings) tell(early, "warning", warning);
  const hasThreadsLater = workers === 1 && dataThreadCount(settings, true) > 0 && THREADS_HAVE_OWN_PERMISSIONS;
  // The permission lasts until the data threads have started.
  using native = await openNative(settings, { lazily: hasThreadsLater });
  const dataThreads = dataThreadCount(settings, native !== undefined);
  await using sources = await openSources(settings, early, { onChange: () => onChange(), native });
  const { users, accounts, tls, guarded } = sources;
  // For one event loop: workers have their own.
  using threads = new DataThreads({
    threads: dataThreads,
    native: native !== undefined,
    ownPermissions: THREADS_HAVE_OWN_PERMISSIONS,
    onProblem: (problem) => early.emit(problem),
  });
  using state = settings.state === undefined
    ? undefined
    : new (await import("./state.ts")).ServerState(settings.state, { events: early, owner: identity });
  const secrets = await readBackendSecrets(settings);
  const posting = { secrets: await readWebhookSecrets(settings), early };
  await using cluster = settings.cluster &&
    await (await import("../cluster/open.ts")).openCluster(settings, { events: early, workers });
  const backends = workers === 1 ? await makeBackends(settings, secrets, (event) => early.emit(event)) : [];
  const preparedHooks = await prepareHooks(settings, identity);
  // With several workers, each has its own: here they are only tried.
  await using sandbox = await startHooks(preparedHooks, settings, (event) => early.emit(event));
  const parts = { native, backends, ...(dataThreads > 0 && { dataThreads: threads }) };
  const own = serverOptions(settings, accounts, parts);
  const options = checkOptions({
    ...own,
    ...(cluster && workers === 1 && { sharedState: cluster.member.sharedState(own.sharedState) }),
    ...(tls && { tls: tls.options }),
    ...(state && { banStore: state.bans }),
    ...hookOptions(settings, sandbox, (event) => early.emit(event)),
    ...(telemetry?.meter && { meter: telemetry.meter }),
  });
  await using server = workers === 1 ? new FtpServer(options) : (await import("./pool.ts")).makePool({
    workers,
    dataThreads,
    native: native !== undefined,
    gathered,
    settings,
    accounts,
    metrics: telemetry?.metrics,
    secrets,
    hooks: preparedHooks,
    clusterMember: cluster?.setup,
    bans: banSettings(resolveOptions(options)),
    certificates: tls?.certificates,
  });
  const control = cluster?.attach(server, banSettings(resolveOptions(options))) ?? server;
  let names = namesOf(accounts);
  onChange = () => {
    if ("refresh" in server) server.refresh();
    void endClosedSessions(server, accounts, names).catch((error) => tell(early, "error", messageOf(error)));
    names = namesOf(accounts);
  };
  if (workers > 1) await sandbox?.[Symbol.asyncDispose]();
  else sandbox?.listen(server.events);
  using _log = server.events.on(log.listener, log.types);
  using _story = log.types.includes("started") || settings.admin
    ? server.events.on(story.listener, story.types)
    : undefined;
  await using xferlog = settings.xferlog === undefined
    ? undefined
    : await (await import("./xferlog_file.ts")).openXferlog(settings.xferlog, {
      owner: identity,
      onLost: (count) =>
        tell(early, "error", `Lost ${counted(count, "line")} of the xferlog: they could not be written`),
    });
  if (xferlog) unwritten.push(xferlog.lines);
  using _xferlog = xferlog && server.events.on(xferlog.listener, ["transferWithoutDigest"]);
  await cluster?.join();
  try {
    await server.bind();
  } catch (error) {
    throw cannotListen(error, settings);
  }
  const status = () => `Serving ${counted(accounts.list().length, "account")} at ${addressText(server.address)}`;
  const reload = async () => {
    await service?.reloading();
    for (const file of [output, xferlog]) {
      await file?.reopen().catch((error) => tell(early, "error", messageOf(error)));
    }
    await users?.accounts.reload();
    await tls?.reload();
    await renewWebhookSecrets(settings, posting);
    await admin?.renew();
    await service?.ready(status());
  };
  const drain = new AbortController();
  // Before root is given up, which the directory of its socket may belong to.
  await using admin = settings.admin && await (await import("./admin/open.ts")).openAdmin(settings.admin, {
    server,
    control,
    early,
    story,
    settings,
    gathered,
    workers,
    identity,
    sources,
    open: options.fileSystem,
    webhooks: () => webhooks,
    reload,
    drain: () => drain.abort(),
  });
  // No connection has been accepted yet.
  if (identity) become(identity);
  // The first check was made as root, which may read everything.
  if (identity) await checkAsUser(accounts, settings, early);
  await state?.open();
  await using webhooks = hasWebhooks(settings)
    ? await (await import("../operations/webhook_queue.ts")).openWebhooks(settings, { ...posting, server, workers })
    : undefined;
  ObjectStores.of(settings).attach(state?.uploads, (message) => tell(early, "warning", message));
  const isLater = native !== undefined && hasThreadsLater;
  // Later they would not be permitted to open the library.
  if (native && workers === 1 && dataThreads > 0 && !isLater) await threads.start();
  const dropsPermissions = hooks.ownsProcess && guarded.length === 0;
  if (dropsPermissions) {
    // A reload may add accounts that can write.
    const write = service !== undefined || hasBackends(settings) || users !== undefined ||
      settings.admin !== undefined || xferlog !== undefined ||
      settings.logFile !== undefined || (workers > 1 && hasWebhooks(settings));
    tell(
      early,
      "debug",
      `Dropped the permissions ${giveUpPermissions({ write, ffi: isLater, run: settings.hooksProcess }).join(", ")}`,
    );
  }
  using _traces = settings.traces ? (await import("../operations/traces.ts")).traceEvents(server.events) : undefined;
  telemetry?.watch({
    server,
    control,
    certificates: tls?.certificates,
    accounts: users?.accounts,
    cluster: cluster?.health,
    webhooks,
  });
  server.accept();
  using _later = isLater
    ? startThreadsLater(threads, () => {
      if (!dropsPermissions) return;
      native?.complete();
      giveUpLibrary();
      tell(early, "debug", "Dropped the permission ffi");
    })
    : undefined;
  using _memory = native && returningMemory(native);
  await using _sweeps = sweepRoots({ accounts, open: options.fileSystem, events: early });
  // Before the ready line: a program that reads it may send a signal at once.
  signals.listen({
    signal: hooks.signal === undefined ? drain.signal : AbortSignal.any([hooks.signal, drain.signal]),
    reload,
  });
  admin?.begin();
  story.begin({
    address: server.address,
    implicitTlsAddress: server.implicitTlsAddress,
    certificates: tls?.certificates.pairs,
    accounts: accounts.list().length,
    accountsFile: users?.place.name,
    workers,
  }, settings);
  telemetry?.ready();
  // A program that waits for the ready line may then look for the other lines.
  await lines.settle();
  io.stdout(`ready ${addressText(server.address)}\n`);
  using _first = prepareFirstSessions();
  await service?.ready(status());
  hooks.onReady?.(server);
  const signal = await signals.first;
  await telemetry?.drain(signals.second);
  await service?.stopping();
  const drained = server.shutdown({ grace: settings.grace });
  // Not an immediate end of the process: partial uploads would remain.
  void signals.second.then(() => server.shutdown({ grace: 0 }));
  await drained;
  story.end(signal === undefined ? { reason: "request" } : { reason: "signal", signal });
  return 0;
}

function addressText({ hostname, port }: FtpServer["address"]): string {
  return `ftp://${bracketed(hostname)}:${port}`;
}
