import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { DiskPace, paceOf } from "../../../lib/drivers/disk/files.ts";

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

Deno.test("paceOf knows each device by itself", () => {
  assertStrictEquals(paceOf(-1), paceOf(-1));
  assert(paceOf(-1) !== paceOf(-2));
});
