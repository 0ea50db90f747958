/**
 * Busy sessions beside many idle ones, from several processes and many addresses, for as long as asked. Reported, and
 * held to limits: how memory grows once the server is warm, descriptors, waits for NOOP, lost files, the log.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { makePayload } from "../clients/payload.ts";
import { ServerUnderTest } from "../clients/server_under_test.ts";
import { accountOf, ACCOUNTS, farewell, leaks, settle } from "./aftermath.ts";
import { SHARED } from "./deeds.ts";
import type { Report, Share } from "./driver.ts";
import { pause } from "./pause.ts";
import type { Load, Plan } from "./plan.ts";
import { countDescriptors, residentMiB } from "./proc.ts";
import { say } from "./say.ts";
import { percentile, type Sample, slopePerMinute } from "./statistics.ts";
import { Visitor } from "./visitor.ts";
import { Control } from "./wire.ts";

/** Clients of one process, and of one address: less than the limit of an address, as some come back at once. */
const PER_PROCESS = 4000;
const PER_ADDRESS = 160;
/** The limits of an address, which are the defaults; on loopback they hold because they are given. */
const SESSIONS_PER_ADDRESS = 200;
const STRANGERS_PER_ADDRESS = 50;

/** KiB a minute that resident memory may grow by after the warm-up: a leak of 64 bytes a deed at 100 deeds a second. */
const SLOPE_LIMIT_KIB = 512;
/** Minutes of measurement without which a slope is chance and only reported. */
const SLOPE_MINUTES = 20;
const WARM_UP_AT_MOST_S = 900;
/** Visitors before the start, with numbers that no driver gives. */
const [WAKERS, FIRST_WAKER, WAKE_MS] = [8, 1_000_000, 4000];
const NOOP_EVERY_MS = 100;
const LOOK_EVERY_MS = 5000;
const TELL_EVERY_MS = 60_000;

const DRIVER = fromFileUrl(new URL("driver.ts", import.meta.url));

/** Runs the load; resolves to everything that is not as it should be. */
export async function bear(plan: Plan, load: Load): Promise<string[]> {
  const clients = load.busy + load.idle;
  const addresses = Array.from(
    { length: Math.ceil(clients / PER_ADDRESS) },
    (_, index) => `127.1.${index >> 8}.${1 + (index & 0xff) % 254}`,
  );
  const implicitPort = freePort();
  await using server = await startServer(plan, { peers: addresses, implicitPort });
  const problems = await Promise.all([checkSessionCap(server), checkStrangerCap(server)]);
  problems.push(await wake(server, plan.seed));
  const start = await settle(server, { listeners: 2 });
  say(`start: ${start.descriptors} descriptors, ${start.residentMiB.toFixed(0)} MiB resident`);

  const drivers = await startDrivers({ server, implicitPort, plan, load, addresses });
  await Promise.all(drivers.map((driver) => driver.read()));
  const full = countDescriptors(server.pid);
  say(`all idle sessions are there: ${full} descriptors, ${residentMiB(server.pid).toFixed(0)} MiB resident`);
  const measured = await measure(server, plan.seconds);
  for (const driver of drivers) await driver.finish();
  const reports = await Promise.all(drivers.map((driver) => driver.read()));

  const rest = { listeners: 2, descriptors: start.descriptors };
  const end = await settle(server, rest);
  say(`end: ${end.descriptors} descriptors, ${end.residentMiB.toFixed(0)} MiB resident`);
  const all = [...problems, ...summarise(reports), ...judge(measured), ...leaks(end, rest), ...await farewell(server)];
  if (full < load.idle) all.push(`Only ${full} descriptors were open with ${load.idle} idle sessions`);
  const lines = all.flat();
  if (lines.length > 0) lines.push(`--- end of the server's log ---\n${server.log().slice(-4000)}`);
  return lines;
}

