/**
 * The settings of `serve`: one table from which flags, environment variables, configuration file and `--help` are
 * derived.
 *
 * @module
 */

import type * as v from "valibot";
import { DEFAULT_SYMLINKS } from "../../drivers/disk/root.ts";
import {
  DEFAULT_MEMORY as MEMORY,
  DEFAULT_REGION,
  DEFAULT_RENAME_LIMIT as RENAME_LIMIT,
  LEAST_MEMORY,
} from "../../drivers/s3/place.ts";
import { LOG_LEVELS } from "../../log/log.ts";
import { DEFAULT_GRACE, DEFAULT_TLS } from "../../options/defaults.ts";
import { DEFAULT_TLS_VERSION } from "../../tls/route.ts";
import { flagNameOf } from "../flags.ts";
import {
  autoOrOnOff,
  bytes,
  duration,
  fileList,
  hostNameList,
  ipAddress,
  networkList,
  neverOrClose,
  oneOf,
  onOff,
  onOrOff,
  portNumber,
  portRange,
  publicAddress,
  someNetworks,
  storeUrl,
  text,
  timeZone,
  tlsVersion,
  whole,
  wholeOr,
} from "./kinds.ts";
import { accountsPlaceKind, adminPlace } from "./place_kinds.ts";
import { CLUSTER_ROWS } from "./cluster_rows.ts";
import { OPERATION_ROWS } from "./operation_rows.ts";
import { option, type Setting, setting } from "./row.ts";

/** Names the configuration file; the only variable that is not a setting. */
export const CONFIG_VARIABLE = "DENOFTPD_CONFIG";

/** The accounts file used if neither `--users` nor `--anonymous` is given. */
export const DEFAULT_USERS = "users.json";

const time = duration(2_000_000);
const count = whole(0, 10_000_000);

