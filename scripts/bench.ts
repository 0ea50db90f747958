/**
 * `deno task bench`: this server against its peers, on this machine, in one run.
 *
 * Nothing is installed and nothing listens beyond loopback. Peers are fetched once into `.cache/bench`; what a run
 * makes is removed when it ends. Linux only, as it reads `/proc`; some peers want to be started as root.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl, join } from "@std/path";
import { createSelfSigned } from "../lib/tls/self_signed.ts";
import { AGENTS, LEAST_AGENT, OUR_AGENT } from "./bench/agents/agents.ts";
import { measureAgents } from "./bench/agents/measure.ts";
import { drawChart } from "./bench/chart.ts";
import { Client } from "./bench/client.ts";
import { BASELINE, baselineOf, compileOurs, EXECUTABLE, NATIVE, OURS, ourServers, QUIET } from "./bench/ours.ts";
import { BALANCED, ClusterWays, measureLimits } from "./bench/costs/cluster.ts";
import { formatCosts, measureCosts, type Way } from "./bench/costs/measure.ts";
import { watchings } from "./bench/costs/watched.ts";
import { WAITED_FOR, WORKS } from "./bench/costs/works.ts";
import { fetchPackages } from "./bench/packages.ts";
import { describeMachine } from "./bench/processes.ts";
import type { Results, Row } from "./bench/results.ts";
import { Runner } from "./bench/run.ts";
import type { Server } from "./bench/server.ts";
import { compileLeast, LEAST, LEAST_EXECUTABLE, leastServers } from "./bench/least.ts";
import { PEERS } from "./bench/servers.ts";
import { formatComparison, formatTable } from "./bench/table.ts";
import { Tree } from "./bench/tree.ts";
import { furnish, type Scale, type Scene, type Trial, trialsFor } from "./bench/trials.ts";

const USAGE = `Usage: deno task bench [flags]

  --quick          smaller and fewer: under three minutes
  --only NAMES     trials whose name begins with one of these, by commas: retr,stor,small,login,noop,list,mlsd,cold,idle,…;
                   client: user agents instead of servers (ours, lftp, curl, basic-ftp, the least there can be);
                   operations: ours with metrics, console, webhooks and before-hook, against itself without, or only
                   with some, such as --peers=--metrics;
                   cluster: ours behind HAProxy, with data past it, with Redis, on an object store (Swift), and with
                   all three
  --peers NAMES    servers besides denoftpd, by commas; among them are
                   "${EXECUTABLE}", "${NATIVE}", "${QUIET}"
                   (only if it is named), and the floor of the runtime from
                   source and compiled, "${LEAST}" and "${LEAST_EXECUTABLE}"
  --baseline PATH  another checkout, compared with this one by the processor time of each trial
  --rounds N       how often each trial is run
  --out FOLDER     where results.json, table.md and chart.svg go (default .cache/bench)
`;

/** What `--only` names instead of trials. */
const OWN_SUBJECTS = ["client", "operations", "cluster"] as const;
/** What is ours in the comparison. */
const VARIANTS = [OURS, EXECUTABLE, NATIVE, QUIET] as const;
/** What is no peer of ours. */
const NO_PEERS = [...VARIANTS, BASELINE, LEAST, LEAST_EXECUTABLE] as const;
/** Not in `--quick`, unless they are named. */
const NOT_QUICK = [NATIVE, EXECUTABLE, LEAST_EXECUTABLE];
/** What the rows of each of ours are set against besides the peers. */
const FLOORS = { [OURS]: LEAST, [EXECUTABLE]: LEAST_EXECUTABLE, [NATIVE]: LEAST, [QUIET]: LEAST };

const CACHE = fromFileUrl(new URL("../.cache/bench/", import.meta.url));
const MIB = 1 << 20;

const FULL: Scale = {
  rounds: 5,
  large: 1024 * MIB,
  secure: 512 * MIB,
  small: 2_000,
  logins: 3_000,
  patience: 2,
  noops: 5_000,
  pipelined: 200_000,
  entries: [10_000, 100_000],
  idle: [500, 2_000, 10_000, 19_000],
  fairness: 5,
};

const QUICK: Scale = {
  ...FULL,
  rounds: 2,
  large: 256 * MIB,
  secure: 128 * MIB,
  small: 500,
  logins: 500,
  patience: 1,
  noops: 1_000,
  pipelined: 50_000,
  entries: [10_000],
  idle: [500],
  fairness: 1.5,
};

/** Less of each, but more often: what is looked for is a difference of a few per cent. */
const OPERATIONS: Scale = {
  ...FULL,
  rounds: 7,
  large: 128 * MIB,
  secure: 0,
  small: 100,
  logins: 120,
  noops: 400,
  entries: [],
};

