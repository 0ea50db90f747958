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

/** What the kernel keeps for a connection: the socket, its file, and its place in the server's list of events. */
const CACHES = ["TCP", "sock_inode_cache", "filp", "dentry", "eventpoll_epi", "ep_head"] as const;

interface Kernel {
  /** Bytes of objects in use, by cache. */
  readonly caches: ReadonlyMap<string, number>;
  /** Bytes in the queues of all TCP sockets. */
  readonly queues: number;
}

function kernelNow(): Kernel {
  const slabs = Deno.readTextFileSync("/proc/slabinfo").split("\n").map((line) => line.split(/\s+/));
  const inUse = ([name = "", active, _all, size]: string[]) => [name, Number(active) * Number(size)] as const;
  const caches = slabs.filter(([name]) => CACHES.some((cache) => cache === name)).map(inUse);
  const pages = Number(/^TCP:.* mem (\d+)$/m.exec(Deno.readTextFileSync("/proc/net/sockstat"))?.[1] ?? 0);
  return { caches: new Map(caches), queues: pages * 4 * KIB };
}

/** Bytes more than `before`. The dentries of sockets are not told from those of files, which come and go: left out. */
function grown(before: Kernel, now: Kernel): number {
  const sum = ({ caches, queues }: Kernel) =>
    CACHES.filter((name) => name !== "dentry").reduce((total, name) => total + (caches.get(name) ?? 0), queues);
  return sum(now) - sum(before);
}

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
    // What the first session of a server costs it for good is not the price of a session.
    await client.measure({ port: server.port, user: "bench" }, "login", 200, 1, 5);
  }
  const memoryOf = () => servers.reduce((sum, { memory }) => sum + memory, 0);
  const before = { memory: memoryOf(), kernel: kernelNow() };
  const allThere = Promise.withResolvers<void>();
  const looked = Promise.withResolvers<void>();
  const reports: { p99: number; seconds: number }[] = [];
  const holding = servers.map(({ port }) =>
    client.hold(
      { port, user: "bench" },
      async ({ p99 = 0, seconds = 1 }) => {
        reports.push({ p99, seconds });
        if (reports.length === processes) allThere.resolve();
        await looked.promise;
      },
      "idle",
      share,
      NOOPS,
    )
  );
  try {
    await Promise.race([allThere.promise, ...holding]);
    return {
      ...{ sessions: share * processes, processes },
      memory: (memoryOf() - before.memory) / sessions / KIB,
      kernel: grown(before.kernel, kernelNow()) / sessions / KIB,
      p99: Math.max(...reports.map(({ p99 }) => p99)) * 1e6,
      perSecond: sessions / Math.max(...reports.map(({ seconds }) => seconds)),
    };
  } finally {
    looked.resolve();
    await Promise.all(holding);
  }
}

function openFiles(): number {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 1024);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const scratch = Deno.makeTempDirSync();
try {
  const client = await Client.compile(scratch);
  await Deno.writeTextFile(join(scratch, "file"), "");
  const most = openFiles() - OTHER_FILES;
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
