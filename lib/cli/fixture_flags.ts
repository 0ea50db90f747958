/**
 * The command line of `denoftpd fixture`.
 *
 * @module
 */

import { parsePortRange } from "../data/port_range.ts";
import type { FixtureOptions } from "../fixture/fixture.ts";
import { familyOf } from "../net/ip.ts";
import { PERSONALITIES, type PersonalityName } from "../protocol/personality.ts";
import { parseFlags, readTextFlag } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

/** What `denoftpd fixture --help` prints. */
export const FIXTURE_USAGE = `Usage: denoftpd fixture [flags]

Runs a throw-away FTP server for tests: on a free port, with its files in memory. Prints one line of JSON when it is ready.

  --user NAME[:PASSWORD]    account, with a random password unless one is given; may be repeated (test)
  --anonymous               let everybody read
  --seed DIR|TAR|ZIP        files at the start
  --dir DIR                 serve this directory instead of files in memory
  --tls                     FTPS by AUTH TLS, with a throw-away authority
  --implicit-tls            and a listener that speaks TLS from the first byte
  --ca-file FILE            where to write the authority's certificate (a temporary file)
  --host H                  IP address to listen on (127.0.0.1)
  --port N                  control port (0: a free one)
  --passive-ports A-B       only these ports for passive data connections
  --passive-address H       IPv4 address that PASV tells
  --personality NAME        what clients take it for: ${Object.keys(PERSONALITIES).join(" or ")} (unix)
  --deterministic           fixed clock, sorted listings, the same passive ports in each run
  --faults FILE             rules for what goes wrong, as JSON
  --journal FILE            write what happens, as JSON lines
  --control                 HTTP interface on a free port of 127.0.0.1
  --control-address H:N     HTTP interface there
  --ready-file FILE         write the ready line to FILE too, at once and whole
  --exit-on-stdin-close     end when standard input ends

It ends with status 0 at SIGTERM and SIGINT. docs/fixture.md has the form of every JSON.
`;

const TEXTS = [
  ...["seed", "dir", "ca-file", "host", "port", "passive-ports", "passive-address", "personality", "faults"],
  ...["journal", "control-address", "ready-file"],
];
const SWITCHES = [
  ...["anonymous", "tls", "implicit-tls", "deterministic", "control", "exit-on-stdin-close"],
];

/** The command line, read. Files that it names have not been opened. */
export interface FixtureFlags {
  readonly options: FixtureOptions;
  readonly passiveAddress: string | undefined;
  readonly caFile: string | undefined;
  readonly faultsFile: string | undefined;
  readonly journalFile: string | undefined;
  readonly readyFile: string | undefined;
  readonly control: { readonly hostname: string; readonly port: number } | undefined;
  readonly exitOnStdinClose: boolean;
}

/** @throws {UsageError} that names the flag. */
export function readFixtureFlags(args: readonly string[]): FixtureFlags {
  const parsed = parseFlags(args, { command: "fixture", texts: [...TEXTS, "user"], switches: SWITCHES });
  const text = (name: string) => readTextFlag(parsed, name);
  const on = (name: string) => parsed[name] === true;
  const [seed, directory, ports] = [text("seed"), text("dir"), text("passive-ports")];
  if (seed !== undefined && directory !== undefined) {
    throw new UsageError(`Flags "--seed" and "--dir" do not go together`);
  }
  const controlAddress = text("control-address") ?? (on("control") ? "127.0.0.1:0" : undefined);
  return {
    options: {
      users: readUsers(parsed.user),
      anonymous: on("anonymous"),
      hostname: readAddress("host", text("host") ?? "127.0.0.1"),
      port: readPort("port", text("port") ?? "0"),
      tls: on("tls") || on("implicit-tls") ? { implicit: on("implicit-tls") } : false,
      deterministic: on("deterministic"),
      personality: readPersonality(text("personality") ?? "unix"),
      ...(seed !== undefined && { files: seed }),
      ...(directory !== undefined && { directory }),
      ...(ports !== undefined && { passivePorts: readPorts(ports) }),
    },
    passiveAddress: text("passive-address"),
    caFile: text("ca-file"),
    faultsFile: text("faults"),
    journalFile: text("journal"),
    readyFile: text("ready-file"),
    control: controlAddress === undefined ? undefined : readEndpoint(controlAddress),
    exitOnStdinClose: on("exit-on-stdin-close"),
  };
}

function readUsers(value: unknown): NonNullable<FixtureOptions["users"]> {
  const given = Array.isArray(value) ? value.map(String) : [];
  if (given.length === 0) return { test: {} };
  return Object.fromEntries(given.map((user) => {
    const colon = user.indexOf(":");
    if (user === "" || colon === 0) throw new UsageError(`Flag "--user" must be NAME or NAME:PASSWORD, not "${user}"`);
    return colon < 0 ? [user, {}] : [user.slice(0, colon), user.slice(colon + 1)];
  }));
}

function readPort(name: string, given: string): number {
  const port = /^\d{1,5}$/.test(given) ? Number(given) : NaN;
  if (!(port <= 65535)) throw new UsageError(`Flag "--${name}" must be a whole number from 0 to 65535, not "${given}"`);
  return port;
}

function readAddress(name: string, given: string): string {
  if (familyOf(given) === undefined) throw new UsageError(`Flag "--${name}" must be an IP address, not "${given}"`);
  return given;
}

function readEndpoint(given: string): { hostname: string; port: number } {
  const colon = given.lastIndexOf(":");
  const hostname = given.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  if (colon < 0) throw new UsageError(`Flag "--control-address" must be HOST:PORT, not "${given}"`);
  return {
    hostname: readAddress("control-address", hostname),
    port: readPort("control-address", given.slice(colon + 1)),
  };
}

function readPorts(given: string): { first: number; last: number } {
  try {
    return parsePortRange(given);
  } catch (error) {
    throw new UsageError(`Flag "--passive-ports": ${error instanceof Error ? error.message : error}`);
  }
}

function readPersonality(given: string): PersonalityName {
  if (isPersonality(given)) return given;
  const names = Object.keys(PERSONALITIES).join(" or ");
  throw new UsageError(`Flag "--personality" must be ${names}, not "${given}"`);
}

function isPersonality(name: string): name is PersonalityName {
  return Object.hasOwn(PERSONALITIES, name);
}
