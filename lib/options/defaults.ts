/**
 * The defaults of a server's options: the one place where each is written. `serve` shows them in its help, and
 * `tests/options_test.ts` compares them with the documentation of `options.ts`.
 *
 * @module
 */

import type { ServerOptions, TlsOptions } from "../options.ts";
import { PERSONALITIES } from "../protocol/personality.ts";

/** Options that must be given, are off when absent, or are made anew for each server. */
type WithoutDefault =
  | "authenticator"
  | "fileSystem"
  | "passivePorts"
  | "passiveAddress"
  | "tls"
  | "before"
  | "after"
  | "network"
  | "dataEngine"
  | "prepareListener"
  | "eventLoop"
  | "sharedState"
  | "banStore"
  | "meter";

/** The default of every option that has one. Times are in milliseconds. */
export const DEFAULT_OPTIONS: Readonly<Required<Omit<ServerOptions, WithoutDefault>>> = Object.freeze({
  host: "127.0.0.1",
  port: 2121,
  reusePort: false,
  banner: "denoftpd ready",
  hostNames: [],
  // Networks whose clients reach us without NAT: loopback, RFC 1918, link-local, and RFC 4193.
  passiveLocalNetworks: [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1",
    "fc00::/7",
    "fe80::/10",
  ],
  proxyFrom: [],
  proxyHeaderTimeout: 5_000,
  active: true,
  allowForeignDataPeer: false,
  maxSessions: 0,
  maxSessionsPerIp: 200,
  maxStrangersPerIp: 50,
  maxStrangers: 2_000,
  connectRate: 600,
  loginTimeout: 60_000,
  idleTimeout: 300_000,
  dataTimeout: 30_000,
  stallTimeout: 120_000,
  handshakeTimeout: 20_000,
  maxBadCommands: 10,
  maxLoginFailures: 5,
  failureDelay: 500,
  guessInterval: 1_000,
  minRate: 0,
  banAfter: 50,
  banTime: 600_000,
  allowFrom: [],
  denyFrom: [],
  banExempt: [],
  ascii: "convert",
  digests: "auto",
  linkListing: "arrow",
  mkdExisting: "refuse",
  autoMkdir: false,
  timeZone: "UTC",
  timeFractions: false,
  personality: PERSONALITIES.unix,
  clock: Date.now,
});

/** The defaults of FTPS, once there is an endpoint. */
export const DEFAULT_TLS: Readonly<Required<Omit<TlsOptions, "endpoint" | "implicitPort">>> = Object.freeze({
  login: "optional",
  data: "optional",
  sessionReuse: "off",
  strictClose: false,
});

/** Milliseconds that running transfers are given when a server shuts down. */
export const DEFAULT_GRACE = 30_000;
