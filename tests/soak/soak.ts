/**
 * Many visitors at once for a while, some of whom vanish, and then the question whether the server is as it was: no
 * session, no listener, no open file, no more memory, and every file that was answered 226 intact.
 *
 *     deno task test:soak [--seconds 120] [--visitors 200] [--seed N] [--workers 1] [--native-io]
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";
import { makePayload } from "../clients/payload.ts";
import { type Account, ServerUnderTest } from "../clients/server_under_test.ts";
import { SHARED } from "./deeds.ts";
import { type Holdings, holdings } from "./proc.ts";
import { Visitor } from "./visitor.ts";
import { Control } from "./wire.ts";

const SETTLED_WITHIN_MS = 30_000;
/**
 * How much more may be resident for each worker after the second part than after the first. The runtime is not done
 * growing after a short first part: two workers end at 375 MiB after 20 s as after 60.
 */
const GROWTH_MIB = 96;

const ACCOUNTS: readonly Account[] = ["alice", "bob", "carol", "dave"].map((user) => ({
  user,
  password: `${user}-on-tour`,
}));

interface Plan {
  readonly seconds: number;
  readonly visitors: number;
  readonly seed: number;
  readonly workers: number;
  readonly nativeIo: boolean;
}

/** What is a number in a plan. */
type Amount = "seconds" | "visitors" | "seed" | "workers";

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function readPlan(args: readonly string[]): Plan {
  const flags = parseArgs(args, { string: ["seconds", "visitors", "seed", "workers"], boolean: ["native-io"] });
  const number = (name: Amount, otherwise: number): number => {
    const value = Number(flags[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot read --${name} "${flags[name]}": not a whole number above 0`);
    }
    return value;
  };
  return {
    seconds: number("seconds", 120),
    visitors: number("visitors", 200),
    seed: number("seed", 1 + Math.floor(Math.random() * 1_000_000)),
    workers: number("workers", 1),
    nativeIo: flags["native-io"] === true,
  };
}

/** Sends `visitors` in for `seconds` and waits until the last one is out. */
async function stay(visitors: readonly Visitor[], seconds: number): Promise<void> {
  const closing = AbortSignal.timeout(seconds * 1000);
  await Promise.all(visitors.map((visitor) => visitor.run(closing)));
}

/** What the server holds once nothing is left of its visitors, or what it still holds after half a minute. */
async function settle(server: ServerUnderTest, plan: Plan): Promise<Holdings> {
  const end = Date.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const now = holdings(server.pid, server.root);
    // A data thread closes a port some milliseconds after the session that gave it up is gone.
    if (leaks(now, plan).length === 0 || Date.now() > end) return now;
    // There is no event to wait for: the kernel is asked from outside, on purpose.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Sessions that the server itself counts, the asking one left out. */
async function liveSessions(server: ServerUnderTest): Promise<number> {
  const [account] = ACCOUNTS;
  if (account === undefined) throw new RangeError("The soak has no account");
  const control = await Control.open(server);
  await control.expectReply("the greeting", 220);
  await control.expect(`USER ${account.user}`, 331);
  await control.expect(`PASS ${account.password}`, 230);
  const { lines } = await control.expect("SITE WHO", 200, 211);
  await control.expect("QUIT", 221);
  control.leave("FIN");
  // The first line and the last are about the list, and one of the sessions is this one.
  return lines.length - 3;
}

/** What is left besides a listener for each worker. */
function leaks({ listeners, connections, files }: Holdings, { workers }: Plan): string[] {
  const lines: string[] = [];
  if (listeners !== workers) lines.push(`${listeners} listeners are left instead of ${workers}`);
  if (connections !== 0) lines.push(`${connections} connections are still open`);
  if (files !== 0) lines.push(`${files} files are still open`);
  return lines;
}

/**
 * Passive ports come from below the range that the kernel picks from. Server and visitors share one address here, and a
 * server that connects to a visitor's port which has just been closed must not meet its own listener there.
 */
const FLAGS = ["--max-sessions", "5000", "--max-sessions-per-ip", "5000", "--passive-ports", "20000-23999"];

/** Runs the plan; resolves to everything that is not as it should be. */
async function soak(plan: Plan): Promise<string[]> {
  const { workers, nativeIo } = plan;
  const flags = nativeIo ? [...FLAGS, "--native-io", "--digests", "off"] : FLAGS;
  await using server = await ServerUnderTest.start({ accounts: ACCOUNTS, logLevel: "warning", workers, flags });
  await Deno.mkdir(join(server.root, "shared"));
  await Deno.writeFile(join(server.root, SHARED.path), makePayload(SHARED.size, SHARED.seed));
  const empty = holdings(server.pid, server.root);
  const visitors = Array.from({ length: plan.visitors }, (_, number) => {
    const account = ACCOUNTS[number % ACCOUNTS.length];
    if (account === undefined) throw new RangeError("The soak has no account");
    return new Visitor({ number, address: server, account, seed: plan.seed });
  });

  const warmUp = Math.ceil(plan.seconds / 3);
  await stay(visitors, warmUp);
  const first = await settle(server, plan);
  await stay(visitors, Math.max(1, plan.seconds - warmUp));
  const last = await settle(server, plan);

  const problems = [...visitors.flatMap(({ complaints }) => complaints), ...leaks(last, plan)];
  const growth = last.residentMiB - first.residentMiB;
  if (growth > GROWTH_MIB * workers) problems.push(`Resident memory grew by ${growth.toFixed(0)} MiB`);
  const sessions = await liveSessions(server).catch((error: unknown) => String(error));
  if (sessions !== 0) problems.push(`The server counts ${sessions} sessions`);
  for (const visitor of visitors) problems.push(...await visitor.ledger.differences(server.root));
  const status = await server.stop();
  if (status.code !== 0) problems.push(`The server ended with ${status.signal ?? status.code}`);
  const log = server.log();
  if (/unhandled|uncaught|panicked/i.test(log)) problems.push("The log tells of an unhandled error");
  if (problems.length > 0) problems.push(`--- end of the server's log ---\n${log.slice(-4000)}`);
  summarise(visitors, [empty, first, last]);
  return problems;
}

function summarise(visitors: readonly Visitor[], moments: readonly Holdings[]): void {
  const sum = (count: (visitor: Visitor) => number): number =>
    visitors.reduce((total, visitor) => total + count(visitor), 0);
  const files = sum(({ ledger }) => ledger.paths.length);
  const resident = moments.map(({ residentMiB }) => residentMiB.toFixed(0)).join(", ");
  say(
    `${sum(({ sessions }) => sessions)} sessions, ${
      sum(({ deeds }) => deeds)
    } deeds, ${files} files to check at the end`,
  );
  say(`resident at the start, after the first part, at the end: ${resident} MiB`);
}

/** One line for equal ones, with their number. */
function counted(lines: readonly string[]): string[] {
  const groups = Map.groupBy(lines, (line) => line);
  return [...groups].map(([line, { length }]) => length === 1 ? line : `${length} times: ${line}`);
}

const plan = readPlan(Deno.args);
say(`soak: ${plan.visitors} visitors for ${plan.seconds} s, --seed ${plan.seed}`);
const problems = await soak(plan);
for (const problem of counted(problems)) say(`  ${problem}`);
say(problems.length === 0 ? "soak: ok" : `soak: FAILED, ${problems.length} problems`);
Deno.exitCode = problems.length === 0 ? 0 : 1;