/** The same, and little enough for an object store on the same machine. */
const CLUSTER: Scale = { ...OPERATIONS, rounds: 5, large: 256 * MIB, patience: 1, noops: 1_000 };
const CLUSTER_QUICK: Scale = { ...CLUSTER, rounds: 2, large: 64 * MIB, small: 40, logins: 60, noops: 200 };

interface Settings {
  readonly scale: Scale;
  readonly quick: boolean;
  readonly servers: readonly Server[];
  readonly trials: readonly Trial[];
  /** What is measured: servers, user agents, or our server while it is watched. */
  readonly subject: "servers" | (typeof OWN_SUBJECTS)[number];
  /** With what our server is measured in `operations` and `cluster`; `undefined`: everything in turn. */
  readonly watchers: readonly string[] | undefined;
  /** Where the results go. */
  readonly out: string;
}

/** `undefined` when only the usage was asked for. @throws {TypeError} for a flag that there is not. */
function readFlags(args: readonly string[]): Settings | undefined {
  const { quick, help, only, peers, baseline, rounds, out } = parseArgs(args, {
    string: ["only", "peers", "baseline", "rounds", "out"],
    boolean: ["quick", "help"],
    unknown: (flag) => {
      throw new TypeError(`Unknown argument "${flag}"`);
    },
  });
  if (help === true) return undefined;
  const wantedTrials = names(only);
  const subject = OWN_SUBJECTS.find((name) => wantedTrials?.includes(name)) ?? "servers";
  const base = scaleOf(subject, quick === true);
  const scale: Scale = { ...base, rounds: Number(rounds ?? base.rounds) };
  if (!Number.isInteger(scale.rounds) || scale.rounds < 1) throw new TypeError(`--rounds is no count: "${rounds}"`);
  const wantedPeers = names(peers);
  return {
    scale,
    quick: quick === true,
    servers: [
      ...[...ourServers(CACHE), ...PEERS, ...leastServers(CACHE)].filter(({ name, onlyNamed }) =>
        name === OURS ||
        (wantedPeers?.includes(name.toLowerCase()) ?? !(onlyNamed || quick && NOT_QUICK.includes(name)))
      ),
      ...(typeof baseline === "string" ? [baselineOf(baseline)] : []),
    ],
    trials: trialsFor(scale).filter(({ id }) => wantedTrials?.some((name) => id.startsWith(name)) ?? true),
    subject,
    watchers: wantedPeers,
    out: typeof out === "string" ? out : CACHE,
  };
}

function scaleOf(subject: Settings["subject"], quick: boolean): Scale {
  if (subject === "operations") return OPERATIONS;
  if (subject === "cluster") return quick ? CLUSTER_QUICK : CLUSTER;
  return quick ? QUICK : FULL;
}