/** Every setting of `serve`, in the order of `--help`. */
const ROWS = [
  option("host", "H", "IP address to listen on; 0.0.0.0 opens the server to the network", ipAddress),
  option("port", "N", "control port, 0 for a free one", portNumber),
  setting("users", "FILE|URL", `accounts file (${DEFAULT_USERS}), or postgres://USER@HOST/DATABASE`, accountsPlaceKind),
  setting("anonymous", "DIR", "let anyone read DIR without an account", text),
  option("banner", "TEXT", "text of the greeting", text),
  option(
    "hostNames",
    "NAME[,…]",
    "host names accepted by HOST; others are answered with 504 (default: any)",
    hostNameList,
  ),
  option("passivePorts", "A-B", "port range for passive data connections", portRange),
  option("passiveAddress", "IP|NAME", "public address for PASV behind NAT", publicAddress),
  option(
    "passiveLocalNetworks",
    "NETS",
    'CIDR networks (or "none") whose clients are given the local address anyway (default: loopback and private ones)',
    networkList,
  ),
  option("active", "on|off", "active mode (PORT and EPRT)", onOrOff),
  option(
    "allowForeignDataPeer",
    undefined,
    "accept data connections from and to other addresses (weakens security)",
    onOff,
  ),
  setting("tlsCert", "FILE[,…]", "certificate chain (PEM); with several, the server name (SNI) selects one", fileList),
  setting("tlsKey", "FILE[,…]", "private key of each --tls-cert (PEM)", fileList),
  setting("tlsSelfSigned", undefined, "use a fresh self-signed certificate for localhost, for testing", onOff, false),
  setting(
    "tls",
    "WHEN",
    "TLS for logins: off, optional or required (optional with a certificate)",
    oneOf("off", "optional", "required"),
  ),
  setting(
    "tlsData",
    "WHEN",
    "TLS for data connections: optional or required (same as --tls)",
    oneOf("optional", "required"),
  ),
  setting("implicitTlsPort", "N", "additional port for implicit TLS", portNumber),
  setting("tlsMinVersion", "V", "oldest TLS version allowed: 1.2 or 1.3", tlsVersion, DEFAULT_TLS_VERSION),
  setting(
    "tlsSessionReuse",
    "HOW",
    "whether data connections must resume the TLS session: off, log or require",
    oneOf("off", "log", "require"),
    DEFAULT_TLS.sessionReuse,
  ),
  setting(
    "tlsStrictClose",
    undefined,
    "treat every upload that ends without close_notify as incomplete",
    onOff,
    DEFAULT_TLS.strictClose,
  ),
  setting(
    "workers",
    "N|auto",
    "event loops that share the port; auto: one per CPU (Linux)",
    wholeOr("auto", 1, 256),
    1,
  ),
  setting(
    "dataThreads",
    "N|auto",
    "threads per event loop for large downloads; 0: none, auto: as many as are useful and permitted",
    wholeOr("auto", 0, 64),
    "auto",
  ),
  setting(
    "nativeIo",
    "auto|on|off",
    "send files, read directories and open paths through the C library (Linux); auto: if --allow-ffi permits it",
    autoOrOnOff,
    "auto",
  ),
  option(
    "allowFrom",
    "NETS",
    "CIDR networks whose clients are let in, all others get a 421 (default: all)",
    someNetworks,
  ),
  option("denyFrom", "NETS", "CIDR networks whose clients are not let in, even if --allow-from has them", someNetworks),
  setting("fsync", "[WHEN]", "sync uploads to stable storage: never, or at close, before 226", neverOrClose, "never"),
  option("maxSessions", "N", "concurrent sessions, 0 for no limit", count),
  option(
    "maxSessionsPerIp",
    "N",
    "concurrent sessions per address (or IPv6 /64), 0 for no limit; loopback is limited only if you set this",
    count,
  ),
  option(
    "maxStrangersPerIp",
    "N",
    "the same for sessions that have not logged in, 0 for no limit; loopback is limited only if you set this",
    count,
  ),
  option(
    "maxStrangers",
    "N",
    "the same for all addresses together, 0 for no limit; loopback counts only if you set this",
    count,
  ),
  option(
    "connectRate",
    "N",
    "new connections a minute per address (or IPv6 /64), 0 for no limit; loopback is limited only if you set this",
    whole(0, 60_000),
  ),
  option("maxLoginFailures", "N", "failed logins before a session is closed", count),
  option(
    "banAfter",
    "N",
    "failed logins and other abuse within ten minutes that ban an address, 0 for never; loopback only if you set this",
    count,
  ),
  option("banTime", "TIME", "how long a first ban lasts; each further one twice as long, up to a day", time),
  option("banExempt", "NETS", 'CIDR networks (or "none") that are never banned', networkList),
  setting("state", "DIR", "directory for what outlives a restart: bans, webhooks, audit, S3 uploads", text),
  option("loginTimeout", "TIME", "time allowed to log in", time),
  option("idleTimeout", "TIME", "time allowed between two commands", time),
  option("dataTimeout", "TIME", "time allowed to open a data connection", time),
  option("stallTimeout", "TIME", "time a transfer may go without moving a byte", time),
  option("minRate", "N", "bytes a second that a transfer must move over --stall-timeout, 0 for any byte", count),
  setting("grace", "TIME", "time running transfers are given at shutdown", time, DEFAULT_GRACE),
  option("ascii", "HOW", "TYPE A transfers: convert, binary or refuse", oneOf("convert", "binary", "refuse")),
  option("digests", "WHEN", "compute digests during transfers: auto, always or off", oneOf("auto", "always", "off")),
  setting(
    "symlinks",
    "HOW",
    "symbolic links: follow-inside, hide or deny",
    oneOf("follow-inside", "hide", "deny"),
    DEFAULT_SYMLINKS,
  ),
  option(
    "linkListing",
    "HOW",
    "links in listings: arrow (link -> target), plain (no target) or followed (clients delete through them)",
    oneOf("arrow", "plain", "followed"),
  ),
  setting("s3Endpoint", "URL", "object store of the roots s3://BUCKET/PREFIX (default: Amazon S3)", storeUrl),
  setting("s3Region", "NAME", "region that requests to the object store are signed for", text, DEFAULT_REGION),
  setting(
    "s3PathStyle",
    "on|off",
    "the bucket is in the path, not in the host name (default: on with --s3-endpoint)",
    onOrOff,
  ),
  setting(
    "s3Credentials",
    "env|web-identity|FILE",
    "where the keys come from: AWS_ACCESS_KEY_ID and so on, the role of the workload, or a file such as AWS's tools have",
    text,
    "env",
  ),
  setting(
    "s3ListTimes",
    "HOW",
    "times in listings: store, when an object was written, or metadata, as set by MFMT: a request for each file",
    oneOf("store", "metadata"),
    "store",
  ),
  setting(
    "storageMemory",
    "SIZE",
    "memory for uploads to object stores, for all together",
    bytes(LEAST_MEMORY),
    MEMORY,
  ),
  setting("renameLimit", "N", "objects below a directory that can be renamed", whole(0, 1_000_000), RENAME_LIMIT),
  option("mkdExisting", "HOW", "MKD of an existing directory: refuse or accept", oneOf("refuse", "accept")),
  option("autoMkdir", undefined, "create missing directories for uploads", onOff),
  option("timeZone", "ZONE", "time zone of dates in LIST, such as Europe/Berlin", timeZone),
  option("timeFractions", undefined, "show milliseconds in MDTM and in the modify fact of MLSD", onOff),
  ...CLUSTER_ROWS,
  ...OPERATION_ROWS,
  setting("logLevel", "LEVEL", `least severe level to log: ${LOG_LEVELS.join(", ")}`, oneOf(...LOG_LEVELS), "info"),
  setting("logFormat", "FORMAT", "format of log lines: text or json", oneOf("text", "json"), "text"),
  setting("logFile", "FILE", "append the log to this file, opened again at SIGHUP. Default: standard error", text),
  setting("xferlog", "FILE", "append a line per transferred file, in wu-ftpd's format; opened again at SIGHUP", text),
  setting("admin", "ADDR", "where to be administered: HOST:PORT or unix:PATH; see docs/operations.md", adminPlace),
  setting(
    "adminTokenFile",
    "FILE",
    "file to write a new token for --admin HOST:PORT into, for this machine alone",
    text,
  ),
  setting("adminUsers", "FILE", "who may log in at --admin HOST:PORT, over TLS also from elsewhere", text),
  setting("adminAudit", "FILE", "append each change made through --admin (audit.jsonl in --state DIR)", text),
  setting("adminSocketMode", "MODE", "mode of the socket of --admin unix:PATH", oneOf("0600", "0660"), "0600"),
  setting("user", "NAME[:GROUP]", "when started as root: bind the ports, then become this user for good", text),
  setting("allowRoot", undefined, "allow running as root (weakens security)", onOff, false),
  setting("strictPermissions", undefined, "refuse to start with far more Deno permissions than needed", onOff, false),
] as const;

