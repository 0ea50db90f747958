/**
 * Many visitors at once for a while, some of whom vanish, and then the question whether the server is as it was: no
 * session, no listener, no open file, no more memory, and every file that was answered 226 intact.
 *
 *     deno task test:soak [--seconds 120] [--visitors 200] [--seed N] [--workers 1] [--native-io]
 *     deno task test:soak --busy 1000 --idle 15000 [--think 10000] [--seconds 120] [--seed N]
 *
 * With `--busy` or `--idle` the clients are processes of their own, see `load.ts`.
 *
 * @module
 */

import { join } from "@std/path";
import { makePayload } from "../clients/payload.ts";
import { ServerUnderTest } from "../clients/server_under_test.ts";
import { accountOf, ACCOUNTS, farewell, leaks, settle } from "./aftermath.ts";
import { SHARED } from "./deeds.ts";
import { bear } from "./load.ts";
import { type Plan, readPlan } from "./plan.ts";
import { type Holdings, holdings } from "./proc.ts";
import { say } from "./say.ts";
import { Visitor } from "./visitor.ts";

/**
 * How much more may be resident for each worker after the second part than after the first. The runtime is not done
 * growing after a short first part: two workers end at 375 MiB after 20 s as after 60.
 */
const GROWTH_MIB = 96;

/** Sends `visitors` in for `seconds` and waits until the last one is out. */
async function stay(visitors: readonly Visitor[], seconds: number): Promise<void> {
  const closing = AbortSignal.timeout(seconds * 1000);
  await Promise.all(visitors.map((visitor) => visitor.run(closing)));
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
  const visitors = Array.from(
    { length: plan.visitors },
    (_, number) => new Visitor({ number, address: server, account: accountOf(number), seed: plan.seed }),
  );

  const rest = { listeners: workers };
  const warmUp = Math.ceil(plan.seconds / 3);
  await stay(visitors, warmUp);
  const first = await settle(server, rest);
  await stay(visitors, Math.max(1, plan.seconds - warmUp));
  const last = await settle(server, rest);

  const problems = [...visitors.flatMap(({ complaints }) => complaints), ...leaks(last, rest)];
  const growth = last.residentMiB - first.residentMiB;
  if (growth > GROWTH_MIB * workers) problems.push(`Resident memory grew by ${growth.toFixed(0)} MiB`);
  for (const visitor of visitors) problems.push(...await visitor.ledger.differences(server.root));
  problems.push(...await farewell(server));
  if (problems.length > 0) problems.push(`--- end of the server's log ---\n${server.log().slice(-4000)}`);
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
const { load } = plan;
const who = load === undefined ? `${plan.visitors} visitors` : `${load.busy} busy and ${load.idle} idle sessions`;
say(`soak: ${who} for ${plan.seconds} s, --seed ${plan.seed}`);
const problems = await (load === undefined ? soak(plan) : bear(plan, load));
for (const problem of counted(problems)) say(`  ${problem}`);
say(problems.length === 0 ? "soak: ok" : `soak: FAILED, ${problems.length} problems`);
Deno.exitCode = problems.length === 0 ? 0 : 1;
