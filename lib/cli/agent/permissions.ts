/**
 * The permissions that a client command needs: `denoftpd permissions get URL …`.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { dirname } from "@std/path";
import { AgentError } from "../../agent/errors.ts";
import { PASSWORD_VARIABLE } from "../../agent/site/credentials.ts";
import { type Environment, findPlaces, PLACE_VARIABLES } from "../../agent/site/places.ts";
import { findProxy, parseProxy, PROXY_VARIABLES } from "../../agent/site/proxy.ts";
import { isFtpUrl, parseFtpUrl } from "../../agent/site/url.ts";
import { bracketed, familyOf } from "../../net/ip.ts";
import type { Flag, GivenFlags } from "../flags.ts";
import { type Need, needEnv, needNet, needRead, needWrite } from "../permissions/query.ts";
import type { AgentCommand } from "./command.ts";
import { UsageError } from "../usage_error.ts";
import { permittedEnvironment } from "./io.ts";
import { findAgentCommand, readArguments } from "./main.ts";
import { ownUrl } from "./own_server.ts";

/** The process that the command is to run in, as far as it matters. */
export interface PermissionSources {
  readonly environment: Environment;
  /** Resolves a name to its addresses; without any if it has none. */
  readonly addressesOf: (name: string) => Promise<string[]>;
}

/** The variables that these commands read. */
const VARIABLES: readonly string[] = [...PLACE_VARIABLES, ...PROXY_VARIABLES, PASSWORD_VARIABLE];

type Given = GivenFlags<Flag>;

/** The local files of each command that has any. */
const FILES: Readonly<Record<string, (given: Given) => Need[]>> = {
  get: (given) => {
    const output = given.text("output") ?? ".";
    if (output === "-") return [];
    // A file is written beside its target, whose directory is therefore what is needed.
    const isDirectory = output.endsWith("/") || output === "." || given.isOn("recursive") || isLocalDirectory(output);
    return readAndWrite(isDirectory ? output : dirname(output), "writing the files");
  },
  doctor: (given) => {
    const config = given.text("config");
    return config === undefined ? [] : [needRead(config, `reading "${config}"`)];
  },
  put: ({ rest }) =>
    rest.slice(0, -1).filter((path) => path !== "-").map((path) => needRead(path, `reading "${path}"`)),
  mirror: ({ rest: [source = "", target = ""] }) =>
    isFtpUrl(source) ? readAndWrite(target, `mirroring to "${target}"`) : [needRead(source, `mirroring "${source}"`)],
};

/**
 * What the client command needs whose name is the first argument; `undefined` if there is none of that name.
 *
 * @throws {UsageError} for a wrong command line.
 */
export async function clientNeeds([name = "", ...args]: readonly string[]): Promise<Need[] | undefined> {
  const command = findAgentCommand(name);
  if (!command) return undefined;
  try {
    return await agentNeeds(command, args, { environment: permittedEnvironment, addressesOf });
  } catch (error) {
    throw error instanceof AgentError ? new UsageError(error.message) : error;
  }
}

async function addressesOf(name: string): Promise<string[]> {
  const lookups = [{ family: 4 }, { family: 6 }].map((options) => lookup(name, { ...options, all: true }));
  const found = await Promise.allSettled(lookups);
  const addresses = found.flatMap((result) => result.status === "fulfilled" ? result.value : []);
  return [...new Set(addresses.map(({ address }) => address))];
}

/** What `command` needs with `args`. @throws {UsageError}, {AgentError} for a wrong command line. */
export async function agentNeeds(
  command: AgentCommand,
  args: readonly string[],
  sources: PermissionSources,
): Promise<Need[]> {
  const given = readArguments(command, args);
  return [
    ...await netNeeds(given, sources),
    ...FILES[command.name]?.(given) ?? [],
    ...given.texts("exclude-from").map((path) => needRead(path, `reading "${path}"`)),
    ...ownFileNeeds(given, sources.environment),
    ...VARIABLES.filter((variable) => sources.environment.get(variable) !== undefined).map((variable) =>
      needEnv(variable, `reading the environment variable "${variable}"`)
    ),
  ];
}

/** Data connections go to any port, and to the address, which a permission for the name does not cover. */
async function netNeeds(given: Given, { environment, addressesOf }: PermissionSources): Promise<Need[]> {
  const needs: Need[] = [];
  const named = given.rest.filter(isFtpUrl).map(parseFtpUrl);
  for (const url of given.isOn("self") ? [await ownUrl(given)] : named) {
    const named = given.text("proxy");
    const proxy = named === "none"
      ? undefined
      : named === undefined
      ? findProxy(url.host, environment)
      : parseProxy(named);
    if (proxy) {
      needs.push(needNet(`${bracketed(proxy.host)}:${proxy.port}`, "connecting to the proxy"));
    } else if (given.isOn("active")) {
      needs.push(needNet(undefined, "listening for data connections, at an address that is not known before"));
    } else {
      const isAddress = familyOf(url.host) !== undefined;
      const hosts = [url.host, ...isAddress ? [] : await addressesOf(url.host)];
      needs.push(...hosts.map((host) => needNet(bracketed(host), `connecting to ${url.host}`)));
    }
  }
  return needs;
}

/** Certificates that were accepted, what was seen of servers, and passwords. */
function ownFileNeeds(given: Given, environment: Environment): Need[] {
  const authorities = given.texts("ca").map((path) => needRead(path, `reading "${path}"`));
  const netrc = given.text("netrc");
  const named = netrc === undefined ? [] : [needRead(netrc, `reading "${netrc}"`)];
  if (environment.get("HOME") === undefined && environment.get("XDG_CONFIG_HOME") === undefined) {
    return [...authorities, ...named];
  }
  const places = findPlaces(environment);
  return [
    ...authorities,
    ...readAndWrite(dirname(places.knownHosts), "remembering certificates"),
    ...readAndWrite(dirname(places.servers), "remembering servers"),
    ...netrc === undefined ? [needRead(places.netrc, `reading "${places.netrc}"`)] : named,
  ];
}

function readAndWrite(path: string, purpose: string): Need[] {
  return [needRead(path, purpose), needWrite(path, purpose)];
}

function isLocalDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
