/**
 * The settings of `serve`: one table from which flags, environment variables, configuration file and `--help` are
 * derived.
 *
 * @module
 */

import { LOG_LEVELS } from "../../log/log.ts";
import {
  fileList,
  hostNameList,
  ipAddress,
  type Kind,
  networkList,
  oneOf,
  onOff,
  portRange,
  publicAddress,
  text,
  timeZone,
  whole,
  wholeOr,
} from "./kinds.ts";

/** Names the configuration file; the only variable that is not a setting. */
export const CONFIG_VARIABLE = "DENOFTPD_CONFIG";

/** The accounts file used if neither `--users` nor `--anonymous` is given. */
export const DEFAULT_USERS = "users.json";

/** One setting. */
interface Setting<T> extends Kind<T> {
  /** The placeholder for the value in `--help`; `undefined` for a switch. */
  readonly value: string | undefined;
  readonly help: string;
  /** The default as text; `undefined` if there is none, or `help` describes it. */
  readonly fallback: string | undefined;
}

function setting<T>(value: string | undefined, help: string, kind: Kind<T>, fallback?: string): Setting<T> {
  return { value, help, fallback, ...kind };
}

const seconds = whole(0, 2_000_000);
const count = whole(0, 10_000_000);
const port = whole(0, 65535);

