import { assert, assertEquals } from "@std/assert";
import { makePaceMemory, Pace, type PaceOptions } from "../../lib/auth/pace.ts";

function paceAt(options: Partial<PaceOptions> = {}, start = 1_000_000) {
  const clock = { now: start };
  return { clock, pace: new Pace({ interval: 100, burst: 3, now: () => clock.now, ...options }) };
}

Deno.test("Pace allows a few at once, and then one per interval", () => {
  const { clock, pace } = paceAt();
  const place = pace.placeOf("x");
  assertEquals([1, 2, 3, 4].map(() => pace.take(place)), [true, true, true, false]);
  assertEquals(pace.waitFor(place), 100);
  clock.now += 99;
  assert(!pace.take(place));
  clock.now += 1;
  assertEquals([1, 2].map(() => pace.take(place)), [true, false]);
  clock.now += 10_000;
  assertEquals([1, 2, 3, 4].map(() => pace.take(place)), [true, true, true, false]);
});

Deno.test("Pace keeps keys apart", () => {
  const { pace } = paceAt({ burst: 1 });
  assert(pace.take(pace.placeOf("x")));
  assert(!pace.take(pace.placeOf("x")));
  assert(pace.take(pace.placeOf("y")) || pace.placeOf("x") === pace.placeOf("y"));
});

Deno.test("Pace takes back what need not be paid for, and no more than was taken", () => {
  const { pace } = paceAt();
  const place = pace.placeOf("x");
  for (let login = 0; login < 100; login++) {
    assert(pace.take(place));
    pace.giveBack(place);
  }
  pace.giveBack(place);
  assertEquals([1, 2, 3, 4].map(() => pace.take(place)), [true, true, true, false]);
});

Deno.test("Pace that is exhausted allows one after an interval, and none at once", () => {
  const { clock, pace } = paceAt();
  const place = pace.placeOf("x");
  assert(pace.take(place));
  pace.exhaust(place);
  pace.exhaust(place);
  assertEquals(pace.waitFor(place), 100);
  clock.now += 100;
  assertEquals([1, 2].map(() => pace.take(place)), [true, false]);
});

Deno.test("Pace is one for all loops that share its memory", () => {
  const memory = makePaceMemory();
  const [{ pace: one }, { pace: other }] = [paceAt({ memory }), paceAt({ memory })];
  const place = one.placeOf("x");
  assertEquals(other.placeOf("x"), place);
  assertEquals([one, other, one, other].map((pace) => pace.take(place)), [true, true, true, false]);
  other.giveBack(place);
  assert(one.take(place));
});

Deno.test("Pace delays no client when its 32 bits wrap, nor after the clock was set back", () => {
  const { clock, pace } = paceAt({}, 2 ** 31 - 50);
  const place = pace.placeOf("x");
  assertEquals([1, 2, 3, 4].map(() => pace.take(place)), [true, true, true, false]);
  assertEquals(pace.waitFor(place), 100);
  clock.now += 100;
  assertEquals([1, 2].map(() => pace.take(place)), [true, false]);
  clock.now += 2 ** 31;
  assert(pace.take(place));
  clock.now -= 3_600_000;
  assert(pace.take(place));
});

Deno.test("Pace without an interval has no bound", () => {
  const { pace } = paceAt({ interval: 0 });
  const place = pace.placeOf("x");
  for (let time = 0; time < 1_000; time++) assert(pace.take(place));
  pace.exhaust(place);
  assertEquals(pace.waitFor(place), 0);
});
