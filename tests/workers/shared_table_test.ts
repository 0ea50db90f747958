import { assert, assertEquals } from "@std/assert";
import { makeTable, SharedTable } from "../../lib/workers/shared_table.ts";
import type { Race } from "./table_worker.ts";

Deno.test("SharedTable counts over all workers", () => {
  const memory = makeTable(2);
  const [one, other] = [new SharedTable(memory, 0), new SharedTable(memory, 1)];
  assertEquals(one.add("a"), 0);
  assertEquals(other.add("a"), 1);
  assertEquals([one.of("a"), other.of("a"), one.of("b")], [2, 2, 0]);
  assertEquals(one.remove("a"), 2);
  assertEquals(other.of("a"), 1);
});

Deno.test("SharedTable holds a limit over all workers", () => {
  const memory = makeTable(2);
  const [one, other] = [new SharedTable(memory, 0), new SharedTable(memory, 1)];
  assertEquals(one.add("a", 2), 0);
  assertEquals(other.add("a", 2), 1);
  assertEquals(one.add("a", 2), undefined);
  assertEquals(other.add("a", 2), undefined);
  one.remove("a");
  assertEquals(other.add("a", 2), 1);
});

Deno.test("SharedTable takes off what a worker has counted, and nothing else", () => {
  const memory = makeTable(2, 64);
  const [one, other] = [new SharedTable(memory, 0), new SharedTable(memory, 1)];
  for (let index = 0; index < 40; index++) one.add(`only ${index}`);
  for (let index = 0; index < 20; index++) {
    one.add(`both ${index}`);
    other.add(`both ${index}`);
  }
  one.clear();
  for (let index = 0; index < 40; index++) assertEquals(other.of(`only ${index}`), 0);
  for (let index = 0; index < 20; index++) assertEquals(other.of(`both ${index}`), 1);
});

Deno.test("SharedTable takes nothing off that its worker has not counted", () => {
  const memory = makeTable(2);
  const [one, other] = [new SharedTable(memory, 0), new SharedTable(memory, 1)];
  other.add("a");
  one.remove("a");
  assertEquals(other.of("a"), 1);
});

Deno.test("SharedTable refuses a new key when it is full, and takes it when there is room again", () => {
  const table = new SharedTable(makeTable(1, 8), 0);
  for (let index = 0; index < 7; index++) assertEquals(table.add(`key ${index}`), 0);
  assertEquals(table.add("another"), undefined);
  assertEquals(table.add("key 3"), 1);
  table.remove("key 5");
  assertEquals(table.add("another"), 0);
});

/** A small generator, the same numbers every time (Park and Miller). */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = state * 48271 % 2147483647;
    return state % below;
  };
}

for (const seed of [1, 20, 300]) {
  Deno.test(`SharedTable counts as a map does, whatever comes and goes (seed ${seed})`, () => {
    const random = makeRandom(seed);
    const memory = makeTable(3, 32);
    const tables = [0, 1, 2].map((worker) => new SharedTable(memory, worker));
    const model = tables.map(() => new Map<string, number>());
    const countOf = (key: string) => model.reduce((sum, counts) => sum + (counts.get(key) ?? 0), 0);
    for (let step = 0; step < 5_000; step++) {
      const worker = random(3);
      const key = `key ${random(24)}`;
      const own = model[worker]?.get(key) ?? 0;
      const before = countOf(key);
      if (random(400) === 0) {
        tables[worker]?.clear();
        model[worker]?.clear();
      } else if (random(2) === 0) {
        assertEquals(tables[worker]?.add(key, 5), before < 5 ? before : undefined);
        if (before < 5) model[worker]?.set(key, own + 1);
      } else {
        assertEquals(tables[worker]?.remove(key), before);
        model[worker]?.set(key, Math.max(0, own - 1));
      }
      assertEquals(tables[0]?.of(key), countOf(key));
    }
  });
}

Deno.test("SharedTable loses no count and passes no limit when threads count at the same time", async () => {
  const memory = makeTable(2, 16);
  const keeper = new SharedTable(memory, 0);
  keeper.add("key 0");
  const most = await Promise.all([0, 1].map((worker) => runRace({ memory, worker, rounds: 10_000, limit: 2 })));
  assert(Math.max(...most) <= 2);
  assertEquals(["key 0", "key 1", "key 2", "key 3", "key 4"].map((key) => keeper.of(key)), [1, 0, 0, 0, 0]);
});

async function runRace(race: Race): Promise<number> {
  const worker = new Worker(new URL("./table_worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => data === "hello" ? worker.postMessage(race) : resolve(data);
    });
  } finally {
    worker.terminate();
  }
}
