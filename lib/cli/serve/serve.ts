/**
 * `denoftpd serve`: from settings to options to a running server, until a signal ends it.
 *
 * @module
 */

import { bracketed } from "../../net/ip.ts";
import { messageOf } from "../../net/message_of.ts";
import { type AccountsStore, isAnonymous } from "../../auth/accounts.ts";
import { AccountsFile } from "../../auth/file/watch.ts";
import { AccountsFileError } from "../../auth/file/read.ts";
import { EventStream } from "../../events.ts";
import { startLog } from "../../log/log.ts";
import { FtpServer, type ServerControl } from "../../server/server.ts";
import { DriverRegistry } from "../../drivers/registry.ts";
import { DataThreads } from "../../data/thread/pool.ts";
import { anonymousAccount, CombinedAccounts } from "./anonymous.ts";
import { giveUpPermissions, judgeExcess } from "../permissions/excess.ts";
import { requireGrants } from "../permissions/query.ts";
import { runCommand } from "../command.ts";
import { type CommandIo, writerOf } from "../io.ts";
import { LineQueue } from "../../log/line_queue.ts";
import { openNative } from "./native.ts";
import { accountNeeds, settingsNeeds, usersFile } from "../permissions/needs.ts";
import { become, resolveIdentity } from "./privileges.ts";
import { type Gathered, gatherSettings, parseGathered } from "../settings/read.ts";
import { processSources } from "../settings/sources.ts";
import { DEFAULT_USERS, type Settings } from "../settings/table.ts";
import { ServerSignals } from "./signals.ts";
import { endingOnUncaught } from "../uncaught.ts";
import { banSettings } from "../../options/bans.ts";
import { resolveOptions } from "../../options/resolve.ts";
import { checkOptions, serverOptions } from "./options.ts";
import { openTls } from "./tls.ts";
import { SERVE_USAGE } from "../settings/usage.ts";
import { CommandRefused, UsageError } from "../usage_error.ts";
import { dataThreadCount, workerCount } from "./threads.ts";
import { openXferlog } from "./xferlog_file.ts";

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
    usage: SERVE_USAGE,
    action: async () => await serve(await gatherSettings(args, processSources), io, hooks),
  });
}

async function serve(gathered: Gathered, io: CommandIo, hooks: ServeHooks): Promise<number> {
  const settings = parseGathered(gathered);
  const workers = workerCount(settings);
  const needs = settingsNeeds(settings);
  requireGrants(needs);
  const identity = resolveIdentity(settings);
  // Events of the accounts file may occur before there is a server; they are handled the same way.
  const early = new EventStream();
  // Disposed last: until then SIGHUP must not end the process.
  using signals = new ServerSignals();
  await using lines = new LineQueue(io.log ?? writerOf(io.stderr), {
    // An error, so that it is logged at every level.
    onLost: (count) => tell(early, "error", `Lost ${count} lines of the log: it was not read, or could not be written`),
  });
  const log = startLog({ level: settings.logLevel, format: settings.logFormat, write: (line) => lines.write(line) });
  using _uncaught = hooks.ownsProcess ? endingOnUncaught(lines) : undefined;
  using _early = early.on(log.listener, log.types);
  // Notifies workers, if there are any, of reloaded files.
  let refresh = () => {};
  await using users = await openUsers(settings, early, () => refresh());
  const accounts = new CombinedAccounts(
    users,
    settings.anonymous === undefined ? undefined : anonymousAccount(settings.anonymous),
  );
  await checkRoots(accounts, settings);
  tell(early, "warning", judgeExcess([...needs, ...accountNeeds(accounts.list())], settings));
  await using tls = await openTls(settings, early, () => refresh());
  using native = openNative(settings);
  const dataThreads = dataThreadCount(settings);
  // For one event loop: workers have their own.
  using threads = new DataThreads({
    threads: dataThreads,
    native: native !== undefined,
    onProblem: (problem) => early.emit(problem),
  });
  const parts = { native, ...(dataThreads > 0 && { dataThreads: threads }) };
  const options = checkOptions({ ...serverOptions(settings, accounts, parts), ...(tls && { tls: tls.options }) });
  await using server = workers === 1 ? new FtpServer(options) : (await import("./pool.ts")).makePool({
    workers,
    dataThreads,
    native: native !== undefined,
    gathered,
    settings,
    accounts,
    bans: banSettings(resolveOptions(options)),
    certificates: tls?.certificates,
  });
  if ("refresh" in server) refresh = () => server.refresh();
  using _log = server.events.on(log.listener, log.types);
  await using xferlog = settings.xferlog === undefined ? undefined : await openXferlog(
    settings.xferlog,
    (count) => tell(early, "error", `Lost ${count} lines of the xferlog: they could not be written`),
  );
  using _xferlog = xferlog && server.events.on(xferlog.listener, ["transfer"]);
  try {
    await server.bind();
  } catch (error) {
    throw cannotListen(error, settings);
  }
  // No connection has been accepted yet.
  if (identity) tell(early, "warning", become(identity));
  // The first check was made as root, which may read everything.
  if (identity) await checkRoots(accounts, settings);
  // Later they would not be permitted to open the library.
  if (native && workers === 1) await threads.start();
  if (hooks.ownsProcess) {
    // A reload may add accounts that can write.
    const write = users !== undefined || xferlog !== undefined;
    tell(early, "debug", `Dropped the permissions ${giveUpPermissions({ write }).join(", ")}`);
  }
  server.accept();
  // Before the ready line: a program that reads it may send a signal at once.
  signals.listen({
    signal: hooks.signal,
    reload: async () => {
      await users?.reload();
      await tls?.reload();
    },
  });
  const implicit = server.implicitTlsAddress;
  if (implicit) tell(early, "info", `Implicit TLS on ${bracketed(implicit.hostname)}:${implicit.port}`);
  // A program that waits for the ready line may then look for the other lines.
  await lines.settle();
  io.stdout(`ready ftp://${bracketed(server.address.hostname)}:${server.address.port}\n`);
  hooks.onReady?.(server);
  await signals.first;
  const drained = server.shutdown({ grace: settings.grace });
  // Not an immediate end of the process: partial uploads would remain.
  void signals.second.then(() => server.shutdown({ grace: 0 }));
  await drained;
  return 0;
}

