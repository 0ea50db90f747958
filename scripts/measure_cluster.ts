/**
 * `deno task measure:cluster`: how many idle sessions several nodes hold that count together in one Redis, what they
 * cost, and how long a command takes beside them: first with clients that reach the nodes directly, then through
 * HAProxy. All sessions are counted in Redis, listed by the registry of the cluster, and gone at the end.
 *
 *     deno task measure:cluster [--nodes 6] [--direct 100000] [--balanced 5000] [--loopback] [--minutes 20]
 *
 * Every machine is a network namespace, which takes root; with `--loopback`, and where namespaces may not be made, an
 * address of loopback. Linux, a C compiler, `redis-server`, `haproxy`, 3 GiB of memory; a process has at most as many
 * sessions as it may open files, HAProxy half as many. Nothing is left of it, also when it is interrupted, or has taken
 * as many minutes.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl } from "@std/path";
import { Cluster } from "../lib/cluster/cluster.ts";
import { Newsroom } from "../lib/cluster/news.ts";
import { Registry } from "../lib/cluster/registry.ts";
import { Balanced } from "../tests/cluster/balanced.ts";
import { counted } from "../tests/cluster/members.ts";
import { Redis } from "../tests/helpers/redis.ts";
import { Client, type Report, type Target } from "./bench/client.ts";
import { type Crowd, IdleSessions, kernelBytes, openFilesLimit } from "./bench/idle.ts";
import { loopbackPlaces, Namespaces, type Places } from "./bench/places.ts";
import { describeMachine, memoryOf } from "./bench/processes.ts";
import { formatNumber } from "./bench/results.ts";

/** What a process has open besides sessions. */
const OTHER_FILES = 500;
/** Client processes through HAProxy. */
const CLIENTS = 4;
const LOGINS = 200;
const NOOPS = 1_000;
const KIB = 1024;
/** Milliseconds for all sessions to end. */
const TIME_TO_END = 120_000;
/** All clients have one address here, and sessions may stay for as long as it takes to make all of them. */
const FLAGS = [
  ...["--max-sessions-per-ip", "0", "--max-strangers-per-ip", "0", "--max-strangers", "0", "--connect-rate", "0"],
  ...["--idle-timeout", "2h", "--log-level", "warning"],
];
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const COLUMNS = [
  ...["way", "sessions", "nodes", "KiB each: nodes", "HAProxy", "Redis", "kernel"],
  ...["sessions/s", "NOOP median, µs", "p99, µs", "all listed in, s"],
];

/** What is measured. */
interface Plan {
  readonly places: Places;
  /** Sessions in all. */
  readonly sessions: number;
  readonly way: "direct" | "through HAProxy";
}

/** Everything that runs for one line of the table. */
interface Stage extends Plan {
  readonly redis: Redis;
  readonly balanced: Balanced;
  readonly client: Client;
}