/** The server's own line about it is below the log level. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

interface Surroundings {
  readonly peers: readonly string[];
  readonly implicitPort: number;
}

async function startServer({ nativeIo }: Plan, surroundings: Surroundings): Promise<ServerUnderTest> {
  const caps = [["sessions", SESSIONS_PER_ADDRESS], ["strangers", STRANGERS_PER_ADDRESS]] as const;
  const flags = [
    ...caps.flatMap(([what, count]) => [`--max-${what}-per-ip`, String(count)]),
    // Below the range that the kernel picks from, so that no client's port is one of them.
    ...["--passive-ports", "20000-27999"],
    ...(nativeIo ? ["--native-io", "--digests", "off"] : []),
  ];
  const server = await ServerUnderTest.start({
    accounts: ACCOUNTS,
    logLevel: "warning",
    tls: true,
    flags,
    ...surroundings,
  });
  await Deno.mkdir(join(server.root, "shared"));
  await Deno.writeFile(join(server.root, SHARED.path), makePayload(SHARED.size, SHARED.seed));
  return server;
}

/** Logs in from one address until it is refused. */
function checkSessionCap(server: ServerUnderTest): Promise<string[]> {
  return checkCap(server, { from: "127.2.0.1", limit: SESSIONS_PER_ADDRESS, login: true });
}

/** Connects from one address until it is refused. */
function checkStrangerCap(server: ServerUnderTest): Promise<string[]> {
  return checkCap(server, { from: "127.2.0.2", limit: STRANGERS_PER_ADDRESS, login: false });
}

/** Has the server do everything once, so that the runtime has opened what it keeps: threads, the code of `node:tls`. */
async function wake(server: ServerUnderTest, seed: number): Promise<string[]> {
  const ca = await Deno.readTextFile(server.certificateFile);
  const visitors = Array.from({ length: WAKERS }, (_, index) => {
    const security = index % 2 === 0 ? {} : { security: { ca, implicit: false } };
    const account = accountOf(index);
    return new Visitor({ number: FIRST_WAKER + index, address: { ...at(server), ...security }, account, seed });
  });
  const closing = AbortSignal.timeout(WAKE_MS);
  await Promise.all(visitors.map((visitor) => visitor.run(closing)));
  return visitors.flatMap(({ complaints }) => complaints);
}

interface Cap {
  readonly from: string;
  readonly limit: number;
  readonly login: boolean;
}

async function checkCap(server: ServerUnderTest, { from, limit, login }: Cap): Promise<string[]> {
  const problems: string[] = [];
  const controls: Control[] = [];
  const { user, password } = accountOf(0);
  try {
    for (let count = 0; count < limit; count++) {
      const control = await Control.open({ ...at(server), from });
      controls.push(control);
      await control.expectReply(`the greeting of connection ${count + 1} from one address`, 220);
      if (!login) continue;
      await control.expect(`USER ${user}`, 331);
      await control.expect(`PASS ${password}`, 230);
    }
    const more = await Control.open({ ...at(server), from });
    controls.push(more);
    await more.expectReply(`connection ${limit + 1} from one address`, 421);
  } catch (error) {
    problems.push(String(error));
  }
  for (const control of controls) control.leave("FIN");
  return problems;
}

function at({ host, port }: ServerUnderTest): { host: string; port: number } {
  return { host, port };
}

interface Cast {
  readonly server: ServerUnderTest;
  readonly implicitPort: number;
  readonly plan: Plan;
  readonly load: Load;
  readonly addresses: readonly string[];
}

async function startDrivers({ server, implicitPort, plan, load, addresses }: Cast): Promise<DriverProcess[]> {
  const count = Math.ceil((load.busy + load.idle) / PER_PROCESS);
  const part = (total: number, index: number) =>
    Math.floor(total * (index + 1) / count) - Math.floor(total * index / count);
  const certificate = await Deno.readTextFile(server.certificateFile);
  const shares = Array.from({ length: count }, (_, index): Share => ({
    server: { ...at(server), implicitPort },
    certificate,
    root: server.root,
    accounts: ACCOUNTS,
    // Each process has its own, so that no address gets more than its part.
    addresses: addresses.filter((_, number) => number % count === index),
    first: index * PER_PROCESS,
    busy: part(load.busy, index),
    idle: part(load.idle, index),
    seed: plan.seed,
    think: load.think,
  }));
  return shares.map((share) => new DriverProcess(share));
}