function tell(events: EventStream, level: "info" | "warning" | "debug" | "error", message: string | undefined): void {
  if (message === undefined) return;
  if (level === "info" || level === "debug") events.emit({ type: "notice", level, message });
  else events.emit({ type: "problem", level, message });
}

async function openUsers(
  settings: Settings,
  events: EventStream,
  onChange: () => void,
): Promise<AccountsFile | undefined> {
  const path = usersFile(settings);
  if (path === undefined) return undefined;
  try {
    return await AccountsFile.open(path, {
      onReload: (outcome) => {
        if (outcome.ok) onChange();
        events.emit(
          outcome.ok
            ? { type: "notice", level: "info", message: `Reloaded ${outcome.accounts} accounts from "${path}"` }
            : {
              type: "problem",
              level: "error",
              message: `Accounts file "${path}" rejected; keeping the current accounts`,
              error: outcome.error,
            },
        );
      },
    });
  } catch (error) {
    if (!(error instanceof AccountsFileError)) throw error;
    const hint = settings.users === undefined
      ? ": name one with --users FILE, or serve a directory with --anonymous DIR"
      : "";
    throw new UsageError(`${error.message}${hint}`);
  }
}

/** Each root must exist and be permitted; otherwise the first user of the account would find out. */
async function checkRoots(accounts: AccountsStore, settings: Settings): Promise<void> {
  const { users = DEFAULT_USERS, anonymous } = settings;
  const drivers = new DriverRegistry();
  for (const account of accounts.list()) {
    if (!account.enabled) continue;
    requireGrants(accountNeeds([account]));
    const roots = [account, ...account.mounts];
    for (const [index, { root, rootPath }] of roots.entries()) {
      try {
        const driver = drivers.find(rootPath);
        await driver.open(rootPath);
        if (!driver.spansWorkers && workerCount(settings) > 1) {
          throw new Error(`"${root}" cannot be shared by several workers`);
        }
      } catch (error) {
        const reason = messageOf(error);
        const field = index === 0 ? "root" : `mounts[${index - 1}].root`;
        const source = isAnonymous(account) && anonymous !== undefined
          ? `Flag "--anonymous"`
          : `Account "${account.name}" of "${users}": field "${field}"`;
        throw new UsageError(`${source}: ${reason}`);
      }
    }
  }
}

function cannotListen(error: unknown, { host, port }: Settings): CommandRefused {
  const reason = error instanceof Deno.errors.AddrInUse
    ? "the port is in use"
    : error instanceof Deno.errors.PermissionDenied && port < 1024
    ? "ports below 1024 need the right to bind them"
    : messageOf(error);
  return new CommandRefused(`Cannot listen on ${bracketed(host)}:${port}: ${reason}`);
}