/** A member that looks on: it knows what the others count, and whom they have. */
class Onlooker implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly #registry: Registry;

  constructor(redis: Redis) {
    this.cluster = new Cluster(redis.address, { node: "onlooker" });
    this.#registry = new Registry(this.cluster, new Newsroom(this.cluster));
  }

  /** Resolves when so many connections are counted in Redis. */
  async counts(sessions: number): Promise<void> {
    await counted(this.cluster, "connections", sessions, TIME_TO_END);
  }

  /** Sessions of all others. */
  async list(): Promise<number> {
    return new Set((await this.#registry.others()).map(({ id }) => id)).size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** Starts everything, measures, and ends it; `interrupted` rejects when that is to happen at once. */
async function measure(plan: Plan, client: Client, interrupted: Promise<never>): Promise<readonly string[]> {
  const { hub, nodes } = plan.places;
  await using redis = await Redis.start({ host: hub.address, password: "measure" });
  await using balanced = await Balanced.start({
    ...{ nodes: nodes.length, places: plan.places },
    flags: [...FLAGS, "--cluster", redis.url],
  });
  const cells = await Promise.race([hold({ ...plan, redis, balanced, client }), interrupted]);
  for (const { serving } of balanced.nodes) serving.kill("SIGTERM");
  for (const { name, serving } of balanced.nodes) {
    const code = await serving.code;
    if (code !== 0) throw new Error(`Node ${name} ended with ${code}: ${serving.stderr}`);
  }
  return cells;
}

async function hold(stage: Stage): Promise<readonly string[]> {
  const { way, sessions, balanced, redis, client } = stage;
  await using onlooker = new Onlooker(redis);
  await onlooker.cluster.begin();
  const crowds = crowdsOf(stage);
  const targets = new Set(crowds.map(({ target }) => target));
  for (const target of targets) {
    // What the first sessions of a process cost it for good is not the price of a session.
    await client.measure(target, "login", LOGINS, 1, 5);
    await client.measure(target, "noop", NOOPS, 1);
  }
  await onlooker.counts(0);
  const look = (): Memory => ({
    nodes: balanced.nodes.reduce((sum, { serving }) => sum + memoryOf(serving.pid), 0),
    haproxy: memoryOf(balanced.haproxyPid),
    redis: memoryOf(redis.pid),
    kernel: kernelBytes(),
  });
  const before = look();
  const cells: string[] = [];
  {
    await using idle = await IdleSessions.open(client, crowds);
    await onlooker.counts(sessions);
    const now = look();
    const perSession = (part: keyof Memory) => formatNumber((now[part] - before[part]) / sessions / KIB);
    const noops: Report[] = [];
    for (const target of targets) noops.push(await client.measure(target, "noop", NOOPS, 1));
    const slowest = (value: "p50" | "p99") => Math.max(...noops.map((report) => report[value] ?? NaN)) * 1e6;
    // Without those that have just sent NOOPs.
    await onlooker.counts(sessions);
    const began = performance.now();
    const listed = await onlooker.list();
    const seconds = (performance.now() - began) / 1e3;
    if (listed !== sessions) throw new Error(`The registry lists ${listed} of ${sessions} sessions`);
    cells.push(
      ...[way, String(sessions), String(balanced.nodes.length), perSession("nodes")],
      ...[perSession("haproxy"), perSession("redis"), perSession("kernel"), formatNumber(idle.perSecond)],
      ...[formatNumber(slowest("p50")), formatNumber(slowest("p99")), formatNumber(seconds)],
    );
  }
  await onlooker.counts(0);
  const left = await onlooker.list();
  if (left > 0) throw new Error(`${left} sessions are left`);
  return cells;
}

/** Bytes. */
interface Memory {
  readonly nodes: number;
  readonly haproxy: number;
  readonly redis: number;
  readonly kernel: number;
}

/** The sessions of each client process. @throws {Error} if there are too many. */
function crowdsOf({ way, sessions, places, balanced: { port } }: Stage): readonly Crowd[] {
  const { within, address: from } = places.clients;
  const target = (host: string): Target => ({ ...{ host, from, within, port }, user: "demo", password: "demo" });
  const targets = way === "direct"
    ? places.nodes.map(({ address }) => target(address))
    : Array<Target>(CLIENTS).fill(target(places.balancer.address));
  const crowds = targets.map((target, index) => ({
    target,
    sessions: Math.floor((sessions + index) / targets.length),
  }));
  const files = way === "direct" ? Math.ceil(sessions / targets.length) : sessions * 2;
  const most = openFilesLimit() - OTHER_FILES;
  if (files > most) throw new Error(`A process would have ${files} connections, of ${most} files that it may open`);
  return crowds;
}

/** Makes the places, and runs this program again in that of the hub; `undefined` where they may not be made. */
async function inNamespaces(nodes: number, args: readonly string[]): Promise<number | undefined> {
  await using namespaces = await Namespaces.make(nodes);
  if (!namespaces) return undefined;
  const { places } = namespaces;
  const program = [Deno.execPath(), "run", "--allow-all", fromFileUrl(import.meta.url)];
  const [command = "", ...words] = [...places.hub.within, ...program, ...args, "--places", JSON.stringify(places)];
  const child = new Deno.Command(command, { args: words, stdin: "null" }).spawn();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, () => child.kill(signal));
  return (await child.status).code;
}

async function main(args: readonly string[]): Promise<number> {
  const given = parseArgs(args, {
    string: ["nodes", "direct", "balanced", "minutes", "places"],
    boolean: ["loopback"],
    default: { nodes: "6", direct: "100000", balanced: "5000", minutes: "20" },
    unknown: (flag) => {
      throw new TypeError(`Unknown argument "${flag}"`);
    },
  });
  const nodes = Number(given.nodes);
  if (given.places === undefined && !given.loopback) {
    const status = await inNamespaces(nodes, args);
    if (status !== undefined) return status;
  }
  const places: Places = typeof given.places === "string" ? JSON.parse(given.places) : loopbackPlaces(nodes);
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, () => reject(new Error("Interrupted")));
    setTimeout(() => reject(new Error(`Not done in ${given.minutes} minutes`)), Number(given.minutes) * 60_000);
  });
  interrupted.catch(() => {});
  const folder = await Deno.makeTempDir();
  try {
    const client = await Client.compile(folder);
    say(`${describeMachine()}; each of ${nodes} nodes, the clients, and HAProxy with Redis: ${places.kind}\n`);
    say(`${lineOf(COLUMNS)}\n${lineOf(COLUMNS.map(() => "---"))}`);
    for (const [way, count] of [["direct", given.direct], ["through HAProxy", given.balanced]] as const) {
      const sessions = Number(count);
      if (sessions > 0) say(lineOf(await measure({ places, sessions, way }, client, interrupted)));
    }
    return 0;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

Deno.exit(await main(Deno.args));
