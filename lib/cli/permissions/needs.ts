/**
 * The permissions that a configuration of `serve` needs: no more, so that a narrow run is possible, and no less, so
 * that everything a session may do is known to be permitted before there is one.
 *
 * @module
 */

import { dirname, fromFileUrl } from "@std/path";
import { type Account, accountOfMount } from "../../auth/accounts.ts";
import { needsThread } from "../../auth/password.ts";
import { bracketed, familyOf, isLoopback, isUnspecified } from "../../net/ip.ts";
import { DriverRegistry, standardDrivers } from "../../drivers/registry.ts";
import { accountsOfLdap, backendNeeds, hasBackends } from "../operations/backends.ts";
import { accountsNeeds } from "../accounts.ts";
import { clusterNeeds } from "../cluster/settings.ts";
import { hookNeeds } from "../operations/before_hook.ts";
import { sandboxNeeds } from "../operations/hooks.ts";
import { webhookNeeds } from "../operations/webhooks.ts";
import { type Need, needNet, needRead, needSys, needWrite } from "./query.ts";
import { UsageError } from "../usage_error.ts";
import { adminNeeds } from "../serve/admin/settings.ts";
import { ObjectStores, type StoreSettings } from "../storage/object_stores.ts";
import { nativeNeeds } from "../serve/native.ts";
import { DEFAULT_USERS, type Settings } from "../settings/table.ts";
import { GROUP_FILE, parseUser, PASSWORD_FILE } from "../serve/privileges.ts";

/** The needs of the settings alone; {@link accountNeeds} has the rest. */
export function settingsNeeds(settings: Settings): Need[] {
  const { logFile, xferlog, state, metrics } = settings;
  const users = usersFile(settings);
  return [
    ...netNeeds(settings),
    ...(users === undefined ? [] : accountsNeeds(users)),
    ...certificateNeeds(settings),
    ...(logFile === undefined ? [] : [needWrite(logFile, `writing the log "${logFile}"`)]),
    ...(xferlog === undefined ? [] : [needWrite(xferlog, `writing the xferlog "${xferlog}"`)]),
    ...(state === undefined ? [] : [
      needRead(state, `reading the state directory "${state}"`),
      needWrite(state, `writing the state directory "${state}"`),
    ]),
    ...(metrics === undefined ? [] : [metricsNeed(metrics)]),
    ...adminNeeds(settings),
    ...backendNeeds(settings),
    ...hookNeeds(settings),
    ...sandboxNeeds(settings),
    ...webhookNeeds(settings),
    ...clusterNeeds(settings),
    ...accountNeeds(accountsOfLdap(settings), settings),
    ...userNeeds(settings),
    ...workerNeeds(settings),
    ...nativeNeeds(settings),
  ];
}

/** Only what is requested explicitly, not what `auto` uses if permitted. */
function workerNeeds({ workers, dataThreads }: Settings): Need[] {
  return workers !== 1 || (dataThreads !== "auto" && dataThreads > 0) ? threadNeeds() : [];
}

/**
 * A thread loads the program again, and the runtime checks the permission to read its files; the executable has none.
 */
export function threadNeeds(): Need[] {
  const source = new URL("../..", import.meta.url);
  return Deno.build.standalone || source.protocol !== "file:"
    ? []
    : [needRead(fromFileUrl(source), "starting threads")];
}

function metricsNeed({ hostname, port }: NonNullable<Settings["metrics"]>): Need {
  if (isUnspecified(hostname)) return needNet(undefined, "listening for metrics on every address of this host");
  return needNet(`${bracketed(hostname)}:${port}`, `listening for metrics on ${bracketed(hostname)}:${port}`);
}

/** Where accounts are kept, as for `--users`; `undefined` if nowhere, but there is another source of accounts. */
export function usersFile(settings: Settings): string | undefined {
  const { users, anonymous } = settings;
  return users ?? (anonymous === undefined && !hasBackends(settings) ? DEFAULT_USERS : undefined);
}

