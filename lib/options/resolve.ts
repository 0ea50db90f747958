/**
 * Makes the options that a server works with from those that a caller gives: the defaults, and the checks with messages
 * that name the option.
 *
 * @module
 */

import { EventLoop } from "../data/event_loop.ts";
import { LocalEngine } from "../data/local_engine.ts";
import { familyOf, isUnspecified, type Network, parseNetwork } from "../net/ip.ts";
import type { Options, ServerOptions } from "../options.ts";
import { type AddressCap, CAPS, type Caps } from "./abuse.ts";
import { Zone } from "../protocol/zone.ts";
import { present } from "../net/present.ts";
import { DEFAULT_OPTIONS, DEFAULT_TLS } from "./defaults.ts";

/** Options that are whole numbers from 0; a timer takes no more than 31 bits. */
const WHOLE = [
  "maxSessions",
  "maxBadCommands",
  "maxLoginFailures",
  "failureDelay",
  "guessInterval",
  "minRate",
  "banTime",
  "loginTimeout",
  "idleTimeout",
  "dataTimeout",
  "stallTimeout",
  "handshakeTimeout",
  "proxyHeaderTimeout",
] as const;

/** Connections: a pace counts in whole milliseconds. */
const MOST_A_MINUTE = 60_000;

/**
 * Fills in defaults and checks every value.
 *
 * @throws {RangeError} naming the option and quoting the value.
 */
export function resolveOptions(given: ServerOptions): Options {
  const { passiveLocalNetworks, banExempt, allowFrom, denyFrom, proxyFrom, tls, timeZone, ...rest } = given;
  const { timeZone: _, ...defaults } = DEFAULT_OPTIONS;
  const options: Options = {
    ...defaults,
    eventLoop: new EventLoop(),
    ...present(rest),
    dataEngine: rest.dataEngine ?? new LocalEngine(),
    ...resolveCaps(given),
    passiveLocalNetworks: resolveNetworks("passiveLocalNetworks", passiveLocalNetworks),
    banExempt: resolveNetworks("banExempt", banExempt),
    allowFrom: resolveNetworks("allowFrom", allowFrom),
    denyFrom: resolveNetworks("denyFrom", denyFrom),
    proxyFrom: resolveNetworks("proxyFrom", proxyFrom),
    ...(tls && { tls: Object.freeze({ ...DEFAULT_TLS, ...present(tls) }) }),
    ...(timeZone !== undefined && timeZone !== DEFAULT_OPTIONS.timeZone && { zone: resolveZone(timeZone) }),
  };
  checkWhole("port", options.port, 65535);
  for (const name of WHOLE) checkWhole(name, options[name], 2 ** 31 - 1);
  checkPublic(options.passiveAddress);
  return Object.freeze(options);
}

function resolveCaps(given: ServerOptions): Readonly<Record<Caps, AddressCap>> {
  const cap = (name: Caps): AddressCap => {
    const limit = given[name];
    if (limit !== undefined) checkWhole(name, limit, name === "connectRate" ? MOST_A_MINUTE : 2 ** 31 - 1);
    return Object.freeze({ limit: limit ?? DEFAULT_OPTIONS[name], loopback: limit !== undefined });
  };
  // One for each name.
  return Object.fromEntries(CAPS.map((name) => [name, cap(name)])) as Record<Caps, AddressCap>;
}

function resolveNetworks(
  name: "passiveLocalNetworks" | "banExempt" | "allowFrom" | "denyFrom" | "proxyFrom",
  texts: readonly string[] = DEFAULT_OPTIONS[name],
): readonly Network[] {
  return Object.freeze(texts.map((text) => {
    const network = parseNetwork(text);
    if (!network) throw new RangeError(`Option "${name}" is not an address or CIDR network: "${text}"`);
    return network;
  }));
}

function checkPublic(address: string | undefined): void {
  if (address === undefined || (address !== "" && !isUnspecified(address) && familyOf(address) !== 6)) return;
  throw new RangeError(
    `Option "passiveAddress" must be an IPv4 address or a name that clients can reach, not "${address}"`,
  );
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
