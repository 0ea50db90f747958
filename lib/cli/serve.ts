/**
 * `denoftpd serve`: settings to options to a running server, until a signal ends it.
 *
 * @module
 */

import type { AccountsStore } from "../auth/accounts.ts";
import { AccountsFile } from "../auth/accounts_store.ts";
import { AccountsFileError } from "../auth/accounts_file.ts";
import { PasswordAuthenticator } from "../auth/authenticator.ts";
import { EventStream } from "../events.ts";
import { startLog } from "../log.ts";
import { resolveOptions, type ServerOptions, type Timeouts, type TlsOptions } from "../options.ts";
import { FtpServer } from "../server.ts";
import { openDisk } from "../vfs/disk.ts";
import { anonymousAccount, CombinedAccounts } from "./anonymous.ts";
import { giveUpPermissions, judgeExcess } from "./excess.ts";
import { requireGrants } from "./grants.ts";
import type { CommandIo } from "./io.ts";
import { accountNeeds, settingsNeeds, usersFile } from "./needs.ts";
import { become, resolveIdentity } from "./privileges.ts";
import { readSettings } from "./read_settings.ts";
import { processSources } from "./setting_sources.ts";
import { DEFAULT_USERS, type Settings } from "./settings.ts";
import { openTls } from "./serve_tls.ts";
import { SERVE_USAGE } from "./serve_usage.ts";
import { UsageError } from "./usage_error.ts";
import { openXferlog } from "./xferlog_file.ts";

/** What `serve` may be told by the program around it. */
export interface ServeHooks {
  /** Ends the server as SIGTERM does. */
  readonly signal?: AbortSignal;
  /** Called behind the ready line. */
  readonly onReady?: (server: FtpServer) => void;
  /** Nothing but the server runs in this process: once started it gives up permissions for the whole of it. Default `false`. */
  readonly ownsProcess?: boolean;
}

/** Runs until a signal comes. Resolves to the exit status: 0 drained, 1 cannot listen, 2 bad settings or files. */
export async function runServe(args: readonly string[], io: CommandIo, hooks: ServeHooks = {}): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    io.stdout(SERVE_USAGE);
    return 0;
  }
  try {
    const settings = await readSettings(args, processSources);
    return await serve(settings, io, hooks);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr(`denoftpd: ${error.message}\n`);
    return 2;
  }
}

async function serve(settings: Settings, io: CommandIo, hooks: ServeHooks): Promise<number> {
  const needs = settingsNeeds(settings);
  requireGrants(needs);
  const identity = resolveIdentity(settings);
  // Events of the accounts file may come before there is a server; they go the same way.
  const early = new EventStream();
  const log = startLog({ level: settings.logLevel ?? "info", format: settings.logFormat ?? "text", write: io.stderr });
  using _early = early.on(log.listener, log.types);
  await using users = await openUsers(settings, early);
  const accounts = new CombinedAccounts(
    users,
    settings.anonymous === undefined ? undefined : anonymousAccount(settings.anonymous),
  );
  await checkRoots(accounts, settings);
  tell(early, "warning", judgeExcess([...needs, ...accountNeeds(accounts.list())], settings));
  await using tls = await openTls(settings, early);
  await using server = makeServer(settings, accounts, tls?.options);
  using _log = server.events.on(log.listener, log.types);
  await using xferlog = settings.xferlog === undefined ? undefined : await openXferlog(settings.xferlog);
  using _xferlog = xferlog && server.events.on(xferlog.listener, ["transfer"]);
  try {
    server.listen();
  } catch (error) {
    return cannotListen(error, settings, io);
  }
  // In the same turn of the event loop: nobody has been accepted yet.
  if (identity) tell(early, "warning", become(identity));
  // The first check was that of root, who may read everything.
  if (identity) await checkRoots(accounts, settings);
  if (hooks.ownsProcess) {
    // Accounts that are read again may come to write.
    const write = users !== undefined || xferlog !== undefined;
    tell(early, "debug", `Gave up the permissions ${giveUpPermissions({ write }).join(", ")}`);
  }
  io.stdout(`ready ftp://${formatHost(server.address.hostname)}:${server.address.port}\n`);
  hooks.onReady?.(server);
  await untilSignalled(hooks.signal, async () => {
    await users?.reload();
    await tls?.reload();
  });
  await server.shutdown({ grace: (settings.grace ?? 30) * 1000 });
  return 0;
}

