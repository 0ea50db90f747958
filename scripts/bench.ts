/**
 * `deno task bench`: this server against its peers, on this machine, in one run.
 *
 * Nothing is installed and nothing listens beyond loopback. Peers are fetched once into `.cache/bench`; what a run makes is removed
 * when it ends. Linux only, as it reads `/proc`; some peers want to be started as root.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl, join } from "@std/path";
import { createSelfSigned } from "../lib/tls/self_signed.ts";
import { drawChart } from "./bench/chart.ts";
import { Client } from "./bench/client.ts";
import { fetchPackages } from "./bench/packages.ts";
import { describeMachine } from "./bench/processes.ts";
import type { Results, Row } from "./bench/results.ts";
import { Runner } from "./bench/run.ts";
import { OURS, SERVERS } from "./bench/servers.ts";
import { formatTable } from "./bench/table.ts";
import { Tree } from "./bench/tree.ts";
import { furnish, type Scale, type Scene, trialsFor } from "./bench/trials.ts";

const USAGE = `Usage: deno task bench [flags]

  --quick          smaller and fewer: under three minutes
  --only NAMES     trials whose name begins with one of these, by commas: retr,stor,small,login,noop,list,mlsd,idle,…
  --peers NAMES    servers besides denoftpd, by commas
  --rounds N       how often each trial is run
  --out FOLDER     where results.json and chart.svg go (default .cache/bench)
`;

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
  rounds: 3,
  large: 256 * MIB,
  secure: 128 * MIB,
  small: 500,
  logins: 500,
  patience: 1,
  noops: 1_000,
  pipelined: 50_000,
  idle: [500, 2_000],
  fairness: 1.5,
};

async function main(args: readonly string[]): Promise<number> {
  const flags = parseArgs(args, { string: ["only", "peers", "rounds", "out"], boolean: ["quick", "help"] });
  if (flags.help === true) {
    say(USAGE);
    return 0;
  }
  const base = flags.quick === true ? QUICK : FULL;
  const scale: Scale = { ...base, rounds: Number(flags.rounds ?? base.rounds) };
  const peers = names(flags.peers);
  const servers = SERVERS.filter(({ name }) => name === OURS || !peers || peers.includes(name.toLowerCase()));
  const only = names(flags.only);
  const trials = trialsFor(scale).filter(({ id }) => !only || only.some((name) => id.startsWith(name)));
  await Deno.mkdir(CACHE, { recursive: true });
  const packages = await fetchPackages(CACHE);
  const client = await Client.compile(CACHE);
  const stopped = untilInterrupted();
  const scratch = Deno.makeTempDirSync({ prefix: "denoftpd-bench-" });
  Deno.chmodSync(scratch, 0o755);
  try {
    await writeCertificate(scratch);
    await using memory = await Tree.inMemory(scratch);
    await using disk = Tree.onDisk(CACHE);
    const scene: Scene = { client, scale, trees: { memory, disk }, grounds: { scratch, packages } };
    furnish(scene);
    await using runner = new Runner(scene, servers, (text) => say(`\r\x1b[K${text}`));
    const rows: Row[] = [];
    for (const trial of trials) {
      if (stopped.aborted) break;
      rows.push(...await runner.run(trial));
    }
    say("\r\x1b[K");
    report({
      date: new Date().toISOString().slice(0, 10),
      quick: flags.quick === true,
      machine: describeMachine(),
      servers: servers.map(({ name }) => name),
      notes: [
        ...packages.missing,
        ...memory.inMemory ? [] : ["No file system could be mounted in memory: all files are on disk"],
        ...stopped.aborted ? ["Interrupted: the trials that follow"] : [],
        ...runner.notes,
      ],
      rows,
    }, typeof flags.out === "string" ? flags.out : CACHE);
  } finally {
    Deno.removeSync(scratch, { recursive: true });
  }
  return 0;
}

function report(results: Results, folder: string): void {
  Deno.writeTextFileSync(join(folder, "results.json"), `${JSON.stringify(results, undefined, 1)}\n`);
  Deno.writeTextFileSync(join(folder, "chart.svg"), drawChart(results, OURS));
  say(`${results.machine}\n\n${formatTable(results, OURS)}\n`);
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

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

Deno.exit(await main(Deno.args));
