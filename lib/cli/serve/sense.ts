/**
 * Checks of `serve` before it listens that concern the sense of its settings, not their form: what no server can work
 * with is an error, what one should not be left with unknowingly is a warning.
 *
 * @module
 */

import { type Account, type AccountsStore, ANONYMOUS, loginState } from "../../auth/accounts.ts";
import { isDatabaseUrl } from "../../auth/postgres/url.ts";
import { familyOf, isLoopback } from "../../net/ip.ts";
import { messageOf } from "../../net/message_of.ts";
import { DEFAULT_USERS, type Settings } from "../settings/table.ts";
import { describeAccounts } from "../accounts.ts";
import { hasBackends } from "../operations/backends.ts";
import { UsageError } from "../usage_error.ts";

/** What is checked. */
export interface SenseSubject {
  readonly settings: Settings;
  /** The accounts of the file, without that of `--anonymous`; absent: there is no file. */
  readonly users: AccountsStore | undefined;
  /** Whether there is a certificate. */
  readonly hasTls: boolean;
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now()
   */
  readonly now?: number;
}

/**
 * Resolves to the warnings, one line each with what to do.
 *
 * @throws {UsageError} about the first thing that no server can work with.
 */
export async function checkSense({ settings, users, hasTls, now = Date.now() }: SenseSubject): Promise<string[]> {
  checkRange(settings);
  if (settings.metricsAccounts && settings.metrics === undefined) {
    throw new UsageError('Flag "--metrics-accounts": there is nothing to show them without --metrics HOST:PORT');
  }
  const accounts = users?.list() ?? [];
  checkAccounts(settings, users && accounts);
  const warnings = [
    await checkPassiveAddress(settings),
    boundlessTrust(settings),
    noLogins(settings, accounts, now),
    clearLogins(settings, accounts, hasTls),
  ];
  return warnings.filter((warning) => warning !== undefined);
}

/** A passive data connection could take the port before it is listened on, or fail on it for ever. */
function checkRange({ port, implicitTlsPort, passivePorts, nodeSlices }: Settings): void {
  const name = nodeSlices ? "--node-slices" : "--passive-ports";
  // A balancer listens on the ports of all nodes, and on the control port as well.
  const ranges = nodeSlices?.map(({ ports }) => ports) ?? (passivePorts ? [passivePorts] : []);
  for (const [flag, value] of [["--port", port], ["--implicit-tls-port", implicitTlsPort]] as const) {
    const range = ranges.find(({ first, last }) => value !== undefined && first <= value && value <= last);
    if (range === undefined) continue;
    throw new UsageError(`Flag "${name}": the range ${range} includes port ${value} of "${flag}": change one`);
  }
}

/** @param accounts those of the file; absent: there is none. */
function checkAccounts(settings: Settings, accounts: readonly Account[] | undefined): void {
  const { anonymous, users = DEFAULT_USERS } = settings;
  if (accounts?.length === 0 && anonymous === undefined && !hasBackends(settings)) {
    throw new UsageError(
      `${
        describeAccounts(users)
      } has no account: add one with "denoftpd user add NAME", or serve a directory with --anonymous DIR`,
    );
  }
  if (anonymous !== undefined && accounts?.some(({ name }) => name === ANONYMOUS)) {
    throw new UsageError(
      `Flag "--anonymous": ${
        describeAccounts(users)
      } has an account "${ANONYMOUS}" as well; leave the flag out, or remove the account`,
    );
  }
}

/** Resolves to a warning if the resolver cannot be asked now: while a machine starts, the network may come later. */
async function checkPassiveAddress({ passiveAddress: name }: Settings): Promise<string | undefined> {
  if (name === undefined || familyOf(name) !== undefined) return undefined;
  try {
    const { lookup } = await import("node:dns/promises");
    await lookup(name, { family: 4 });
    return undefined;
  } catch (error) {
    const isTemporary = error instanceof Error && "code" in error && error.code === "EAI_AGAIN";
    if (isTemporary) return `The passive address "${name}" cannot be resolved yet: PASV is refused until it can`;
    throw new UsageError(
      `Flag "--passive-address": "${name}" does not resolve to an IPv4 address (${messageOf(error)}): ` +
        "correct the name, or give the address itself",
    );
  }
}

/** With it, whoever connects says what address is banned, counted or let in. */
function boundlessTrust({ proxyFrom = [] }: Settings): string | undefined {
  const all = proxyFrom.find((network) => network.endsWith("/0"));
  if (all === undefined) return undefined;
  return `Anyone may claim any address by a PROXY header, as --proxy-from has ${all}: name the balancers alone`;
}

function noLogins(settings: Settings, accounts: readonly Account[], now: number): string | undefined {
  const mayLogIn = (account: Account): boolean => loginState(account, now) === "enabled";
  if (settings.anonymous !== undefined || hasBackends(settings) || accounts.some(mayLogIn)) return undefined;
  return 'No account can log in: all are disabled or expired; change one with "denoftpd user set NAME"';
}

/** `--tls optional` and `--tls off`, given explicitly, say that it is meant. */
function clearLogins({ host, tls }: Settings, accounts: readonly Account[], hasTls: boolean): string | undefined {
  const sendsPassword = ({ enabled, name, tls }: Account): boolean =>
    enabled && name !== ANONYMOUS && tls !== "required";
  if (tls !== undefined || isLoopback(host) || !accounts.some(sendsPassword)) return undefined;
  return hasTls
    ? `Passwords may be sent in clear to ${host}: refuse that with --tls required, or accept it with --tls optional`
    : `Passwords are sent in clear to ${host}: add --tls-cert, --tls-key and --tls required, or accept it with --tls off`;
}

/** A warning for each file that only the user who started the server could read: a reload would fail. */
export function unreadableFiles({ users, tlsCert = [], tlsKey = [] }: Settings): string[] {
  const file = users ?? DEFAULT_USERS;
  return [...(isDatabaseUrl(file) ? [] : [file]), ...tlsCert, ...tlsKey].filter(isClosed).map((path) =>
    `User ${Deno.uid()} may not read "${path}", so changes to it will be missed: give it the right, with chown or chgrp`
  );
}

function isClosed(path: string): boolean {
  try {
    Deno.openSync(path).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied;
  }
}
