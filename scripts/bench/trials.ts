/**
 * What is measured: one entry of one table a trial. A trial runs against one server at a time and gives the values of
 * its rows.
 *
 * @module
 */

import { join } from "@std/path";
import type { Client, Target } from "./client.ts";
import { LOGINS_BEFORE } from "./idle.ts";
import { PeakMemory } from "./processes.ts";

import type { Grounds, RunningServer } from "./running.ts";
import type { Server } from "./server.ts";
import type { Tree } from "./tree.ts";

/** How much is done; `--quick` does less of everything. */
export interface Scale {
  readonly rounds: number;
  /** Bytes of the large file. */
  readonly large: number;
  /** Bytes of the file that goes through TLS. */
  readonly secure: number;
  /** Files of 4 KiB. */
  readonly small: number;
  readonly logins: number;
  /** Seconds after which small files and logins are counted as far as they came. */
  readonly patience: number;
  readonly noops: number;
  readonly pipelined: number;
  /** Entries of the directories that are listed. */
  readonly entries: readonly number[];
  /** Idle sessions; those above 10,000 are only for servers that hold them in one process. */
  readonly idle: readonly number[];
  /** Seconds of downloads during which another session's commands are timed. */
  readonly fairness: number;
}

/** How a row reads. */
export interface RowInfo {
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
}

/** Values by the row they belong to. */
export type Values = Readonly<Record<string, number>>;

/** What a trial works with. */
export interface Scene {
  readonly client: Client;
  readonly grounds: Grounds;
  readonly scale: Scale;
  /** The trees that servers serve, in memory and on disk. */
  readonly trees: { readonly memory: Tree; readonly disk: Tree };
}

/** One measurement. */
export interface Trial {
  readonly id: string;
  readonly rows: Readonly<Record<string, RowInfo>>;
  readonly tree: "memory" | "disk";
  /** Whether it needs TLS. Servers run without it otherwise: some load their certificate anew for every session. */
  readonly secure?: true;
  /** Whether it needs a server that has done nothing yet; it then starts and ends its own. */
  readonly fresh?: true;
  /** Measured once, as it takes long and hardly varies. */
  readonly once?: true;
  readonly fits?: (server: Server, scene: Scene) => boolean;
  readonly run: (scene: Scene, server: RunningServer) => Promise<Values>;
  /** What the machine allows, with the least server there can be. */
  readonly limit?: (scene: Scene) => Promise<Values>;
}

const GB = 1e9;
const KIB = 1024;
const MIB = 1024 * KIB;
/** Above this, servers with processes for sessions are left out: the system's table of processes is full. */
const MOST_FORKED = 10_000;
const NOOPS_MEANWHILE = 1_000;
/** Files or logins of a server that has done nothing yet. */
const COLD = 300;
/**
 * Milliseconds after which a server has started all that it starts by itself, and has given back what it needed for its
 * last work alone.
 */
const AT_REST = 3_000;

const rate = (title: string, unit: string): RowInfo => ({ title, unit, better: "higher" });
const cost = (title: string, unit: string): RowInfo => ({ title, unit, better: "lower" });
const targetOf = ({ port, server }: RunningServer): Target => ({ port, user: server.user });
const perSecond = ({ bytes = 0, seconds = 1 }: Values): number => bytes / seconds / GB;

/** `drop`: by a client that throws the bytes away unread, so that only the server's work is left. */
function retr(streams: number, words: string, mode: "retr" | "retr-drop" = "retr"): Trial {
  return {
    id: `${mode}-${streams}`,
    tree: "memory",
    rows: { speed: rate(`RETR of a large file, ${words}`, "GB/s") },
    run: async ({ client }, server) => ({
      speed: perSecond(await client.measure(targetOf(server), mode, "/large", streams)),
    }),
    limit: async ({ client, trees }) => ({
      speed: perSecond(await client.measure(undefined, `raw-${mode}`, join(trees.memory.root, "large"), streams)),
    }),
  };
}

function stor(tree: "memory" | "disk", words: string): Trial {
  return {
    id: `stor-${tree}`,
    tree,
    rows: { speed: rate(`STOR of a large file, ${words}`, "GB/s") },
    run: async ({ client, scale, trees }, server) => {
      const file = join(trees[tree].root, "up", "large");
      trees[tree].remove("up/large");
      trees[tree].warm(scale.large);
      const report = await client.measure(targetOf(server), "stor", "/up/large", scale.large);
      await client.measure(undefined, "check", file, scale.large);
      trees[tree].remove("up/large");
      return { speed: perSecond(report) };
    },
    limit: async ({ client, scale }) => ({
      speed: perSecond(await client.measure(undefined, "raw-receive", scale.large)),
    }),
  };
}

