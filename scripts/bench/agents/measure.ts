/**
 * `deno task bench --only client`: user agents against one server, ours, on loopback and through a line that delays.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { cpuSecondsOfEnded, PeakMemory } from "../processes.ts";
import { FROM_SOURCE } from "../ours.ts";
import type { Row } from "../results.ts";
import { type Grounds, RunningServer } from "../running.ts";
import type { Server } from "../server.ts";
import type { Tree } from "../tree.ts";
import type { RowInfo } from "../trials.ts";
import { type Agent, AGENTS, type Errand, homeOf, type Job } from "./agents.ts";
import type { DelayLineOptions } from "./delay_line.ts";

/** How much is done. */
export interface AgentScale {
  readonly rounds: number;
  /** Bytes of the large file. */
  readonly large: number;
  /** Files of 4 KiB. */
  readonly small: number;
  /** Files of 4 KiB for a client with a single session behind the delay line. */
  readonly few: number;
}

/** Where it happens. */
export interface AgentScene {
  readonly scale: AgentScale;
  readonly grounds: Grounds;
  /** What the server serves. */
  readonly remote: Tree;
  /** What clients read and write. */
  readonly local: Tree;
}

interface Trial {
  readonly id: string;
  readonly row: RowInfo;
  readonly job: Job;
  readonly folder: "small" | "few";
  readonly sessions: number;
  /** Through the delay line, once only: it takes long and hardly varies. */
  readonly delayed: boolean;
  /** The value of a run that took so many seconds. */
  readonly value: (seconds: number, scale: AgentScale) => number;
  /** A row with the most memory of the client, besides. */
  readonly memory?: RowInfo;
}

const HERE = "127.0.0.1";
/** Where the delay line listens. */
const FAR = "127.0.0.2";
/** Milliseconds each way. */
const DELAY = 25;
const PASSIVE = { first: 47_000, last: 47_255 };
const SIZE = 4096;
const SESSIONS = 4;
const GB = 1e9;
const MIB = 1024 * 1024;
const DELAY_LINE = fromFileUrl(new URL("./delay_line.ts", import.meta.url));

const perSecond = (seconds: number, { large }: AgentScale) => large / seconds / GB;
const files = (title: string): RowInfo => ({ title, unit: "files/s", better: "higher" });
const trips = (title: string): RowInfo => ({ title, unit: "round trips a file", better: "lower" });
const large = { folder: "small", sessions: 1, delayed: false, value: perSecond } as const;
const small = {
  folder: "small",
  sessions: SESSIONS,
  value: (seconds: number, scale: AgentScale) => scale.small / seconds,
} as const;
const alone = { folder: "few", sessions: 1, delayed: false, value: (seconds: number) => seconds * 1000 } as const;
const single = {
  folder: "few",
  sessions: 1,
  delayed: true,
  value: (seconds: number, scale: AgentScale) => seconds * 1000 / (2 * DELAY) / scale.few,
} as const;

const TRIALS: readonly Trial[] = [
  {
    id: "client-list",
    row: { title: "client: start, login, an empty directory, end", unit: "ms", better: "lower" },
    job: "list",
    ...alone,
  },
  {
    id: "client-get",
    row: { title: "client: 1 GiB down", unit: "GB/s", better: "higher" },
    job: "getLarge",
    ...large,
    memory: { title: "client: most memory, 1 GiB down", unit: "MiB", better: "lower" },
  },
  {
    id: "client-put",
    row: { title: "client: 1 GiB up", unit: "GB/s", better: "higher" },
    job: "putLarge",
    ...large,
  },
  {
    id: "client-get-small",
    row: files("client: files of 4 KiB down, 4 sessions"),
    job: "getSmall",
    ...small,
    delayed: false,
  },
  {
    id: "client-put-small",
    row: files("client: files of 4 KiB up, 4 sessions"),
    job: "putSmall",
    ...small,
    delayed: false,
  },
  {
    id: "client-get-delayed",
    row: files("client: the same down, 25 ms each way"),
    job: "getSmall",
    ...small,
    delayed: true,
  },
  {
    id: "client-put-delayed",
    row: files("client: the same up, 25 ms each way"),
    job: "putSmall",
    ...small,
    delayed: true,
  },
  { id: "client-get-single", row: trips("client: 4 KiB down, 1 session, 25 ms each way"), job: "getSmall", ...single },
  { id: "client-put-single", row: trips("client: 4 KiB up, 1 session, 25 ms each way"), job: "putSmall", ...single },
];

/** Runs all trials with all clients that are installed. `notes` gets what is left out. */
export async function measureAgents(
  scene: AgentScene,
  progress: (text: string) => void,
  notes: string[],
): Promise<Row[]> {
  furnish(scene);
  const agents = await installed(notes);
  await using server = await RunningServer.start(
    withPorts(),
    { root: scene.remote.root, secure: false },
    scene.grounds,
  );
  using _line = await startDelayLine(server.port);
  const rows: Row[] = [];
  for (const trial of TRIALS) {
    rows.push(...await runTrial(trial, agents, { scene, port: server.port, progress, notes }));
  }
  return rows;
}

