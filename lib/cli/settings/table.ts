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
  anonymous: setting("DIR", "let everybody read DIR without an account", text),
  banner: setting("TEXT", "text of the greeting", text),
  hostNames: setting("NAME[,…]", "names that a client may give with HOST, 504 for others (any)", hostNameList),
  passivePorts: setting("A-B", "only these ports for passive data connections", portRange),
  passiveAddress: setting("IP|NAME", "public address for PASV behind address translation", publicAddress),
  passiveLocalNetworks: setting(
    "NETS",
    "CIDR networks, or none, whose clients get the local address all the same (loopback and private ones)",
    networkList,
  ),
  active: setting("on|off", "PORT and EPRT", oneOf("on", "off"), "on"),
  allowForeignDataPeer: setting(
    undefined,
    "take data connections from other addresses (loosens a defence)",
    onOff,
    "false",
  ),
  tlsCert: setting("FILE[,…]", "certificate chain (PEM); several are chosen by the name the client asks for", fileList),
  tlsKey: setting("FILE[,…]", "private key of each --tls-cert (PEM)", fileList),
  tlsSelfSigned: setting(undefined, "a fresh certificate for localhost, for trying things out", onOff, "false"),
  tls: setting(
    "WHEN",
    "logins under TLS: off, optional or required (optional with a certificate)",
    oneOf("off", "optional", "required"),
  ),
  tlsData: setting(
    "WHEN",
    "data connections under TLS: optional or required (as --tls)",
    oneOf("optional", "required"),
  ),
  implicitTlsPort: setting("N", "port of a listener that speaks TLS from the first byte", port),
  tlsMinVersion: setting("V", "1.2 or 1.3", oneOf("1.2", "1.3"), "1.2"),
  tlsSessionReuse: setting(
    "HOW",
    "data connections that resume no TLS session: off, log or require",
    oneOf("off", "log", "require"),
    "off",
  ),
  tlsStrictClose: setting(
    undefined,
    "an upload without close_notify is incomplete, the first of a session too",
    onOff,
    "false",
  ),
  workers: setting(
    "N|auto",
    "event loops that share the port, auto for one a processor (Linux)",
    wholeOr("auto", 1, 256),
    "1",
  ),
  dataThreads: setting(
    "N|auto",
    "threads beside each event loop for large downloads, 0 for none, auto for what is useful and permitted",
    wholeOr("auto", 0, 64),
    "auto",
  ),
  nativeIo: setting(
    undefined,
    "send files and read directories by calls of the C library: faster, at the price of --allow-ffi (Linux)",
    onOff,
    "false",
  ),
  maxSessions: setting("N", "sessions at once, 0 for no limit", count, "0"),
  maxSessionsPerIp: setting(
    "N",
    "sessions at once of one address (an IPv6 /64), 0 for no limit; loopback has none unless it is given here",
    count,
    "200",
  ),
  maxStrangersPerIp: setting(
    "N",
    "of them, those that have not logged in, 0 for no limit; loopback has none unless it is given here",
    count,
    "50",
  ),
  maxLoginFailures: setting("N", "wrong passwords before a session ends", count, "5"),
  banAfter: setting("N", "failed logins of an address within ten minutes that shut it out, 0 for never", count, "0"),
  banTime: setting("SECONDS", "for which an address is shut out", seconds, "600"),
  loginTimeout: setting("SECONDS", "from the greeting to a login", seconds, "60"),
  idleTimeout: setting("SECONDS", "between two commands", seconds, "300"),
  dataTimeout: setting("SECONDS", "for the data connection to come about", seconds, "30"),
  stallTimeout: setting("SECONDS", "without a byte during a transfer", seconds, "120"),
  grace: setting("SECONDS", "for running transfers at shutdown", seconds, "30"),
  ascii: setting("HOW", "TYPE A: convert, binary or refuse", oneOf("convert", "binary", "refuse"), "convert"),
  digests: setting("WHEN", "digests while files stream: auto, always or off", oneOf("auto", "always", "off"), "auto"),
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
  mkdExisting: setting("HOW", "MKD of what exists: refuse or accept", oneOf("refuse", "accept"), "refuse"),
  autoMkdir: setting(undefined, "uploads make missing directories", onOff, "false"),
  timeZone: setting("ZONE", "zone of dates in LIST, such as Europe/Berlin", timeZone, "UTC"),
  timeFractions: setting(undefined, "milliseconds in MDTM and in the modify fact of MLSD", onOff, "false"),
  logLevel: setting("LEVEL", LOG_LEVELS.join(", "), oneOf(...LOG_LEVELS), "info"),
  logFormat: setting("FORMAT", "text or json", oneOf("text", "json"), "text"),
  xferlog: setting("FILE", "append a line per transferred file, as wu-ftpd does", text),
  user: setting("NAME[:GROUP]", "started as root: bind the ports, then be this user for good", text),
  allowRoot: setting(undefined, "serve as root all the same (loosens a defence)", onOff, "false"),
  strictPermissions: setting(undefined, "refuse to start with far more permissions than needed", onOff, "false"),
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