function tell(events: EventStream, level: "warning" | "debug", message: string | undefined): void {
  if (message !== undefined) events.emit({ type: "problem", level, message });
}

function makeServer(settings: Settings, accounts: AccountsStore, tls: TlsOptions | undefined): FtpServer {
  const options = { ...serverOptions(settings, accounts), ...(tls && { tls }) };
  try {
    resolveOptions(options);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
  return new FtpServer(options);
}

function serverOptions(settings: Settings, accounts: AccountsStore): ServerOptions {
  const { passivePorts, passiveAddress, symlinks } = settings;
  const milliseconds = (seconds: number | undefined) => seconds === undefined ? undefined : seconds * 1000;
  return {
    authenticator: new PasswordAuthenticator(accounts),
    fileSystem: (account) => {
      // An account that came with a reload: the runtime would stop and ask.
      requireGrants(accountNeeds([account]));
      return openDisk(account.rootPath, symlinks === undefined ? {} : { symlinks });
    },
    ...present({
      hostname: settings.host,
      port: settings.port,
      banner: settings.banner,
      active: settings.active && settings.active === "on",
      maxSessions: settings.maxSessions,
      maxSessionsPerAddress: settings.maxSessionsPerIp,
      maxLoginFailures: settings.maxLoginFailures,
      allowForeignDataPeer: settings.allowForeignDataPeer,
      ascii: settings.ascii,
      digests: settings.digests,
      mkdExisting: settings.mkdExisting,
      autoMkdir: settings.autoMkdir,
      timeZone: settings.timeZone,
    }),
    timeouts: present<Partial<Timeouts>>({
      login: milliseconds(settings.loginTimeout),
      idle: milliseconds(settings.idleTimeout),
      dataConnect: milliseconds(settings.dataTimeout),
      stall: milliseconds(settings.stallTimeout),
    }),
    passive: present({ ports: passivePorts, address: passiveAddress }),
  };
}

/** `fields` without those that are `undefined`. */
function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

async function openUsers(settings: Settings, events: EventStream): Promise<AccountsFile | undefined> {
  const path = usersFile(settings);
  if (path === undefined) return undefined;
  try {
    return await AccountsFile.open(path, {
      onReload: (outcome) => {
        events.emit(
          outcome.ok
            ? { type: "problem", level: "info", message: `Reloaded ${outcome.accounts} accounts from "${path}"` }
            : {
              type: "problem",
              level: "error",
              message: `Accounts file "${path}" is not taken, the accounts in memory stay`,
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

/** Each root must be there and be permitted, or the first user of the account would be the one to find out. */
async function checkRoots(accounts: AccountsStore, { users = DEFAULT_USERS }: Settings): Promise<void> {
  for (const account of accounts.list()) {
    if (!account.enabled) continue;
    requireGrants(accountNeeds([account]));
    try {
      await openDisk(account.rootPath);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`Account "${account.name}" of "${users}": field "root": ${reason}`);
    }
  }
}

function cannotListen(error: unknown, { host = "127.0.0.1", port = 2121 }: Settings, io: CommandIo): number {
  const reason = error instanceof Deno.errors.AddrInUse
    ? "the port is in use"
    : error instanceof Deno.errors.PermissionDenied && port < 1024
    ? "ports below 1024 need the right to bind them"
    : error instanceof Error
    ? error.message
    : String(error);
  io.stderr(`denoftpd: Cannot listen on ${formatHost(host)}:${port}: ${reason}\n`);
  return 1;
}

function formatHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** Resolves at SIGINT, SIGTERM or an abort; SIGHUP reloads. */
async function untilSignalled(signal: AbortSignal | undefined, reload: () => unknown): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  const hangUp = () => void reload();
  const windows = Deno.build.os === "windows";
  const stopSignals: Deno.Signal[] = windows ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  for (const name of stopSignals) Deno.addSignalListener(name, stop);
  if (!windows) Deno.addSignalListener("SIGHUP", hangUp);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  await promise;
  for (const name of stopSignals) Deno.removeSignalListener(name, stop);
  if (!windows) Deno.removeSignalListener("SIGHUP", hangUp);
  signal?.removeEventListener("abort", stop);
}
