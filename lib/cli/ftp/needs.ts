/**
 * The permissions that `ftp` needs.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { dirname } from "@std/path";
import type { Places } from "../../agent/site/places.ts";
import { bracketed, familyOf } from "../../net/ip.ts";
import { AGENT_VARIABLES, permittedEnvironment } from "../agent/io.ts";
import { type Need, needEnv, needNet, needRead, needRun, needWrite } from "../permissions/query.ts";
import { findServer, placesOrNone } from "./connector.ts";
import { INTERPRETER } from "./programs.ts";
import { type FtpFlags, readFtpFlags } from "./usage.ts";

/**
 * What `ftp` needs with these arguments: to reach the server, or any if none is named; the working directory, for the
 * files that move; the files of the user; and the interpreter for `!` and `|`.
 *
 * @throws {UsageError} or {AgentError} for arguments that `ftp` does not accept.
 */
export async function ftpNeeds(args: readonly string[]): Promise<Need[]> {
  const given = readFtpFlags(args);
  const places = placesOrNone(permittedEnvironment);
  const purpose = "moving files to and from the working directory";
  const netrc = given.text("netrc") ?? places?.netrc;
  return [
    ...await netNeeds(given, places),
    needRead(".", purpose),
    needWrite(".", purpose),
    ...(places === undefined ? [] : [dirname(places.knownHosts), dirname(places.history)]).flatMap((directory) => [
      needRead(directory, "reading what was remembered"),
      needWrite(directory, "remembering certificates and lines"),
    ]),
    ...(netrc === undefined ? [] : [needRead(netrc, "reading names and passwords")]),
    ...given.texts("ca").map((file) => needRead(file, "reading the authorities to trust")),
    ...AGENT_VARIABLES.map((variable) => needEnv(variable, `reading the environment variable "${variable}"`)),
    needRun(INTERPRETER.path, "running programs"),
  ];
}

/** A name and its addresses: data connections go to the address, and the runtime asks for each by itself. */
async function netNeeds(given: FtpFlags, places: Places | undefined): Promise<Need[]> {
  const [target] = given.rest;
  if (target === undefined) return [needNet(undefined, "reaching any server")];
  if (given.isOn("active")) return [needNet(undefined, "listening for data connections")];
  if (given.text("proxy") !== undefined) return [needNet(undefined, "reaching the proxy")];
  const { host } = await findServer(target, places);
  const purpose = `reaching ${host}`;
  if (familyOf(host) !== undefined) return [needNet(bracketed(host), purpose)];
  // Without the permission to ask for them, the addresses are left out, and the first start names what it misses.
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return [host, ...new Set(addresses.map(({ address }) => bracketed(address)))].map((each) => needNet(each, purpose));
}
