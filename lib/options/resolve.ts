/**
 * Makes the options that a server works with from those that a caller gives: the defaults, and the checks with messages
 * that name the option.
 *
 * @module
 */

import { familyOf, isUnspecified, parseNetwork } from "../net/ip.ts";
import type { AddressCap, Options, PassiveOptions, ServerOptions, Timeouts, TlsOptions } from "../options.ts";
import { PERSONALITIES } from "../protocol/personality.ts";
import { Zone } from "../protocol/zone.ts";

const DEFAULT_TIMEOUTS: Timeouts = {
  login: 60_000,
  idle: 300_000,
  dataConnect: 30_000,
  stall: 120_000,
  handshake: 20_000,
};

/** Networks whose clients reach us without NAT: RFC 1918, RFC 4193, link-local and loopback. */
const LOCAL_NETWORKS = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "::1",
  "fc00::/7",
  "fe80::/10",
];

/**
 * Fills in defaults and checks every value.
 *
 * @throws {RangeError} naming the option and quoting the value.
 */
export function resolveOptions(
  { passive, tls, timeZone, maxSessionsPerAddress, maxStrangersPerAddress, ...rest }: ServerOptions,
): Options {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...rest.timeouts };
  for (const [name, value] of Object.entries(timeouts)) checkWhole(`timeouts.${name}`, value, 2 ** 31 - 1);
  const options: Options = {
    hostname: "127.0.0.1",
    port: 2121,
    reusePort: false,
    banner: "denoftpd ready",
    active: true,
    maxSessions: 0,
    sessionsPerAddress: resolveCap("maxSessionsPerAddress", maxSessionsPerAddress, 200),
    strangersPerAddress: resolveCap("maxStrangersPerAddress", maxStrangersPerAddress, 50),
    maxBadCommands: 10,
    maxLoginFailures: 5,
    failureDelay: 500,
    guessInterval: 1_000,
    allowForeignDataPeer: false,
    ascii: "convert",
    linkListing: "arrow",
    timeFractions: false,
    mkdExisting: "refuse",
    autoMkdir: false,
    digests: "auto",
    hostNames: [],
    personality: PERSONALITIES.unix,
    clock: Date.now,
    ...withoutUndefined(rest),
    timeouts: Object.freeze(timeouts),
    passive: resolvePassive(passive ?? {}),
    ...(tls && { tls: resolveTls(tls) }),
    ...(timeZone !== undefined && { zone: resolveZone(timeZone) }),
  };
  checkWhole("port", options.port, 65535);
  for (
    const name of [
      "maxSessions",
      "maxBadCommands",
      "maxLoginFailures",
      "failureDelay",
      "guessInterval",
    ] as const
  ) {
    checkWhole(name, options[name], 2 ** 31 - 1);
  }
  return Object.freeze(options);
}

function resolveCap(name: string, limit: number | undefined, usual: number): AddressCap {
  if (limit !== undefined) checkWhole(name, limit, 2 ** 31 - 1);
  return Object.freeze({ limit: limit ?? usual, loopback: limit !== undefined });
}

function resolvePassive({ localNetworks = LOCAL_NETWORKS, ...rest }: PassiveOptions): Options["passive"] {
  const networks = localNetworks.map((text) => {
    const network = parseNetwork(text);
    if (!network) throw new RangeError(`Option "passive.localNetworks" is not an address or CIDR network: "${text}"`);
    return network;
  });
  const { address } = rest;
  if (address !== undefined && (address === "" || isUnspecified(address) || familyOf(address) === 6)) {
    throw new RangeError(
      `Option "passive.address" must be an IPv4 address or a name that clients can reach, not "${address}"`,
    );
  }
  return Object.freeze({ ...withoutUndefined(rest), localNetworks: networks });
}

function resolveTls(given: TlsOptions): NonNullable<Options["tls"]> {
  const defaults = { login: "optional", data: "optional", sessionReuse: "off", strictClose: false } as const;
  return Object.freeze({ ...defaults, ...withoutUndefined(given) });
}

/** An option given as `undefined` means its default. */
function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}

function checkWhole(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`Option "${name}" must be a whole number from 0 to ${most}, not "${value}"`);
  }
}

function resolveZone(name: string): Zone {
  try {
    return new Zone(name);
  } catch {
    throw new RangeError(`Option "timeZone" is not a known IANA time zone: "${name}"`);
  }
}