/** A process that runs `driver.ts`. */
class DriverProcess {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(share: Share) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", DRIVER, JSON.stringify(share)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line that it writes. */
  async read(): Promise<Report> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line) as Report;
      }
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`A process of clients ended with ${(await this.#process.status).code}`);
      this.#text += value;
    }
  }

  /** Says that the time is up. */
  finish(): Promise<void> {
    return this.#process.stdin.close();
  }
}

interface Measured {
  readonly noops: readonly number[];
  readonly memory: readonly Sample[];
  readonly complaints: readonly string[];
}

/** Watches the server for `seconds`, from a session that only says NOOP. What it saw in the warm-up is left out. */
async function measure(server: ServerUnderTest, seconds: number): Promise<Measured> {
  const over = AbortSignal.timeout(seconds * 1000);
  const warm = Date.now() + Math.min(WARM_UP_AT_MOST_S, seconds / 3) * 1000;
  const noops: number[] = [];
  const memory: Sample[] = [];
  const complaints: string[] = [];
  let lately: number[] = [];
  const began = Date.now();
  const look = setInterval(() => {
    if (Date.now() >= warm) memory.push({ at: Date.now(), value: residentMiB(server.pid) * 1024 });
  }, LOOK_EVERY_MS);
  const tell = setInterval(() => {
    const minutes = Math.round((Date.now() - began) / 60_000);
    const open = `${countDescriptors(server.pid)} descriptors, ${residentMiB(server.pid).toFixed(1)} MiB`;
    say(`${minutes} min: ${open}, ${waits(lately)}`);
    lately = [];
  }, TELL_EVERY_MS);
  try {
    while (!over.aborted) {
      try {
        await sayNoops(server, over, (wait) => {
          lately.push(wait);
          if (Date.now() >= warm) noops.push(wait);
        });
      } catch (error) {
        complaints.push(`the session that is measured: ${error instanceof Error ? error.message : error}`);
      }
    }
  } finally {
    clearInterval(look);
    clearInterval(tell);
  }
  return { noops, memory, complaints };
}

/** Says NOOP until `over` is aborted, and reports each wait in milliseconds. */
async function sayNoops(server: ServerUnderTest, over: AbortSignal, report: (wait: number) => void): Promise<void> {
  const control = await Control.open(at(server));
  try {
    await control.expectReply("the greeting", 220);
    await control.expect("USER alice", 331);
    await control.expect(`PASS ${accountOf(0).password}`, 230);
    while (!over.aborted) {
      const start = performance.now();
      await control.expect("NOOP", 200);
      report(performance.now() - start);
      await pause(NOOP_EVERY_MS, over);
    }
    await control.expect("QUIT", 221);
  } finally {
    control.leave("FIN");
  }
}

function waits(values: readonly number[]): string {
  const [median, p99] = [percentile(values, 0.5), percentile(values, 0.99)];
  return `NOOP p50 ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${percentile(values, 1).toFixed(0)} ms`;
}

/** Reports the measurements; returns what is beyond a limit. Waits have none: the machine may be busy. */
function judge({ noops, memory, complaints }: Measured): string[] {
  const slope = slopePerMinute(memory);
  const minutes = ((memory.at(-1)?.at ?? 0) - (memory[0]?.at ?? 0)) / 60_000;
  say(`after the warm-up: ${waits(noops)} (${noops.length} of them)`);
  say(`memory: ${slope.toFixed(0)} KiB/min over ${minutes.toFixed(1)} min, limit ${SLOPE_LIMIT_KIB} from 20 min on`);
  const grew = minutes >= SLOPE_MINUTES && slope > SLOPE_LIMIT_KIB;
  return grew
    ? [...complaints, `Resident memory grew by ${slope.toFixed(0)} KiB/min, more than ${SLOPE_LIMIT_KIB}`]
    : [...complaints];
}

function summarise(reports: readonly Report[]): string[] {
  const over = reports.filter((report) => report.type === "over");
  const sum = (count: (report: typeof over[number]) => number) => over.reduce((all, each) => all + count(each), 0);
  const [sessions, deeds] = [sum((report) => report.sessions), sum((report) => report.deeds)];
  say(`${sessions} sessions, ${deeds} deeds, ${sum(({ files }) => files)} files compared at the end`);
  return over.flatMap(({ complaints }) => [...complaints]);
}
