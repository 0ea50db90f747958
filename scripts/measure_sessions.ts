/**
 * `deno task measure:sessions`: how many sessions a machine holds, and what they cost it: memory of the server
 * processes, and of the kernel for sockets. A process has at most as many sessions as it may open files, so there
 * are as many servers, and clients, as that takes. Linux, loopback, a C compiler, some 3 GiB of memory; root, for
 * the tables of the kernel (`/proc/slabinfo`).
 *
 *     deno task measure:sessions [COUNT …]
 *
 * @module
 */

import { join } from "@std/path";
import { Client } from "./bench/client.ts";
import { IdleSessions, kernelBytes, LOGINS_BEFORE, openFilesLimit } from "./bench/idle.ts";
import { FROM_SOURCE } from "./bench/ours.ts";
import { describeMachine } from "./bench/processes.ts";
import { RunningServer } from "./bench/running.ts";
import type { Server } from "./bench/server.ts";

const COUNTS = [1_000, 10_000, 20_000, 50_000, 100_000];
/** What is open besides sessions. */
const OTHER_FILES = 500;
const NOOPS = 1_000;
const KIB = 1024;

/** Ours, with sessions that may stay for as long as it takes to make all of them. */
const SERVER: Server = {
  ...FROM_SOURCE,
  launch: (place) => {
    const launch = FROM_SOURCE.launch(place);
    return { ...launch, args: [...launch.args, "--idle-timeout", "2h"] };
  },
};

/** One line of the table. */
interface Line {
  readonly sessions: number;
  readonly processes: number;
  /** KiB a session, of the servers. */
  readonly memory: number;
  /** KiB a session, of the kernel, for both ends. */
  readonly kernel: number;
  /** Microseconds, the slowest of the processes. */
  readonly p99: number;
  readonly perSecond: number;
}

async function measure(sessions: number, most: number, client: Client, scratch: string): Promise<Line> {
  const processes = Math.ceil(sessions / most);
  const share = Math.ceil(sessions / processes);
  const grounds = { scratch, packages: { debian: "", npm: "", missing: [] } };
  await using stack = new AsyncDisposableStack();
  const servers: RunningServer[] = [];
  for (let number = 0; number < processes; number++) {
    const server = await RunningServer.start(SERVER, { root: scratch, secure: false }, grounds);
    servers.push(stack.use(server));
    await client.measure({ port: server.port, user: "bench" }, "login", LOGINS_BEFORE, 1, 5);
  }
  const memoryOf = () => servers.reduce((sum, { memory }) => sum + memory, 0);
  const before = { memory: memoryOf(), kernel: kernelBytes() };
  const crowds = servers.map(({ port }) => ({ target: { port, user: "bench" }, sessions: share }));
  await using idle = await IdleSessions.open(client, crowds, NOOPS);
  return {
    ...{ sessions: share * processes, processes, perSecond: idle.perSecond },
    memory: (memoryOf() - before.memory) / sessions / KIB,
    kernel: (kernelBytes() - before.kernel) / sessions / KIB,
    p99: Math.max(...idle.reports.map(({ p99 = NaN }) => p99)) * 1e6,
  };
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const scratch = Deno.makeTempDirSync();
try {
  const client = await Client.compile(scratch);
  await Deno.writeTextFile(join(scratch, "file"), "");
  const most = openFilesLimit() - OTHER_FILES;
  say(`${describeMachine()}; at most ${most} sessions a process\n`);
  say("| sessions | processes | KiB each, servers | KiB each, kernel | sessions/s | p99 of NOOP, µs |");
  say("| --- | --- | --- | --- | --- | --- |");
  for (const count of Deno.args.length > 0 ? Deno.args.map(Number) : COUNTS) {
    const { sessions, processes, memory, kernel, perSecond, p99 } = await measure(count, most, client, scratch);
    const numbers = [memory.toFixed(2), kernel.toFixed(2), perSecond.toFixed(0), p99.toFixed(0)];
    say(`| ${[sessions, processes, ...numbers].join(" | ")} |`);
  }
} finally {
  Deno.removeSync(scratch, { recursive: true });
}
