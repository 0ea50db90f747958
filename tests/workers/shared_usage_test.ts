import { assertEquals, assertRejects } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { withQuota } from "../../lib/vfs/quota.ts";
import type { Usage } from "../../lib/vfs/usage.ts";
import { type Vfs, VfsError } from "../../lib/vfs/vfs.ts";
import { abandonCounts, makeUsages, sharedUsages } from "../../lib/workers/shared_usage.ts";
import { assertFails, at, PausableVfs, put, UncountedVfs } from "../vfs/helpers.ts";

Deno.test("sharedUsages shows the same bytes to every worker, separately for each root", () => {
  const memory = makeUsages();
  const [one, other] = [sharedUsages(memory, { worker: 0 }), sharedUsages(memory, { worker: 1 })];
  one("/a").take(10, Infinity);
  other("/a").take(5, Infinity);
  other("/b").take(1, Infinity);
  assertEquals([one("/a").bytes, other("/a").bytes, one("/b").bytes], [15, 15, 1]);
  one("/a").release(100);
  assertEquals(other("/a").bytes, 0);
});

Deno.test("sharedUsages takes no more than the limit across workers", () => {
  const memory = makeUsages();
  const [one, other] = [sharedUsages(memory, { worker: 0 })("/a"), sharedUsages(memory, { worker: 1 })("/a")];
  assertEquals(one.take(60, 100), true);
  assertEquals(other.take(60, 100), false);
  assertEquals(other.take(40, 100), true);
  assertEquals(one.bytes, 100);
});

Deno.test("sharedUsages keeps bytes beyond what 32 bits hold", () => {
  const usage = sharedUsages(makeUsages(), { worker: 0 })("/a");
  usage.take(2 ** 45, Infinity);
  assertEquals(usage.take(1, 2 ** 45), false);
  assertEquals(usage.take(1, 2 ** 45 + 1), true);
  assertEquals(usage.bytes, 2 ** 45 + 1);
});

Deno.test("sharedUsages counts a tree once, however many ask for it", async () => {
  const memory = makeUsages();
  const vfs = new MemoryVfs({ files: { "/x": "12345", "/y/z": "123" } });
  const usages = [0, 0, 1, 1].map((worker) => sharedUsages(memory, { worker: worker })("/a"));
  await Promise.all(usages.map((usage) => usage.count(vfs)));
  await usages[3]?.count(vfs);
  assertEquals(usages.map(({ bytes }) => bytes), [8, 8, 8, 8]);
});

/** Cannot be listed before `open` is called; then it fails, once. */
function makeStubborn(): { readonly vfs: Vfs; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const inner = new UncountedVfs(new MemoryVfs({ files: { "/x": "12345" } }));
  let failed = false;
  const vfs = new Proxy<Vfs>(inner, {
    get: (target, name) => {
      if (name !== "list") return Reflect.get(target, name, target);
      return async function* (...given: Parameters<Vfs["list"]>) {
        await promise;
        if (!failed) {
          failed = true;
          throw new Error("Cannot list");
        }
        yield* target.list(...given);
      };
    },
  });
  return { vfs, open: resolve };
}

Deno.test("sharedUsages lets another worker count when one has failed to", async () => {
  const memory = makeUsages();
  const { vfs, open } = makeStubborn();
  const first = sharedUsages(memory, { worker: 0 })("/a").count(vfs);
  const second = sharedUsages(memory, { worker: 1 })("/a").count(vfs);
  open();
  await assertRejects(() => first, Error, "Cannot list");
  await second;
  assertEquals(sharedUsages(memory, { worker: 0 })("/a").bytes, 5);
});

Deno.test("abandonCounts lets another worker count when one has died over it", async () => {
  const memory = makeUsages();
  const { vfs, open } = makeStubborn();
  const died = sharedUsages(memory, { worker: 0 })("/a").count(vfs).catch(() => {});
  const usage = sharedUsages(memory, { worker: 1 })("/a");
  const counted = usage.count(new MemoryVfs({ files: { "/x": "123" } }));
  abandonCounts(memory, 1);
  assertEquals(usage.bytes, 0);
  abandonCounts(memory, 0);
  await counted;
  assertEquals(usage.bytes, 3);
  open();
  await died;
});

