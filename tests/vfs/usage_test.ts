import { assert, assertEquals } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { nextCount, sizeOfTree, UsageMeter, usageMeters } from "../../lib/vfs/usage.ts";
import { type Entry, VfsError } from "../../lib/vfs/vfs.ts";
import { assertFails, at, PausableVfs, UncountedVfs } from "./helpers.ts";

/** A driver whose listing fails, as that of a disk that is away. */
class Unlistable extends UncountedVfs {
  // deno-lint-ignore require-yield
  override async *list(): AsyncGenerator<readonly Entry[], void> {
    throw await Promise.resolve(new VfsError("failed", "Cannot be listed"));
  }
}

Deno.test("UsageMeter counts again after a count that failed", async () => {
  const usage = new UsageMeter();
  const inner = new MemoryVfs({ files: { "/f": "123" } });
  await assertFails("failed", () => usage.count(new Unlistable(inner)));
  await usage.count(inner);
  await usage.count(inner);
  assertEquals(usage.bytes, 3);
});

Deno.test("UsageMeter lets all that ask at once wait for one count", async () => {
  const usage = new UsageMeter();
  const vfs = new PausableVfs(new MemoryVfs({ files: { "/f": "123" } }));
  await Promise.all([usage.count(vfs), usage.recount(vfs), usage.count(vfs)]);
  assertEquals([usage.bytes, vfs.walks], [3, 1]);
});

Deno.test("UsageMeter adds what was being written when a count began, and never was when it ended", async () => {
  const usage = new UsageMeter();
  const vfs = new PausableVfs(new MemoryVfs({ files: { "/f": "123" } }));
  usage.take(10, 100);
  usage.take(20, 100);
  usage.settle(20);
  const { listed, resume } = vfs.pause();
  const counted = usage.count(vfs);
  await listed;
  usage.settle(10);
  resume();
  await counted;
  assertEquals(usage.bytes, 13);
});

Deno.test("UsageMeter keeps what it knows when it cannot count again", async () => {
  let now = 0;
  const usage = new UsageMeter({ clock: () => now });
  const inner = new MemoryVfs({ files: { "/f": "123" } });
  await usage.count(inner);
  await inner.remove(at("/f"));
  now = 10_000;
  await assertFails("failed", () => usage.recount(new Unlistable(inner)));
  assertEquals(usage.bytes, 3);
  await usage.recount(inner);
  assertEquals(usage.bytes, 0);
});

Deno.test("nextCount leaves ten seconds, and ten times as long as the count took", () => {
  assertEquals([nextCount(5, 5), nextCount(5, 1005), nextCount(0, 20_000)], [10_005, 11_005, 220_000]);
});

Deno.test("usageMeters returns one meter per root", () => {
  const usageOf = usageMeters();
  assertEquals([usageOf("/a") === usageOf("/a"), usageOf("/a") === usageOf("/b")], [true, false]);
});

Deno.test("sizeOfTree lets others run while it goes through many small directories", async () => {
  const files = new MemoryVfs();
  for (let index = 0; index < 300; index++) files.write(`/${index % 20}/${index}/file`, "123");
  const vfs = new UncountedVfs(files);
  let ran = false;
  const timer = setTimeout(() => ran = true, 0);
  assertEquals((await sizeOfTree(vfs)).bytes, 900);
  clearTimeout(timer);
  assert(ran);
});