interface Running {
  readonly scene: AgentScene;
  readonly port: number;
  readonly progress: (text: string) => void;
  readonly notes: string[];
}

async function runTrial(trial: Trial, agents: readonly Agent[], running: Running): Promise<Row[]> {
  const { scene: { scale }, progress, notes } = running;
  const samples: Record<string, number[]> = {};
  const cpu: Record<string, number[]> = {};
  const memory: Record<string, number[]> = {};
  for (let round = 0; round < (trial.delayed ? 1 : scale.rounds); round++) {
    for (const agent of agents) {
      // A single session through the delay would take a quarter of an hour.
      if (trial.delayed && trial.sessions > 1 && !agent.parallel) continue;
      progress(`${trial.row.title}: ${agent.name}`);
      try {
        const { seconds, used, peak } = await perform(trial, agent, running);
        (samples[agent.name] ??= []).push(trial.value(seconds, scale));
        (cpu[agent.name] ??= []).push(used);
        (memory[agent.name] ??= []).push(peak / MIB);
      } catch (error) {
        notes.push(`${trial.row.title}, ${agent.name}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  const row = { ...trial.row, id: `${trial.id}.${trial.row.unit}`, samples, cpu };
  return trial.memory ? [row, { ...trial.memory, id: `${trial.id}.memory`, samples: memory, cpu: {} }] : [row];
}

async function perform(
  trial: Trial,
  agent: Agent,
  { scene, port }: Running,
): Promise<{ readonly seconds: number; readonly used: number; readonly peak: number }> {
  const { job, folder, sessions, delayed } = trial;
  const { local, remote, scale, grounds } = scene;
  const count = scale[folder];
  const target = join(local.root, "target");
  for (const directory of [target, join(remote.root, "up")]) emptied(directory);
  const errand: Errand = {
    ...{ host: delayed ? FAR : HERE, port, folder, count, local: target, source: local.root },
    sessions: agent.parallel ? sessions : 1,
    home: homeOf(grounds.scratch, agent),
  };
  Deno.mkdirSync(errand.home, { recursive: true });
  const { command, args, env = {} } = agent.jobs[job](errand);
  const before = cpuSecondsOfEnded();
  const began = performance.now();
  const process = new Deno.Command(command, { args: [...args], env, stdin: "null", stdout: "null", stderr: "piped" })
    .spawn();
  // Its looks take time from the client.
  using peak = trial.memory && new PeakMemory(process.pid);
  const { code, stderr } = await process.output();
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`status ${code}: ${new TextDecoder().decode(stderr).trim().split("\n")[0]}`);
  if (job !== "list") {
    requireAll(
      job.startsWith("get") ? target : join(remote.root, "up"),
      job.endsWith("Large") ? undefined : count,
      scale,
    );
  }
  return { seconds, used: cpuSecondsOfEnded() - before, peak: peak?.bytes ?? 0 };
}

/** @throws {Error} if not all has arrived: a number without its transfer is worth nothing. */
function requireAll(directory: string, count: number | undefined, { large }: AgentScale): void {
  const sizes = Array.from(Deno.readDirSync(directory), ({ name }) => Deno.statSync(join(directory, name)).size);
  const [wanted, each] = count === undefined ? [1, large] : [count, SIZE];
  const whole = sizes.filter((size) => size === each).length;
  if (whole !== wanted) throw new Error(`${whole} of ${wanted} files arrived`);
}

function emptied(directory: string): void {
  for (const { name } of Deno.readDirSync(directory)) Deno.removeSync(join(directory, name), { recursive: true });
}

function furnish({ remote, local, scale }: AgentScene): void {
  for (const tree of [remote, local]) {
    tree.file("large", scale.large);
    tree.files("small", scale.small, SIZE);
    tree.files("few", scale.few, SIZE);
  }
  remote.folder("up");
  local.folder("target");
}

/** Those whose program is there. */
async function installed(notes: string[]): Promise<readonly Agent[]> {
  const found: Agent[] = [];
  for (const agent of AGENTS) {
    const program = agent.name === "lftp" || agent.name === "curl" ? agent.name : undefined;
    const isThere = program === undefined ||
      await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output()
        .then(({ success }) => success, () => false);
    if (isThere) found.push(agent);
    else notes.push(`${agent.name} is not installed`);
  }
  return found;
}

/** Ours, with passive ports that the delay line knows. */
function withPorts(): Server {
  return {
    ...FROM_SOURCE,
    launch: (place) => {
      const launch = FROM_SOURCE.launch(place);
      return { ...launch, args: [...launch.args, "--passive-ports", `${PASSIVE.first}-${PASSIVE.last}`] };
    },
  };
}

async function startDelayLine(port: number): Promise<Disposable> {
  const passive = Array.from({ length: PASSIVE.last - PASSIVE.first + 1 }, (_, index) => PASSIVE.first + index);
  const options: DelayLineOptions = { from: FAR, to: HERE, ports: [port, ...passive], delay: DELAY };
  const args = ["run", "--no-prompt", `--allow-net=${HERE},${FAR}`, DELAY_LINE, JSON.stringify(options)];
  const process = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  await process.stdout.getReader().read();
  return { [Symbol.dispose]: () => process.kill("SIGTERM") };
}
