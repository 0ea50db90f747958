/**
 * The settings of `serve`: one table that the flags, the environment variables, the configuration file and `--help` are views of.
 *
 * @module
 */

import { LOG_LEVELS } from "../log.ts";
import { familyOf } from "../net/ip.ts";
import { parsePortRange, type PortRange } from "../data/port_range.ts";

/** One setting. The value comes as text from flags and environment, and is read by `parse`, which throws an `Error` that says what it wants. */
interface Setting<T> {
  /** What stands for the value in `--help`; `undefined` for a switch. */
  readonly value: string | undefined;
  readonly help: string;
  readonly parse: (text: string) => T;
}

function setting<T>(value: string | undefined, help: string, parse: (text: string) => T): Setting<T> {
  return { value, help, parse };
}

const text = (given: string): string => {
  if (given === "") throw new Error("must not be empty");
  return given;
};

const whole = (least: number, most: number) => (given: string): number => {
  const value = /^\d{1,15}$/.test(given) ? Number(given) : NaN;
  if (!(value >= least && value <= most)) throw new Error(`must be a whole number from ${least} to ${most}`);
  return value;
};

const oneOf = <const T extends string>(...choices: readonly T[]) => (given: string): T => {
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new Error(`must be ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
  return found;
};

const ipAddress = (given: string): string => {
  if (familyOf(given) === undefined) throw new Error("must be an IP address");
  return given;
};

/** An IPv4 address or a host name: what 227 can name. */
const publicAddress = (given: string): string => {
  if (familyOf(given) === 6) throw new Error("must be an IPv4 address or a name: PASV has no room for IPv6");
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(given)) throw new Error("must be an IPv4 address or a name");
  return given;
};

const on = (given: string): boolean => oneOf("true", "false")(given) === "true";

const seconds = whole(0, 2_000_000);
const count = whole(0, 10_000_000);
const port = whole(0, 65535);

/** Every setting of `serve`, in the order of `--help`. Names are those of the configuration file. */
export const SETTINGS = {
  host: setting("H", "IP address to listen on; 0.0.0.0 opens the server to the network (127.0.0.1)", ipAddress),
  port: setting("N", "control port, 0 for a free one (2121)", port),
  users: setting("FILE", "accounts file (users.json)", text),
  anonymous: setting("DIR", "let everybody read DIR without an account", text),
  banner: setting("TEXT", "text of the greeting", text),
  passivePorts: setting(
    "A-B",
    "only these ports for passive data connections",
    (given): PortRange => parsePortRange(given),
  ),
  passiveAddress: setting("IP|NAME", "public address for PASV behind address translation", publicAddress),
  active: setting("on|off", "PORT and EPRT (on)", oneOf("on", "off")),
  allowForeignDataPeer: setting(undefined, "take data connections from other addresses (loosens a defence)", on),
  maxSessions: setting("N", "sessions at once (0: no limit)", count),
  maxSessionsPerIp: setting("N", "sessions at once of one address (0: no limit)", count),
  maxLoginFailures: setting("N", "wrong passwords before a session ends (5)", count),
  loginTimeout: setting("SECONDS", "from the greeting to a login (60)", seconds),
  idleTimeout: setting("SECONDS", "between two commands (300)", seconds),
  dataTimeout: setting("SECONDS", "for the data connection to come about (30)", seconds),
  stallTimeout: setting("SECONDS", "without a byte during a transfer (120)", seconds),
  grace: setting("SECONDS", "for running transfers at shutdown (30)", seconds),
  ascii: setting("HOW", "TYPE A: convert, binary or refuse (convert)", oneOf("convert", "binary", "refuse")),
  digests: setting("WHEN", "digests while files stream: auto, always or off (auto)", oneOf("auto", "always", "off")),
  symlinks: setting(
    "HOW",
    "symbolic links: follow-inside, hide or deny (follow-inside)",
    oneOf("follow-inside", "hide", "deny"),
  ),
  mkdExisting: setting("HOW", "MKD of what exists: refuse or accept (refuse)", oneOf("refuse", "accept")),
  autoMkdir: setting(undefined, "uploads make missing directories", on),
  timeZone: setting("ZONE", "zone of dates in LIST, such as Europe/Berlin (UTC)", text),
  logLevel: setting("LEVEL", `${LOG_LEVELS.join(", ")} (info)`, oneOf(...LOG_LEVELS)),
  logFormat: setting("FORMAT", "text or json (text)", oneOf("text", "json")),
  xferlog: setting("FILE", "append a line per transferred file, as wu-ftpd does", text),
} as const satisfies Record<string, Setting<unknown>>;

/** Name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** Settings that were given; what is absent has its default. */
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
