import { assertEquals } from "@std/assert";
import { COARSE_STEP, History } from "../../lib/admin/watch/history.ts";
import type { Sample } from "../../lib/admin/watch/samples.ts";

/** A sample of a server that has sent `sent` bytes. */
function sample(time: number, sent: number, more: Partial<Sample> = {}): Sample {
  const totals = { sent, received: 0, logins: 0, failedLogins: 0 };
  return { time, sessions: 1, transfers: 0, totals, lag: 0, ...more };
}

Deno.test("A history has rates between neighbours, and none for the first", () => {
  const history = new History();
  history.addCoarse(sample(1_000_000, 0));
  history.addCoarse(sample(1_060_000, 120_000));
  history.addCoarse(sample(1_120_000, 120_000));
  assertEquals(history.coarse.times, [1060, 1120]);
  assertEquals(history.coarse.sent, [2000, 0]);
});

Deno.test("Logins are counted by the minute, whatever the step", () => {
  const history = new History();
  const totals = (logins: number) => ({ sent: 0, received: 0, logins, failedLogins: 0 });
  history.addFine(sample(0, 0, { totals: totals(0) }));
  history.addFine(sample(10_000, 0, { totals: totals(5) }));
  assertEquals(history.fine.logins, [30]);
});

Deno.test("The last 15 minutes are in fine steps since somebody looked, and in coarse ones before", () => {
  const history = new History();
  for (let minute = 0; minute < 30; minute++) history.addCoarse(sample(minute * COARSE_STEP, 0));
  const last = 29 * COARSE_STEP;
  for (let second = 1; second <= 20; second++) history.addFine(sample(last + second * 1000, 0));
  const { times } = history.fine;
  // Every five seconds of the twenty, though there was a look each second.
  assertEquals(times.slice(-4), [1, 6, 11, 16].map((second) => last / 1000 + second));
  assertEquals(times.at(-5), last / 1000);
  assertEquals(Number(times[0]) >= last / 1000 - 15 * 60, true);
});

Deno.test("A history keeps 24 hours and no more", () => {
  const history = new History();
  const minutes = 3 * 24 * 60;
  for (let minute = 0; minute <= minutes; minute++) history.addCoarse(sample(minute * COARSE_STEP, minute));
  assertEquals(history.coarse.times.length, 24 * 60);
  assertEquals(history.coarse.times.at(-1), minutes * 60);
});