function secure(verb: "retr" | "stor"): Trial {
  return {
    id: `${verb}-tls`,
    tree: "memory",
    secure: true,
    fits: (server, { client }) => client.tls && server.tls,
    rows: { speed: rate(`${verb.toUpperCase()} of a large file, explicit TLS`, "GB/s") },
    run: async ({ client, scale, trees }, server) => {
      if (verb === "retr") {
        return { speed: perSecond(await client.measure(targetOf(server), "retr-tls", "/secure", 1)) };
      }
      trees.memory.remove("up/secure");
      trees.memory.warm(scale.secure);
      const report = await client.measure(targetOf(server), "stor-tls", "/up/secure", scale.secure);
      await client.measure(undefined, "check", join(trees.memory.root, "up/secure"), scale.secure);
      trees.memory.remove("up/secure");
      return { speed: perSecond(report) };
    },
  };
}

function small(verb: "RETR" | "STOR", most = Infinity): Trial {
  return {
    id: `small-${verb.toLowerCase()}`,
    tree: "memory",
    rows: { rate: rate(`${verb} of 4 KiB files, one session`, "files/s") },
    run: async ({ client, scale, trees }, server) => {
      if (verb === "STOR") trees.memory.empty("up");
      const folder = verb === "STOR" ? "/up" : "/small";
      const { count = 0, seconds = 1 } = await client.measure(
        targetOf(server),
        "small",
        verb,
        folder,
        Math.min(most, scale.small),
        scale.patience,
      );
      return { rate: count / seconds };
    },
  };
}

function login(atOnce: number, words: string, most = Infinity): Trial {
  return {
    id: `login-${atOnce}`,
    tree: "memory",
    rows: { rate: rate(`Logins, ${words}`, "visits/s") },
    run: async ({ client, scale }, server) => {
      const { count = 0, seconds = 1 } = await client.measure(
        targetOf(server),
        "login",
        Math.min(most, scale.logins),
        atOnce,
        scale.patience,
      );
      return { rate: count / seconds };
    },
  };
}

const secureLogin: Trial = {
  id: "login-tls",
  tree: "memory",
  secure: true,
  fits: (server, { client }) => client.tls && server.tls,
  rows: { rate: rate("Logins, explicit TLS, one after the other", "visits/s") },
  run: async ({ client, scale }, server) => {
    const { count = 0, seconds = 1 } = await client.measure(
      targetOf(server),
      "login-tls",
      scale.logins,
      scale.patience,
    );
    return { rate: count / seconds };
  },
};

function list(verb: "LIST" | "MLSD", entries: number): Trial {
  return {
    id: `${verb.toLowerCase()}-${entries}`,
    tree: "disk",
    rows: {
      seconds: cost(`${verb} of ${entries} entries`, "ms"),
      memory: cost(`${verb} of ${entries} entries, peak memory`, "MiB"),
    },
    fits: (server) => verb === "LIST" || !server.name.startsWith("vsftpd") && server.name !== "ftp-srv",
    run: async ({ client }, server) => {
      using peak = new PeakMemory(server.pid);
      const { seconds = 0 } = await client.measure(targetOf(server), "list", verb, `/list-${entries}`);
      return { seconds: seconds * 1000, memory: peak.bytes / MIB };
    },
  };
}

const noop: Trial = {
  id: "noop",
  tree: "memory",
  rows: {
    p50: cost("NOOP one by one, median", "µs"),
    p99: cost("NOOP one by one, p99", "µs"),
    rate: rate("NOOP pipelined", "commands/s"),
  },
  run: async ({ client, scale }, server) =>
    noopValues(await client.measure(targetOf(server), "noop", scale.noops, scale.pipelined)),
  limit: async ({ client, scale }) =>
    noopValues(await client.measure(undefined, "raw-lines", scale.noops, scale.pipelined)),
};

function noopValues({ p50 = 0, p99 = 0, count = 0, seconds = 1 }: Values): Values {
  return { p50: p50 * 1e6, p99: p99 * 1e6, rate: count / seconds };
}