/** The meters of one root in two workers, by a clock that the test moves. */
function pair(): { readonly one: Usage; readonly other: Usage; readonly pass: (milliseconds: number) => void } {
  let now = 1000;
  const memory = makeUsages();
  const clock = () => now;
  return {
    one: sharedUsages(memory, { worker: 0, clock })("/a"),
    other: sharedUsages(memory, { worker: 1, clock })("/a"),
    pass: (milliseconds) => void (now += milliseconds),
  };
}

Deno.test("sharedUsages counts again once in ten seconds for all workers", async () => {
  const { one, other, pass } = pair();
  const vfs = new MemoryVfs({ files: { "/x": "12345", "/y": "123" } });
  await one.count(vfs);
  await vfs.remove(at("/x"));
  pass(9999);
  await other.recount(vfs);
  assertEquals([one.bytes, other.bytes], [8, 8]);
  pass(1);
  await other.recount(vfs);
  assertEquals([one.bytes, other.bytes], [3, 3]);
  await vfs.remove(at("/y"));
  pass(9999);
  await one.recount(vfs);
  assertEquals([one.bytes, other.bytes], [3, 3]);
});

Deno.test("sharedUsages lets workers that ask while one counts wait for its count, however long it takes", async () => {
  const memory = makeUsages();
  const vfs = new PausableVfs(new MemoryVfs({ files: { "/x": "12345" } }));
  const one = sharedUsages(memory, { worker: 0, clock: () => 1 })("/a");
  const { listed, resume } = vfs.pause();
  let looks = 0;
  const clock = () => {
    if (++looks === 3) resume();
    return 1;
  };
  const other = sharedUsages(memory, { worker: 1, clock })("/a");
  const counts = [one.recount(vfs), other.recount(vfs)];
  await listed;
  other.take(2, 100);
  await Promise.all(counts);
  assertEquals([one.bytes, other.bytes, vfs.walks], [7, 7, 1]);
});

Deno.test("sharedUsages adds what its worker was writing when its count began", async () => {
  const usage = sharedUsages(makeUsages(), { worker: 0 })("/a");
  usage.take(10, 100);
  usage.take(20, 100);
  usage.settle(20);
  await usage.count(new MemoryVfs({ files: { "/x": "123" } }));
  assertEquals(usage.bytes, 13);
});

Deno.test("withQuota lets a worker write what was removed on the host after another has met the limit", async () => {
  const { one, other, pass } = pair();
  const inner = new MemoryVfs({ files: { "/x": "1234567890" } });
  const vfs = withQuota(inner, { limit: 10, usage: one });
  const second = withQuota(inner, { limit: 10, usage: other });
  await assertFails("overQuota", () => put(vfs, "/a", "1"));
  await inner.remove(at("/x"));
  pass(10_000);
  await put(second, "/b", "123456789");
  await assertFails("overQuota", () => put(vfs, "/c", "12"));
});

Deno.test("sharedUsages frees nothing for a directory that was closed, whichever worker counts", async () => {
  const memory = makeUsages();
  const inner = new MemoryVfs({ files: { "/d/f": "x".repeat(60) } });
  let shut = false;
  const vfs = new Proxy<Vfs>(inner, {
    get: (target, name) => {
      if (name !== "list") return Reflect.get(target, name, target);
      return async function* (...given: Parameters<Vfs["list"]>) {
        if (shut && given[0] === "/d") throw new VfsError("denied", "Permission denied");
        yield* target.list(...given);
      };
    },
  });
  let now = 0;
  const usages = [0, 1].map((worker) => sharedUsages(memory, { worker, clock: () => now })("/a"));
  await usages[0]?.count(vfs);
  shut = true;
  for (const usage of [...usages, ...usages]) {
    now += 10_000;
    await usage.recount(vfs);
    assertEquals(usage.bytes, 60);
  }
  shut = false;
  await inner.remove(at("/d/f"));
  now += 10_000;
  await usages[1]?.recount(vfs);
  assertEquals(usages[0]?.bytes, 0);
});
