/**
 * The clients that are compared, and how each is told the same things.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import type { Launch } from "../server.ts";

/** One piece of work. */
export interface Errand {
  /** The address of the server: its own, or that of the delay line. */
  readonly host: string;
  readonly port: number;
  /** Sessions at once. */
  readonly sessions: number;
  /** A directory of the client's own, empty at first. */
  readonly local: string;
  /** For files of the client itself. */
  readonly home: string;
  /** The directory with small files, on the server and in {@link source}. */
  readonly folder: string;
  /** How many it has, named 0 and up. */
  readonly count: number;
  /** The directory with what is to be stored. */
  readonly source: string;
}

/** What a client can be asked for. */
export type Job = "getLarge" | "putLarge" | "getSmall" | "putSmall" | "list";

/** One client. */
export interface Agent {
  readonly name: string;
  /** Whether it can use several sessions at once. */
  readonly parallel: boolean;
  readonly jobs: Readonly<Record<Job, (errand: Errand) => Launch>>;
}

const MAIN = fromFileUrl(new URL("../../../main.ts", import.meta.url));
const BASIC_FTP = fromFileUrl(new URL("./basic_ftp.ts", import.meta.url));
const LEAST_CLIENT = fromFileUrl(new URL("./least_client.ts", import.meta.url));

/** What is ours in the comparison. */
export const OUR_AGENT = "denoftpd";
/** What any client of this runtime has to pay for. */
export const LEAST_AGENT = "least client";

const urlOf = ({ host, port }: Errand) => `ftp://bench:bench@${host}:${port}`;

function ours(...args: readonly string[]): (errand: Errand) => Launch {
  return (errand) => ({
    command: Deno.execPath(),
    args: ["run", "--allow-all", "--no-prompt", MAIN, ...args.map((arg) => filled(arg, errand)), "--tls", "off"],
    env: { HOME: errand.home, XDG_CONFIG_HOME: errand.home, XDG_STATE_HOME: errand.home, NO_COLOR: "1" },
  });
}

/** Puts the errand in where an argument has `{url}`, `{local}`, `{source}`, `{folder}`, `{sessions}` or `{last}`. */
function filled(text: string, errand: Errand): string {
  const { local, source, folder, sessions, count } = errand;
  const values = { url: urlOf(errand), local, source, folder, sessions, last: count - 1 };
  return Object.entries(values).reduce((filled, [name, value]) => filled.replace(`{${name}}`, String(value)), text);
}

/** Its best settings: no synchronous mode, EPSV as all others, and no time spent on what nobody asked for. */
function lftp(command: string): (errand: Errand) => Launch {
  return (errand) => {
    const settings = [
      "set ftp:sync-mode off",
      "set ftp:prefer-epsv yes",
      "set ftp:ssl-allow no",
      "set mirror:set-permissions no",
      "set net:max-retries 2",
      "set xfer:clobber yes",
    ];
    const script = [...settings, `open ${urlOf(errand)}`, filled(command, errand)].join("; ");
    return { command: "lftp", args: ["--norc", "-c", script], env: { HOME: errand.home } };
  };
}

function curl(...args: readonly string[]): (errand: Errand) => Launch {
  return (errand) => {
    const fixed = ["--silent", "--show-error", "--fail", "--disable"];
    const parallel = errand.sessions > 1 ? ["--parallel", "--parallel-max", String(errand.sessions)] : [];
    return { command: "curl", args: [...fixed, ...parallel, ...args.map((arg) => filled(arg, errand))] };
  };
}

/** A client that is one file of ours, for all jobs. */
function script(path: string): Agent["jobs"] {
  const launch = (job: Job) => (errand: Errand): Launch => ({
    command: Deno.execPath(),
    args: ["run", "--allow-all", "--no-prompt", path, JSON.stringify({ job, ...errand })],
  });
  return {
    getLarge: launch("getLarge"),
    putLarge: launch("putLarge"),
    getSmall: launch("getSmall"),
    putSmall: launch("putSmall"),
    list: launch("list"),
  };
}

/** All of them. */
export const AGENTS: readonly Agent[] = [
  {
    name: OUR_AGENT,
    parallel: true,
    jobs: {
      getLarge: ours("get", "--quiet", "{url}/large", "--output", "{local}/large"),
      putLarge: ours("put", "--quiet", "{source}/large", "{url}/up/large"),
      getSmall: ours("mirror", "--quiet", "--parallel", "{sessions}", "{url}/{folder}", "{local}"),
      putSmall: ours("mirror", "--quiet", "--parallel", "{sessions}", "{source}/{folder}", "{url}/up"),
      list: ours("ls", "{url}/up"),
    },
  },
  {
    name: "lftp",
    parallel: true,
    jobs: {
      getLarge: lftp("get large -o {local}/large"),
      putLarge: lftp("put {source}/large -o up/large"),
      getSmall: lftp("mirror --no-perms --parallel={sessions} {folder} {local}"),
      putSmall: lftp("mirror --reverse --no-perms --parallel={sessions} {source}/{folder} up"),
      list: lftp("cls up"),
    },
  },
  {
    name: "curl",
    parallel: true,
    jobs: {
      getLarge: curl("{url}/large", "--output", "{local}/large"),
      putLarge: curl("--upload-file", "{source}/large", "{url}/up/large"),
      getSmall: curl("{url}/{folder}/[0-{last}]", "--output", "{local}/#1"),
      putSmall: curl("--upload-file", "{source}/{folder}/[0-{last}]", "{url}/up/"),
      list: curl("{url}/up/"),
    },
  },
  {
    name: "basic-ftp",
    parallel: false,
    jobs: script(BASIC_FTP),
  },
  { name: LEAST_AGENT, parallel: true, jobs: script(LEAST_CLIENT) },
];

/** Where a client keeps what is its own. */
export function homeOf(scratch: string, { name }: Agent): string {
  return join(scratch, `home-${name}`);
}