function idle(sessions: number): Trial {
  return {
    id: `idle-${sessions}`,
    tree: "memory",
    fresh: true,
    ...(sessions > 2000 && { once: true as const }),
    fits: (server) => !server.forks || sessions <= MOST_FORKED,
    rows: {
      memory: cost(`${sessions} idle sessions, memory each`, "KiB"),
      rate: rate(`${sessions} idle sessions, established`, "sessions/s"),
      p99: cost(`${sessions} idle sessions, p99 of NOOP on another`, "µs"),
    },
    run: async ({ client, scale }, server) => {
      // Uncompiled code is not what others have to wait for, either.
      await client.measure(targetOf(server), "login", LOGINS_BEFORE, 1, scale.patience);
      await client.measure(targetOf(server), "noop", NOOPS_MEANWHILE, NOOPS_MEANWHILE);
      // Nor are threads that it starts once it serves: two for data in the executable, a second later.
      const memoryAtRest = async () => {
        await new Promise((resolve) => setTimeout(resolve, AT_REST));
        return server.memory;
      };
      const before = await memoryAtRest();
      const look = async ({ p99 = 0, seconds = 1 }: Values) => {
        const memory = (await memoryAtRest() - before) / sessions / KIB;
        return { memory, rate: sessions / seconds, p99: p99 * 1e6 };
      };
      return await client.hold(targetOf(server), look, "idle", sessions, NOOPS_MEANWHILE);
    },
  };
}

const fairness: Trial = {
  id: "fairness",
  tree: "memory",
  rows: {
    p99: cost("NOOP during four downloads, p99", "ms"),
    speed: rate("… the four downloads together", "GB/s"),
  },
  run: async ({ client, scale }, server) => {
    const report = await client.measure(targetOf(server), "fair", "/large", 4, scale.fairness);
    return { p99: (report.p99 ?? 0) * 1000, speed: perSecond(report) };
  },
};

/** A trial against a server that has done nothing yet: its code is not compiled, and its tables are empty. */
function cold(trial: Trial, title: string): Trial {
  const rows = Object.entries(trial.rows).map(([key, row]) => [key, { ...row, title: `Cold: ${title}` }]);
  // The first row alone: it is the one about speed.
  return { ...trial, id: `cold-${trial.id}`, rows: Object.fromEntries(rows.slice(0, 1)), fresh: true };
}

const startup: Trial = {
  id: "startup",
  tree: "memory",
  fresh: true,
  rows: {
    time: cost("Start to first greeting", "ms"),
    file: cost("Start to the end of the first file of 4 KiB", "ms"),
  },
  run: async ({ client }, server) => {
    const began = performance.now();
    await client.measure(targetOf(server), "small", "RETR", "/small", 1, 1);
    return { time: server.startup, file: server.startup + performance.now() - began };
  },
};

/** Every trial of a run, in the order of the report. */
export function trialsFor({ entries, idle: idleCounts }: Scale): readonly Trial[] {
  const [fewest = 0] = entries;
  return [
    retr(1, "one stream"),
    retr(4, "four streams"),
    retr(1, "one stream, dropped unread", "retr-drop"),
    retr(4, "four streams, dropped unread", "retr-drop"),
    stor("memory", "to memory"),
    stor("disk", "to disk"),
    small("RETR"),
    small("STOR"),
    login(1, "one after the other"),
    login(32, "32 at once"),
    noop,
    ...entries.flatMap((count) => [list("LIST", count), list("MLSD", count)]),
    secure("retr"),
    secure("stor"),
    secureLogin,
    cold(retr(1, "one stream"), "RETR of a large file, one stream"),
    cold(small("RETR", COLD), `RETR of the first ${COLD} files of 4 KiB`),
    cold(small("STOR", COLD), `STOR of the first ${COLD} files of 4 KiB`),
    cold(login(1, "", COLD), `the first ${COLD} logins, one after the other`),
    cold(login(32, "", COLD), `the first ${COLD} logins, 32 at once`),
    cold(list("LIST", fewest), `LIST of ${fewest} entries`),
    cold(list("MLSD", fewest), `MLSD of ${fewest} entries`),
    ...idleCounts.map(idle),
    fairness,
    startup,
  ];
}

/** Makes the files that the trials are about. */
export function furnish({ trees, scale }: Pick<Scene, "trees" | "scale">): void {
  const { memory, disk } = trees;
  memory.file("large", scale.large);
  memory.file("secure", scale.secure);
  memory.files("small", scale.small, 4 * KIB);
  for (const entries of scale.entries) disk.files(`list-${entries}`, entries, 0);
  for (const tree of new Set([memory, disk])) tree.folder("up");
}