/** Every setting of `serve`, in the order of `--help`. The names are those of the configuration file. */
export const SETTINGS = {
  host: setting("H", "IP address to listen on; 0.0.0.0 opens the server to the network", ipAddress, "127.0.0.1"),
  port: setting("N", "control port, 0 for a free one", port, "2121"),
  users: setting("FILE", "accounts file", text, DEFAULT_USERS),
  anonymous: setting("DIR", "let anyone read DIR without an account", text),
  banner: setting("TEXT", "text of the greeting", text),
  hostNames: setting(
    "NAME[,…]",
    "host names accepted by HOST; others are answered with 504 (default: any)",
    hostNameList,
  ),
  passivePorts: setting("A-B", "port range for passive data connections", portRange),
  passiveAddress: setting("IP|NAME", "public address for PASV behind NAT", publicAddress),
  passiveLocalNetworks: setting(
    "NETS",
    'CIDR networks (or "none") whose clients are given the local address anyway (loopback and private ones)',
    networkList,
  ),
  active: setting("on|off", "active mode (PORT and EPRT)", oneOf("on", "off"), "on"),
  allowForeignDataPeer: setting(
    undefined,
    "accept data connections from and to other addresses (weakens security)",
    onOff,
    "false",
  ),
  tlsCert: setting("FILE[,…]", "certificate chain (PEM); with several, the server name (SNI) selects one", fileList),
  tlsKey: setting("FILE[,…]", "private key of each --tls-cert (PEM)", fileList),
  tlsSelfSigned: setting(undefined, "use a fresh self-signed certificate for localhost, for testing", onOff, "false"),
  tls: setting(
    "WHEN",
    "TLS for logins: off, optional or required (optional with a certificate)",
    oneOf("off", "optional", "required"),
  ),
  tlsData: setting(
    "WHEN",
    "TLS for data connections: optional or required (same as --tls)",
    oneOf("optional", "required"),
  ),
  implicitTlsPort: setting("N", "additional port for implicit TLS", port),
  tlsMinVersion: setting("V", "oldest TLS version allowed: 1.2 or 1.3", oneOf("1.2", "1.3"), "1.2"),
  tlsSessionReuse: setting(
    "HOW",
    "whether data connections must resume the TLS session: off, log or require",
    oneOf("off", "log", "require"),
    "off",
  ),
  tlsStrictClose: setting(
    undefined,
    "treat every upload that ends without close_notify as incomplete",
    onOff,
    "false",
  ),
  workers: setting(
    "N|auto",
    "event loops that share the port; auto: one per CPU (Linux)",
    wholeOr("auto", 1, 256),
    "1",
  ),
  dataThreads: setting(
    "N|auto",
    "threads per event loop for large downloads; 0: none, auto: as many as are useful and permitted",
    wholeOr("auto", 0, 64),
    "auto",
  ),
  nativeIo: setting(
    undefined,
    "send files and read directories through the C library: faster, needs --allow-ffi (Linux)",
    onOff,
    "false",
  ),
  maxSessions: setting("N", "concurrent sessions, 0 for no limit", count, "0"),
  maxSessionsPerIp: setting(
    "N",
    "concurrent sessions per address (or IPv6 /64), 0 for no limit; loopback is limited only if you set this",
    count,
    "200",
  ),
  maxStrangersPerIp: setting(
    "N",
    "the same for sessions that have not logged in, 0 for no limit; loopback is limited only if you set this",
    count,
    "50",
  ),
  maxLoginFailures: setting("N", "failed logins before a session is closed", count, "5"),
  banAfter: setting("N", "failed logins within ten minutes after which an address is banned, 0 for never", count, "0"),
  banTime: setting("SECONDS", "how long an address stays banned", seconds, "600"),
  loginTimeout: setting("SECONDS", "time allowed to log in", seconds, "60"),
  idleTimeout: setting("SECONDS", "time allowed between two commands", seconds, "300"),
  dataTimeout: setting("SECONDS", "time allowed to open a data connection", seconds, "30"),
  stallTimeout: setting("SECONDS", "time a transfer may go without moving a byte", seconds, "120"),
  grace: setting("SECONDS", "time running transfers are given at shutdown", seconds, "30"),
  ascii: setting("HOW", "TYPE A transfers: convert, binary or refuse", oneOf("convert", "binary", "refuse"), "convert"),
  digests: setting(
    "WHEN",
    "compute digests during transfers: auto, always or off",
    oneOf("auto", "always", "off"),
    "auto",
  ),
  symlinks: setting(
    "HOW",
    "symbolic links: follow-inside, hide or deny",
    oneOf("follow-inside", "hide", "deny"),
    "follow-inside",
  ),
  linkListing: setting(
    "HOW",
    "links in listings: arrow (link -> target), plain (no target) or followed (clients delete through them)",
    oneOf("arrow", "plain", "followed"),
    "arrow",
  ),
  mkdExisting: setting("HOW", "MKD of an existing directory: refuse or accept", oneOf("refuse", "accept"), "refuse"),
  autoMkdir: setting(undefined, "create missing directories for uploads", onOff, "false"),
  timeZone: setting("ZONE", "time zone of dates in LIST, such as Europe/Berlin", timeZone, "UTC"),
  timeFractions: setting(undefined, "show milliseconds in MDTM and in the modify fact of MLSD", onOff, "false"),
  logLevel: setting("LEVEL", `least severe level to log: ${LOG_LEVELS.join(", ")}`, oneOf(...LOG_LEVELS), "info"),
  logFormat: setting("FORMAT", "format of log lines: text or json", oneOf("text", "json"), "text"),
  xferlog: setting("FILE", "append a line per transferred file, in the format of wu-ftpd", text),
  user: setting("NAME[:GROUP]", "when started as root: bind the ports, then become this user for good", text),
  allowRoot: setting(undefined, "allow running as root (weakens security)", onOff, "false"),
  strictPermissions: setting(undefined, "refuse to start with far more Deno permissions than needed", onOff, "false"),
} as const satisfies Record<string, Setting<unknown>>;

/** Name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** The given settings; absent ones have their defaults. */
export type Settings = { -readonly [N in SettingName]?: ReturnType<(typeof SETTINGS)[N]["parse"]> };

/** Names in the order of the table. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** `passivePorts` as a flag: `passive-ports`. */
export function flagOf(name: SettingName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `passivePorts` as an environment variable: `DENOFTPD_PASSIVE_PORTS`. */
export function variableOf(name: SettingName): string {
  return `DENOFTPD_${flagOf(name).replaceAll("-", "_").toUpperCase()}`;
}