async function main(args: readonly string[]): Promise<number> {
  let settings: Settings | undefined;
  try {
    settings = readFlags(args);
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n`);
    return 2;
  }
  if (!settings) say(USAGE);
  else if (settings.subject === "client") await measureClients(settings);
  else if (settings.subject === "operations" || settings.subject === "cluster") await measureOurs(settings);
  else await measure(settings);
  return 0;
}

async function measure({ scale, quick, servers, trials, out }: Settings): Promise<void> {
  for (const folder of [CACHE, out]) await Deno.mkdir(folder, { recursive: true });
  const packages = await fetchPackages(CACHE);
  const client = await Client.compile(CACHE);
  if (servers.some(({ name }) => name === EXECUTABLE)) await compileOurs(CACHE);
  if (servers.some(({ name }) => name === LEAST_EXECUTABLE)) await compileLeast(CACHE);
  const stopped = untilInterrupted();
  await using scratch = Tree.onDisk(Deno.env.get("TMPDIR") ?? "/tmp");
  await writeCertificate(scratch.root);
  await using memory = await Tree.inMemory(scratch.root);
  // A path with a link in it would not be what is permitted to ours.
  await using disk = Tree.onDisk(Deno.realPathSync(CACHE));
  const scene: Scene = { client, scale, trees: { memory, disk }, grounds: { scratch: scratch.root, packages } };
  furnish(scene);
  await using runner = new Runner(scene, servers, showProgress);
  const rows: Row[] = [];
  for (const trial of trials) {
    if (!stopped.aborted) rows.push(...await runner.run(trial));
  }
  showProgress("");
  const notes = [...packages.missing, ...runner.notes];
  if (!memory.inMemory) notes.push("No file system could be mounted in memory: all files are on disk");
  if (stopped.aborted) notes.push("Interrupted: what follows is missing");
  const date = new Date().toISOString().slice(0, 10);
  report({ date, quick, machine: describeMachine(), servers: servers.map(({ name }) => name), notes, rows }, out);
}

/** User agents against our server. */
async function measureClients({ scale, quick, out }: Settings): Promise<void> {
  for (const folder of [CACHE, out]) await Deno.mkdir(folder, { recursive: true });
  await using scratch = Tree.onDisk(Deno.env.get("TMPDIR") ?? "/tmp");
  await using remote = await Tree.inMemory(scratch.root);
  await using local = await Tree.inMemory(scratch.root);
  const grounds = { scratch: scratch.root, packages: { debian: "", npm: "", missing: [] } };
  const amounts = { rounds: quick ? 1 : 3, large: scale.large, small: quick ? 300 : 2_000, few: quick ? 50 : 200 };
  const notes: string[] = [];
  const rows = await measureAgents({ scale: amounts, grounds, remote, local }, showProgress, notes);
  showProgress("");
  const date = new Date().toISOString().slice(0, 10);
  const servers = AGENTS.map(({ name }) => name);
  const results: Results = { date, quick, machine: describeMachine(), servers, notes, rows };
  Deno.writeTextFileSync(join(out, "clients.json"), `${JSON.stringify(results, undefined, 1)}\n`);
  const table = `${results.machine}\n\n${
    formatTable(results, { ours: [OUR_AGENT], floors: { [OUR_AGENT]: LEAST_AGENT } })
  }\n`;
  Deno.writeTextFileSync(join(out, "clients.md"), table);
  say(table);
  for (const note of notes) say(`Left out: ${note}\n`);
}

/** Our server while it is watched, or one of several, against the same by itself. */
async function measureOurs({ subject, scale, out, watchers }: Settings): Promise<void> {
  for (const folder of [CACHE, out]) await Deno.mkdir(folder, { recursive: true });
  await using scratch = Tree.onDisk(Deno.env.get("TMPDIR") ?? "/tmp");
  await using memory = await Tree.inMemory(scratch.root);
  const grounds = { scratch: scratch.root, packages: { debian: "", npm: "", missing: [] } };
  const scene: Scene = { client: await Client.compile(CACHE), scale, trees: { memory, disk: memory }, grounds };
  furnish(scene);
  await using parts = new AsyncDisposableStack();
  const folder = Deno.makeTempDirSync({ dir: scratch.root });
  const measured = subject === "cluster"
    ? { works: WAITED_FOR, ways: parts.use(await ClusterWays.start(folder, memory)).all }
    : { works: WORKS, ways: parts.use(watchings(folder)).all };
  const isWanted = ({ server }: Way) => watchers?.includes(server.name.toLowerCase()) ?? true;
  const ways = measured.ways.filter((way, index) => index === 0 || isWanted(way));
  const costs = await measureCosts(scene, { ...measured, ways }, showProgress);
  const limits = ways.some(({ server }) => server.name === BALANCED) ? await measureLimits(scene, folder) : [];
  const table = `${describeMachine()}\n\n${formatCosts(costs, limits)}\n`;
  showProgress("");
  Deno.writeTextFileSync(join(out, `${subject}.md`), table);
  say(table);
}

function report(results: Results, folder: string): void {
  Deno.writeTextFileSync(join(folder, "results.json"), `${JSON.stringify(results, undefined, 1)}\n`);
  Deno.writeTextFileSync(join(folder, "chart.svg"), drawChart(results, NO_PEERS));
  const table = `${results.machine}\n\n${
    formatTable(results, { ours: VARIANTS, floors: FLOORS, others: [BASELINE] })
  }\n`;
  Deno.writeTextFileSync(join(folder, "table.md"), table);
  say(table);
  if (results.servers.includes(BASELINE)) say(`\n${formatComparison(results, OURS, BASELINE)}\n`);
  for (const note of results.notes) say(`Left out: ${note}\n`);
}

/** The trial under way ends by itself, so that everything is removed in order. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, () => controller.abort());
  return controller.signal;
}

/** One pair of files for all servers. */
async function writeCertificate(folder: string): Promise<void> {
  const { certificate: cert, privateKey: key } = await createSelfSigned();
  for (const [name, text] of [["cert.pem", cert], ["key.pem", key], ["both.pem", key + cert]] as const) {
    Deno.writeTextFileSync(join(folder, name), text, { mode: 0o600 });
  }
}

function names(flag: unknown): readonly string[] | undefined {
  return typeof flag === "string" ? flag.toLowerCase().split(",") : undefined;
}

/** One line that is written over and over, where somebody is looking. */
function showProgress(text: string): void {
  if (Deno.stdout.isTerminal()) say(`\r\x1b[K${text}`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

Deno.exit(await main(Deno.args));