type Row = typeof ROWS[number];

/** Name of a setting. */
export type SettingName = Row["name"];

type RowOf<N extends SettingName> = Extract<Row, { readonly name: N }>;
type ValueOf<N extends SettingName> = v.InferOutput<RowOf<N>["schema"]>;
type FilledName = Extract<Row, { readonly filled: true }>["name"];

/** Every setting by its name. */
// `Object.fromEntries` forgets which row belongs to which name.
export const SETTINGS = Object.fromEntries(ROWS.map((row) => [row.name, row])) as unknown as {
  readonly [N in SettingName]: RowOf<N>;
};

/** The settings that were given, from whatever source. */
export type GivenSettings = { readonly [N in SettingName]?: ValueOf<N> };

/** The effective settings: absent ones have no default. */
export type Settings =
  & { readonly [N in FilledName]: ValueOf<N> }
  & { readonly [N in Exclude<SettingName, FilledName>]?: ValueOf<N> };

/** Names in the order of the table. */
export const SETTING_NAMES: readonly SettingName[] = ROWS.map(({ name }) => name);

/** Fills in the defaults. */
export function withDefaults(given: GivenSettings): Settings {
  const defaults = ROWS.flatMap(({ name, fallback, filled }) => filled ? [[name, fallback]] : []);
  // The types of the rows say which have one.
  return { ...Object.fromEntries(defaults), ...given } as Settings;
}

/** The default of a setting as text; `undefined` if there is none. */
export function fallbackOf(name: SettingName): string | undefined {
  const { fallback, format } = SETTINGS[name] as Setting<SettingName, unknown, boolean>;
  return fallback === undefined ? undefined : format(fallback) || undefined;
}

/** `passivePorts` as an environment variable: `DENOFTPD_PASSIVE_PORTS`. */
export function variableOf(name: SettingName): string {
  return `DENOFTPD_${flagNameOf(name).replaceAll("-", "_").toUpperCase()}`;
}
