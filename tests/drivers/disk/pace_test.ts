import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { DiskPace, paceOf, SyncPace } from "../../../lib/drivers/disk/pace.ts";

Deno.test("DiskPace is fast until a call is slow, and again after two seconds without one", () => {
  let now = 0;
  const pace = new DiskPace(() => now);
  const call = (milliseconds: number) => {
    const began = now;
    now += milliseconds;
    pace.ended(began);
  };
  call(10);
  assertEquals(pace.quick, true);
  call(11);
  assertEquals(pace.quick, false);
  now += 1_500;
  call(200);
  now += 1_999;
  assertEquals(pace.quick, false);
  call(1);
  assertEquals(pace.quick, true);
});

Deno.test("SyncPace tries a sync that keeps all waiting after a quick one, and lets go after two slow ones", () => {
  let now = 0;
  const pace = new SyncPace(() => now);
  assertEquals(pace.quick, false);
  pace.waited(5);
  assertEquals(pace.quick, false);
  pace.waited(0.2);
  assertEquals(pace.quick, true);
  for (const duration of [0.01, 3, 0.01, 0.3]) pace.blocked(duration);
  assertEquals(pace.quick, true);
  pace.blocked(0.3);
  assertEquals(pace.quick, false);
  pace.waited(0.2);
  assertEquals(pace.quick, false);
  now += 2_000;
  assertEquals(pace.quick, true);
  pace.waited(5);
  assertEquals(pace.quick, false);
});

Deno.test("paceOf knows each device by itself", () => {
  assertStrictEquals(paceOf(-1), paceOf(-1));
  assert(paceOf(-1) !== paceOf(-2));
});
