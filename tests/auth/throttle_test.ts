import { assert, assertEquals } from "@std/assert";
import { FailureThrottle, type ThrottleOptions } from "../../lib/auth/throttle.ts";

const HERE = "192.0.2.1";

/** A throttle with a clock that the test turns. */
function throttleAt(options: Partial<ThrottleOptions> = {}) {
  const clock = { now: 1_000_000 };
  return { clock, throttle: new FailureThrottle({ delay: 1_000, now: () => clock.now, ...options }) };
}

function fail(throttle: FailureThrottle, times: number, name?: string, address = HERE): void {
  for (let time = 0; time < times; time++) throttle.failed(address, name);
}

Deno.test("FailureThrottle doubles the wait up to a limit", () => {
  const { throttle } = throttleAt({ delay: 100, maxDelay: 1_000 });
  const waits = Array.from({ length: 6 }, () => {
    throttle.failed(HERE, "bob");
    return throttle.delayFor(HERE, "bob");
  });
  assertEquals(waits, [100, 200, 400, 800, 1_000, 1_000]);
  assertEquals(throttle.delayFor("192.0.2.2", "bob"), 0);
});

Deno.test("FailureThrottle waits a second after the first failure by default, and not at all with delay 0", () => {
  const { throttle } = throttleAt();
  fail(throttle, 1);
  assertEquals(throttle.delayFor(HERE), 1_000);
  const { throttle: patient } = throttleAt({ delay: 0 });
  fail(patient, 9);
  assertEquals(patient.delayFor(HERE), 0);
});

Deno.test("FailureThrottle does not count failures of one account against others at the address", () => {
  const { throttle } = throttleAt({ delay: 100 });
  for (let guess = 0; guess < 50; guess++) throttle.failed(HERE, `guess ${guess}`);
  assertEquals(throttle.delayFor(HERE, "alice"), 0);
});

Deno.test("FailureThrottle knows an account at an address for a day, and reports it once an hour", () => {
  const { clock, throttle } = throttleAt({ capacity: 2 });
  const hour = 3_600_000;
  assert(!throttle.isKnown(HERE, "bob"));
  assert(throttle.succeeded(HERE, "bob"));
  assert(throttle.isKnown(HERE, "bob"));
  assert(!throttle.isKnown(HERE, "alice"));
  assert(!throttle.isKnown("192.0.2.2", "bob"));
  clock.now += hour - 1;
  assert(!throttle.succeeded(HERE, "bob"));
  clock.now += 1;
  assert(throttle.succeeded(HERE, "bob"));
  clock.now += 24 * hour - 1;
  assert(throttle.isKnown(HERE, "bob"));
  clock.now += 1;
  assert(!throttle.isKnown(HERE, "bob"));
  for (const name of ["a", "b", "c"]) throttle.succeeded(HERE, name);
  assertEquals(["a", "b", "c"].map((name) => throttle.isKnown(HERE, name)), [false, true, true]);
});

Deno.test("FailureThrottle forgives with a success what that account failed, and no more", () => {
  const { throttle } = throttleAt({ delay: 100 });
  fail(throttle, 3, "bob");
  fail(throttle, 6, "alice");
  throttle.succeeded(HERE, "bob");
  assertEquals(throttle.delayFor(HERE, "bob"), 0);
  assertEquals(throttle.delayFor(HERE, "alice"), 2_000);
  throttle.succeeded(HERE, "alice");
  assertEquals(throttle.delayFor(HERE, "alice"), 0);
});

Deno.test("FailureThrottle forgets failures one by one as they grow old", () => {
  const { clock, throttle } = throttleAt({ delay: 100, memory: 1_000 });
  fail(throttle, 1, "bob");
  clock.now += 600;
  fail(throttle, 1, "bob");
  assertEquals(throttle.delayFor(HERE, "bob"), 200);
  clock.now += 600;
  assertEquals(throttle.delayFor(HERE, "bob"), 100);
  clock.now += 600;
  assertEquals(throttle.delayFor(HERE, "bob"), 0);
});

Deno.test("FailureThrottle counts an IPv6 address as its /64, a mapped one as IPv4", () => {
  const { throttle } = throttleAt({ delay: 100 });
  throttle.failed("2001:db8::1");
  assertEquals(throttle.delayFor("2001:db8::2:3"), 100);
  assertEquals(throttle.delayFor("2001:db8:0:1::1"), 0);
  throttle.failed("::ffff:192.0.2.1");
  assertEquals(throttle.delayFor(HERE), 100);
});

Deno.test("FailureThrottle remembers a bounded number of addresses, those that failed last", () => {
  const { throttle } = throttleAt({ delay: 100, capacity: 2 });
  for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3"]) throttle.failed(address);
  assertEquals(["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => throttle.delayFor(address)), [200, 0, 100]);
});
