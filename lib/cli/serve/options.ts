/**
 * From the settings of `serve` to the options of a server.
 *
 * @module
 */

import type { AccountsStore } from "../../auth/accounts.ts";
import { type AuthenticatorOptions, PasswordAuthenticator } from "../../auth/authenticator.ts";
import type { NativeIo } from "../../native/native_io.ts";
import type { ServerOptions, Timeouts } from "../../options.ts";
import { resolveOptions } from "../../options/resolve.ts";
import { DriverRegistry, standardDrivers } from "../../drivers/registry.ts";
import { requireGrants } from "../permissions/query.ts";
import { accountNeeds } from "../permissions/needs.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** Returns `options`. @throws {UsageError} for an invalid option. */
export function checkOptions(options: ServerOptions): ServerOptions {
  try {
    resolveOptions(options);
    return options;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** The parts of a server besides its settings. */
export interface ServerParts {
  /** For checking passwords. */
  readonly login?: AuthenticatorOptions;
  readonly native?: NativeIo | undefined;
}

/** The options from the settings, except for TLS and for what several workers need. */
export function serverOptions(
  settings: Settings,
  accounts: AccountsStore,
  { login = {}, native }: ServerParts = {},
): ServerOptions {
  const { passivePorts, passiveAddress, passiveLocalNetworks, symlinks } = settings;
  const disk = present({ symlinks, readDirectory: native?.readDirectory, paths: native?.paths });
  const drivers = new DriverRegistry(standardDrivers({ disk }));
  const milliseconds = (seconds: number | undefined) => seconds === undefined ? undefined : seconds * 1000;
  return {
    authenticator: new PasswordAuthenticator(accounts, login),
    fileSystem: (account) => {
      // An account that came with a reload: the runtime would stop and prompt.
      requireGrants(accountNeeds([account]));
      return drivers.open(account.rootPath);
    },
    ...present({
      hostname: settings.host,
      port: settings.port,
      banner: settings.banner,
      hostNames: settings.hostNames,
      active: settings.active && settings.active === "on",
      maxSessions: settings.maxSessions,
      maxSessionsPerAddress: settings.maxSessionsPerIp,
      maxStrangersPerAddress: settings.maxStrangersPerIp,
      maxLoginFailures: settings.maxLoginFailures,
      ban: settings.banAfter ? { failures: settings.banAfter, duration: (settings.banTime ?? 600) * 1000 } : undefined,
      allowForeignDataPeer: settings.allowForeignDataPeer,
      ascii: settings.ascii,
      digests: settings.digests,
      linkListing: settings.linkListing,
      timeFractions: settings.timeFractions,
      mkdExisting: settings.mkdExisting,
      autoMkdir: settings.autoMkdir,
      timeZone: settings.timeZone,
      fileSender: native?.fileSender,
    }),
    timeouts: present<Partial<Timeouts>>({
      login: milliseconds(settings.loginTimeout),
      idle: milliseconds(settings.idleTimeout),
      dataConnect: milliseconds(settings.dataTimeout),
      stall: milliseconds(settings.stallTimeout),
    }),
    passive: present({ ports: passivePorts, address: passiveAddress, localNetworks: passiveLocalNetworks }),
  };
}

/** `fields` without those that are `undefined`. */
function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
