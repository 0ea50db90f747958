/**
 * Where the user agent keeps its files (XDG Base Directory Specification).
 *
 * @module
 */

import { isAbsolute, join } from "@std/path";
import { AgentError } from "../errors.ts";

/** Reads a variable of the environment. `Deno.env` is one. */
export interface Environment {
  get(name: string): string | undefined;
}

/** The files of a user, each of mode 0600 in a directory of mode 0700. */
export interface Places {
  /** Certificates that were accepted. */
  readonly knownHosts: string;
  readonly bookmarks: string;
  /** Lines typed at the prompt. */
  readonly history: string;
  /** Transfers that wait. */
  readonly queue: string;
  /** What servers were seen to do. */
  readonly servers: string;
  /** Names and passwords, in the form that ftp, curl and others read. */
  readonly netrc: string;
}

/** The variables that {@link findPlaces} reads. */
export const PLACE_VARIABLES = ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] as const;

/** The places of a user. @throws {AgentError} `wrongUse` if the environment does not say where the home is. */
export function findPlaces(environment: Environment): Places {
  const home = environment.get("HOME");
  const [config, state] = [
    folder(environment, "XDG_CONFIG_HOME", home, ".config"),
    folder(environment, "XDG_STATE_HOME", home, ".local/state"),
  ];
  return {
    knownHosts: join(config, "known_hosts.json"),
    bookmarks: join(config, "bookmarks.json"),
    history: join(state, "history"),
    queue: join(state, "queue.json"),
    servers: join(state, "servers.json"),
    netrc: join(home ?? config, ".netrc"),
  };
}

/** The specification wants relative paths ignored. */
function folder(environment: Environment, variable: string, home: string | undefined, below: string): string {
  const named = environment.get(variable);
  if (named !== undefined && isAbsolute(named)) return join(named, "denoftpd");
  if (home !== undefined && home !== "") return join(home, below, "denoftpd");
  throw new AgentError(
    "wrongUse",
    `Neither HOME nor ${variable} says where the files of the user are: set one of them`,
  );
}
