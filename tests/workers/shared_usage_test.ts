import { assertEquals, assertRejects } from "@std/assert";
import { MemoryVfs } from "../../lib/vfs/memory.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { abandonCounts, makeUsages, sharedUsages } from "../../lib/workers/shared_usage.ts";

Deno.test("sharedUsages gives the same bytes to every worker, and each root its own", () => {
  const memory = makeUsages();
  const [one, other] = [sharedUsages(memory, 0), sharedUsages(memory, 1)];
  one("/a").add(10);
  other("/a").add(5);
  other("/b").add(1);
  assertEquals([one("/a").bytes, other("/a").bytes, one("/b").bytes], [15, 15, 1]);
  one("/a").add(-100);
  assertEquals(other("/a").bytes, 0);
});

Deno.test("sharedUsages takes no more than the limit, whoever asks", () => {
  const memory = makeUsages();
  const [one, other] = [sharedUsages(memory, 0)("/a"), sharedUsages(memory, 1)("/a")];
  assertEquals(one.take(60, 100), true);
  assertEquals(other.take(60, 100), false);
  assertEquals(other.take(40, 100), true);
  assertEquals(one.bytes, 100);
});

Deno.test("sharedUsages keeps bytes beyond what 32 bits hold", () => {
  const usage = sharedUsages(makeUsages(), 0)("/a");
  usage.add(2 ** 45);
  assertEquals(usage.take(1, 2 ** 45), false);
  assertEquals(usage.take(1, 2 ** 45 + 1), true);
  assertEquals(usage.bytes, 2 ** 45 + 1);
});

Deno.test("sharedUsages counts a tree once, however many ask for it", async () => {
  const memory = makeUsages();
  const vfs = new MemoryVfs({ files: { "/x": "12345", "/y/z": "123" } });
  const usages = [0, 0, 1, 1].map((worker) => sharedUsages(memory, worker)("/a"));
  await Promise.all(usages.map((usage) => usage.count(vfs)));
  await usages[3]?.count(vfs);
  assertEquals(usages.map(({ bytes }) => bytes), [8, 8, 8, 8]);
});

/** Cannot be listed before `open` is called; then it fails, once. */
function makeStubborn(): { readonly vfs: Vfs; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const inner = new MemoryVfs({ files: { "/x": "12345" } });
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
  const first = sharedUsages(memory, 0)("/a").count(vfs);
  const second = sharedUsages(memory, 1)("/a").count(vfs);
  open();
  await assertRejects(() => first, Error, "Cannot list");
  await second;
  assertEquals(sharedUsages(memory, 0)("/a").bytes, 5);
});

Deno.test("abandonCounts lets another worker count when one has died over it", async () => {
  const memory = makeUsages();
  const { vfs, open } = makeStubborn();
  const died = sharedUsages(memory, 0)("/a").count(vfs).catch(() => {});
  const usage = sharedUsages(memory, 1)("/a");
  const counted = usage.count(new MemoryVfs({ files: { "/x": "123" } }));
  abandonCounts(memory, 1);
  assertEquals(usage.bytes, 0);
  abandonCounts(memory, 0);
  await counted;
  assertEquals(usage.bytes, 3);
  open();
  await died;
});
