import { assertEquals } from "@std/assert";
import { SharedTimers } from "../../lib/data/shared_timers.ts";

/** Resolves when a limit is over, to how many were over before it. */
function over(timers: SharedTimers, milliseconds: number, before: () => number): Promise<number> {
  return new Promise((resolve) => timers.start(milliseconds, () => resolve(before())));
}

Deno.test("SharedTimers end limits in the order in which they began, each after its time", async () => {
  const timers = new SharedTimers();
  const began = performance.now();
  let count = 0;
  const orders = await Promise.all(Array.from({ length: 3 }, () => over(timers, 20, () => count++)));
  assertEquals(orders, [0, 1, 2]);
  assertEquals(performance.now() - began >= 20, true);
});

Deno.test("SharedTimers let a short limit end before a long one that began earlier", async () => {
  const timers = new SharedTimers();
  const long = timers.start(60_000, () => {
    throw new Error("too early");
  });
  assertEquals(await over(timers, 5, () => 0), 0);
  long.end();
});

Deno.test("SharedTimers call nothing for a limit that was ended, and the next one in time", async () => {
  const timers = new SharedTimers();
  const first = timers.start(10, () => {
    throw new Error("It was ended");
  });
  const next = over(timers, 10, () => 0);
  first.end();
  first.end();
  assertEquals(await next, 0);
});

Deno.test("SharedTimers may begin a limit while another one ends", async () => {
  const timers = new SharedTimers();
  const second = await new Promise<Promise<number>>((resolve) => {
    timers.start(5, () => resolve(over(timers, 5, () => 1)));
  });
  assertEquals(await second, 1);
});

// The sanitizer fails these tests if a timer of the runtime is left.
Deno.test("SharedTimers that stay keep their timer for the next limit, and end it when they no longer stay", () => {
  const company = { hasSessions: true };
  const timers = new SharedTimers(company);
  timers.start(60_000, () => {}).end();
  timers.start(60_000, () => {}).end();
  company.hasSessions = false;
  timers.settle();
});

Deno.test("SharedTimers that no longer stay end their timer with the last limit", () => {
  const company = { hasSessions: true };
  const timers = new SharedTimers(company);
  const last = timers.start(60_000, () => {});
  company.hasSessions = false;
  timers.settle();
  last.end();
});
