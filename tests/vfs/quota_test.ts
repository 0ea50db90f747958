import { assertEquals } from "@std/assert";
import { openDisk } from "../../lib/vfs/disk.ts";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import { MemoryVfs } from "../../lib/vfs/memory.ts";
import { UsageMeter, withQuota } from "../../lib/vfs/quota.ts";
import { withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { type Entry, type Vfs, VfsError } from "../../lib/vfs/vfs.ts";
import { assertFails, at, bytes, namesOf, put, readText, withTempDir } from "./helpers.ts";

function limited(limit: number, files: Record<string, string> = {}): { inner: MemoryVfs; vfs: Vfs; usage: UsageMeter } {
  const usage = new UsageMeter();
  const inner = new MemoryVfs({ files });
  return { inner, usage, vfs: withQuota(inner, { limit, usage }) };
}

Deno.test("withQuota counts what is there first, at any depth", async () => {
  const { vfs, usage } = limited(10, { "/a": "123", "/d/e/f": "4567" });
  await assertFails("overQuota", () => put(vfs, "/b", "abcd"));
  assertEquals(usage.bytes, 7);
  await put(vfs, "/b", "abc");
  assertEquals(usage.bytes, 10);
});

Deno.test("withQuota lets through up to the last byte and leaves what was written", async () => {
  const { vfs, usage } = limited(10);
  const sink = await vfs.openWrite(at("/f"));
  await sink.write(bytes("1234567890"));
  await assertFails("overQuota", () => sink.write(bytes("x")));
  await sink.abort();
  assertEquals([await readText(vfs, "/f"), usage.bytes], ["1234567890", 10]);
});

Deno.test("withQuota keeps up with all that changes the sum", async () => {
  const { vfs, usage } = limited(100, { "/a": "12345", "/b": "123" });
  await put(vfs, "/a", "12");
  assertEquals(usage.bytes, 5);
  await put(vfs, "/a", "345", { append: true });
  assertEquals(usage.bytes, 8);
  await put(vfs, "/a", "xx", { offset: 1 });
  assertEquals(usage.bytes, 8);
  await put(vfs, "/a", "yyyy", { offset: 3 });
  assertEquals(usage.bytes, 10);
  await vfs.rename(at("/b"), at("/a"));
  assertEquals(usage.bytes, 3);
  await vfs.rename(at("/a"), at("/a"));
  await vfs.rename(at("/a"), at("/c"));
  assertEquals(usage.bytes, 3);
  await vfs.remove(at("/c"));
  assertEquals(usage.bytes, 0);
});

Deno.test("withQuota does not count what failed", async () => {
  const { vfs, usage } = limited(100, { "/a": "12345" });
  await assertFails("notFound", () => vfs.remove(at("/missing")));
  await assertFails("pastEnd", () => vfs.openWrite(at("/a"), { offset: 9 }));
  await assertFails("exists", () => vfs.openWrite(at("/a"), { exclusive: true }));
  assertEquals(usage.bytes, 5);
});

Deno.test("withQuota stops two sessions of an account together", async () => {
  const { inner, vfs, usage } = limited(10);
  const other = withQuota(inner, { limit: 10, usage });
  const [one, two] = [await vfs.openWrite(at("/a")), await other.openWrite(at("/b"))];
  await one.write(bytes("123456"));
  await assertFails("overQuota", () => two.write(bytes("12345")));
  await two.write(bytes("1234"));
  await one.commit();
  await two.commit();
});

Deno.test("withQuota tells the free space that the limit leaves", async () => {
  const { vfs } = limited(100, { "/a": "12345" });
  assertEquals(await vfs.extras.space?.(at("/")), { free: 95, total: 100 });
  assertEquals(await limited(3, { "/a": "12345" }).vfs.extras.space?.(at("/")), { free: 0, total: 3 });
});

Deno.test("withQuota below atomic uploads frees what broke off and what was replaced", async () => {
  const { inner, vfs, usage } = limited(10, { "/a": "1234" });
  const atomic = withUploadPolicy(vfs, { mode: "atomic", broken: "delete" });
  const sink = await atomic.openWrite(at("/b"));
  await sink.write(bytes("123456"));
  assertEquals(usage.bytes, 10);
  await sink.abort();
  assertEquals(usage.bytes, 4);
  await put(atomic, "/a", "12345");
  assertEquals([usage.bytes, await namesOf(inner, "/")], [5, ["a"]]);
});

Deno.test("withQuota counts a linked file once and a linked directory never", () =>
  withTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/d`);
    await Deno.writeTextFile(`${dir}/d/f`, "12345");
    await Deno.symlink("d/f", `${dir}/link`);
    await Deno.symlink("..", `${dir}/d/loop`);
    const usage = new UsageMeter();
    const vfs = withQuota(await openDisk(dir), { limit: 100, usage });
    await usage.count(vfs);
    assertEquals(usage.bytes, 5);
    await vfs.remove(at("/link"));
    assertEquals(usage.bytes, 5);
  }));

/** A driver whose listing fails, as that of a disk that is away. */
class Unlistable extends ForwardingVfs {
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