/** What the drivers of each enabled account need for its root and its mounts. */
export function accountNeeds(accounts: Iterable<Account>, settings: StoreSettings): Need[] {
  const drivers = new DriverRegistry([...standardDrivers(), ObjectStores.of(settings).driver]);
  return [...accounts].filter(({ enabled }) => enabled).flatMap((account) => [
    ...(needsThread(account.passwordHash ?? "") ? threadNeeds() : []),
    ...rootNeeds(account, drivers, { of: "root", field: "root" }),
    ...account.mounts.flatMap((mount, index) => {
      const names = { of: `mount "${mount.at}"`, field: `mounts[${index}].root` };
      return rootNeeds(accountOfMount(account, mount), drivers, names);
    }),
  ]);
}

function rootNeeds(
  { name, rootPath, rules }: Account,
  drivers: DriverRegistry,
  { of, field }: { readonly of: string; readonly field: string },
): Need[] {
  const writes = rules.some(({ allow }) => [...allow].some((right) => right !== "list" && right !== "read"));
  try {
    return drivers.find(rootPath).permissions(rootPath, { writes }).map(({ permission, action }) => ({
      permission,
      purpose: `${action} the ${of} of account "${name}"`,
    }));
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`Account "${name}": field "${field}": ${error.message}`) : error;
  }
}

/** The directories, not only the files: they are watched, as renewal tools replace the files. */
export function certificateNeeds({ tlsCert = [], tlsKey = [] }: Settings): Need[] {
  return [...tlsCert, ...tlsKey].map((path) => needRead(dirname(path), `reading and watching "${path}"`));
}

/**
 * There is no permission for "any port of this network" or for a range of ports. So known ports are listed one by one,
 * port 0 means "any free one", and clients at unknown addresses need everything.
 */
function netNeeds(settings: Settings): Need[] {
  const { host, active, allowForeignDataPeer, passiveAddress } = settings;
  if (isUnspecified(host)) return [needNet(undefined, "listening on every address of this host")];
  const hostname = bracketed(host);
  if (!active) return [...listenNeeds(hostname, settings), ...resolveNeeds(passiveAddress)];
  if (isLoopback(host) && !allowForeignDataPeer) {
    return [needNet(hostname, `listening on ${hostname} and connecting to it`), ...resolveNeeds(passiveAddress)];
  }
  return [needNet(undefined, 'connecting to clients, as active mode does (or turn it off with "--active off")')];
}

function listenNeeds(hostname: string, settings: Settings): Need[] {
  const { port, implicitTlsPort, passivePorts, workers } = settings;
  const passive = passivePorts === undefined
    ? [0]
    : Array.from({ length: passivePorts.size }, (_, index) => passivePorts.first + index);
  return [
    ...[port, implicitTlsPort ?? port].map((each) =>
      // If one worker is assigned a port for 0, the others have to name that port.
      needNet(each === 0 && workers !== 1 ? hostname : `${hostname}:${each}`, `listening on ${hostname}:${each}`)
    ),
    ...passive.map((each) => needNet(`${hostname}:${each}`, "listening for passive data connections")),
  ];
}

/** A name in `--passive-address` is resolved again and again. */
function resolveNeeds(address: string | undefined): Need[] {
  if (address === undefined || familyOf(address) !== undefined) return [];
  return [needNet(address, `resolving "${address}"`)];
}

function userNeeds({ user }: Settings): Need[] {
  if (user === undefined || Deno.build.os === "windows") return [];
  const purpose = `becoming user "${user}"`;
  const files = parseUser(user).filesNeeded;
  return [
    ...[PASSWORD_FILE, GROUP_FILE].filter((file) => files.has(file)).map((file) => needRead(file, purpose)),
    needSys("uid", purpose),
    needSys("gid", purpose),
    needSys("setuid", purpose),
    needSys("setgid", purpose),
  ];
}
