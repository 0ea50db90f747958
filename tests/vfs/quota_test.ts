import { assertEquals } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { withQuota } from "../../lib/vfs/quota.ts";
import { withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { UsageMeter } from "../../lib/vfs/usage.ts";
import {
  type Entry,
  type Space,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "../../lib/vfs/vfs.ts";
import { joinPath, parentOf, ROOT } from "../../lib/vfs/virtual_path.ts";
import { assertFails, at, bytes, namesOf, PausableVfs, put, readText, UncountedVfs, withTempDir } from "./helpers.ts";

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

Deno.test("withQuota accepts up to the last byte and keeps what was written", async () => {
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

Deno.test("withQuota stops two sessions of an account at their common limit", async () => {
  const { inner, vfs, usage } = limited(10);
  const other = withQuota(inner, { limit: 10, usage });
  const [one, two] = [await vfs.openWrite(at("/a")), await other.openWrite(at("/b"))];
  await one.write(bytes("123456"));
  await assertFails("overQuota", () => two.write(bytes("12345")));
  await two.write(bytes("1234"));
  await one.commit();
  await two.commit();
});

Deno.test("withQuota reports the free space that the limit leaves", async () => {
  const { vfs } = limited(100, { "/a": "12345" });
  assertEquals(await vfs.capabilities.space?.(at("/")), { free: 95, total: 100 });
  assertEquals(await limited(3, { "/a": "12345" }).vfs.capabilities.space?.(at("/")), { free: 0, total: 3 });
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

Deno.test("withQuota leaves the bytes of a file whose replacement broke off before its first byte", async () => {
  const { vfs, usage } = limited(10, { "/a": "12345" });
  await (await vfs.openWrite(at("/a"))).abort();
  assertEquals(usage.bytes, 5);
  await (await vfs.openWrite(at("/a"))).commit();
  assertEquals(usage.bytes, 0);
});

Deno.test("withQuota frees what is replaced once, however many replace it at the same time", () =>
  withTempDir(async (dir) => {
    const usage = new UsageMeter();
    const vfs = withQuota(await openDisk(dir), { limit: 20, usage });
    await put(vfs, "/a", "12345");
    await put(vfs, "/b", "1234567890");
    await Promise.all([1, 2, 3].map(() => put(vfs, "/a", "123")));
    assertEquals(usage.bytes, 13);
  }));

Deno.test("withQuota frees nothing for an upload that has lost its file to another", async () => {
  let now = 0;
  const usage = new UsageMeter();
  const inner = new MemoryVfs({ files: { "/a": "12345" }, uploadLocks: { now: () => now } });
  const vfs = withQuota(inner, { limit: 10, usage });
  const silent = await vfs.openWrite(at("/a"));
  now += 5_000;
  await put(vfs, "/a", "67", { offset: 5 });
  await assertFails("takenOver", () => silent.write(bytes("x")));
  await silent.abort();
  assertEquals(usage.bytes, 7);
});

Deno.test("withQuota frees nothing for a file that was put in the place of the one it replaces", () =>
  withTempDir(async (dir) => {
    const usage = new UsageMeter();
    const vfs = withQuota(await openDisk(dir), { limit: 20, usage });
    await put(vfs, "/a", "12345");
    await put(vfs, "/b", "1234567890");
    const sink = await vfs.openWrite(at("/a"));
    await Deno.rename(`${dir}/a`, `${dir}/c`);
    await Deno.rename(`${dir}/b`, `${dir}/a`);
    await sink.write(bytes("1"));
    await assertFails("vanished", () => sink.commit());
    assertEquals(usage.bytes, 16);
  }));

/** Runs `test` over each driver; `host` removes a file behind the back of the quota. */
function overDrivers(
  name: string,
  test: (inner: Vfs, host: (name: string) => Promise<unknown>) => Promise<void>,
): void {
  Deno.test(`${name} (memory)`, async () => {
    const inner = new MemoryVfs();
    await test(inner, (name) => inner.remove(at(name)));
  });
  Deno.test(`${name} (disk)`, () =>
    withTempDir(async (dir) => await test(await openDisk(dir), (name) => Deno.remove(`${dir}${name}`))));
}

/** A quota of 100 bytes over `inner`, by a clock that the test moves. */
function limitedByClock(inner: Vfs): { vfs: Vfs; usage: UsageMeter; pass: (milliseconds: number) => void } {
  let now = 0;
  const usage = new UsageMeter({ clock: () => now });
  return { usage, vfs: withQuota(inner, { limit: 100, usage }), pass: (milliseconds) => void (now += milliseconds) };
}

overDrivers("withQuota sees what was removed on the host before it refuses", async (inner, host) => {
  const { vfs, usage, pass } = limitedByClock(inner);
  for (const name of ["/a", "/b", "/c"]) {
    await put(vfs, name, "x".repeat(90));
    pass(10_000);
    await assertFails("overQuota", () => put(vfs, "/more", "y".repeat(90)));
    await host(name);
    pass(10_000);
  }
  assertEquals(usage.bytes, 90);
});

overDrivers("withQuota counts again no sooner than ten seconds after the last count", async (inner, host) => {
  const paused = new PausableVfs(inner);
  const { vfs, pass } = limitedByClock(paused);
  await put(vfs, "/a", "x".repeat(90));
  await host("/a");
  pass(9999);
  await assertFails("overQuota", () => put(vfs, "/b", "y".repeat(90)));
  await assertFails("overQuota", () => put(vfs, "/b", "y".repeat(90)));
  assertEquals(paused.walks, 1);
  pass(1);
  await put(vfs, "/b", "y".repeat(90));
  assertEquals(paused.walks, 2);
});

overDrivers("withQuota counts the bytes of uploads under way once", async (inner, host) => {
  const { vfs, usage, pass } = limitedByClock(inner);
  await put(vfs, "/a", "x".repeat(60));
  const [one, two] = [await vfs.openWrite(at("/b")), await vfs.openWrite(at("/c"))];
  await one.write(bytes("y".repeat(20)));
  await two.write(bytes("z".repeat(10)));
  await host("/a");
  pass(10_000);
  await Promise.all([one.write(bytes("y".repeat(30))), two.write(bytes("z".repeat(40)))]);
  assertEquals(usage.bytes, 100);
  await assertFails("overQuota", () => one.write(bytes("y")));
  for (const sink of [one, two]) await sink.commit();
});

overDrivers("withQuota adds to a count what is written during it, and subtracts nothing", async (inner, host) => {
  const paused = new PausableVfs(inner);
  const { vfs, usage, pass } = limitedByClock(paused);
  await put(vfs, "/a", "x".repeat(50));
  await put(vfs, "/b", "x".repeat(30));
  await host("/a");
  pass(10_000);
  const { listed, resume } = paused.pause();
  const late = put(vfs, "/late", "y".repeat(30));
  await listed;
  await put(vfs, "/small", "z".repeat(7));
  await vfs.remove(at("/b"));
  resume();
  await late;
  assertEquals(usage.bytes, 30 + 7 + 30);
  pass(10_000);
  await usage.recount(inner);
  assertEquals(usage.bytes, 7 + 30);
});

overDrivers("withQuota reports what is left when the driver cannot report its space", async (inner, host) => {
  const { vfs, pass } = limitedByClock(new Spaceless(inner));
  await put(vfs, "/a", "x".repeat(90));
  const { space } = vfs.capabilities;
  assertEquals(await space?.(at("/")), { free: 10, total: 100 });
  await assertFails("notFound", async () => await space?.(at("/missing")));
  await host("/a");
  pass(10_000);
  assertEquals(await space?.(at("/")), { free: 100, total: 100 });
});

overDrivers("withQuota passes the free space of a storage that has less than the limit leaves", async (inner) => {
  const { vfs } = limitedByClock(new Spaceless(inner, { free: 4, total: 50 }));
  assertEquals(await vfs.capabilities.space?.(at("/")), { free: 4, total: 50 });
});

/** A driver in which `shut` directories cannot be listed; `sealed`: nor can anything in them be looked at. */
class Shutting extends UncountedVfs {
  shut = new Set<string>();
  sealed = false;

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    if (this.shut.has(path)) throw new VfsError("denied", "Permission denied");
    yield* this.inner.list(path);
  }

  override async stat(path: VirtualPath): Promise<Entry> {
    if (this.sealed && this.shut.has(parentOf(path))) throw new VfsError("denied", "Permission denied");
    return await this.inner.stat(path);
  }
}

for (const sealed of [true, false]) {
  overDrivers(`withQuota frees nothing for a directory that was closed, ${sealed}`, async (inner) => {
    const shutting = new Shutting(inner);
    const { vfs, usage, pass } = limitedByClock(shutting);
    shutting.sealed = sealed;
    for (const name of ["/d", "/e"]) {
      await vfs.mkdir(at(name));
      await put(vfs, `${name}/f`, "x".repeat(50));
      shutting.shut.add(name);
    }
    for (let tries = 0; tries < 3; tries++) {
      pass(10_000);
      await assertFails("overQuota", () => put(vfs, "/more", "y"));
      await vfs.remove(at("/more"));
    }
    assertEquals(usage.bytes, 100);
    shutting.shut.clear();
    await inner.remove(at("/e/f"));
    pass(10_000);
    await put(vfs, "/more", "y".repeat(50));
    assertEquals(usage.bytes, 100);
  });
}

overDrivers(
  "withQuota sees what the host removes beside a directory that never could be counted",
  async (inner, host) => {
    const shutting = new Shutting(inner);
    shutting.sealed = true;
    await inner.mkdir(at("/lost+found"));
    shutting.shut.add("/lost+found");
    const { vfs, usage, pass } = limitedByClock(shutting);
    await put(vfs, "/a", "x".repeat(90));
    await host("/a");
    pass(10_000);
    await put(vfs, "/b", "y".repeat(90));
    assertEquals(usage.bytes, 90);
  },
);

Deno.test("withQuota frees nothing for what was moved deeper than a path can be", async () => {
  const inner = new MemoryVfs();
  const { vfs, usage, pass } = limitedByClock(inner);
  const long = "x".repeat(255);
  let deep = "";
  for (let depth = 0; depth < 9; depth++) await vfs.mkdir(at(deep += `/${long}`));
  await vfs.mkdir(at("/d"));
  let below = "/d";
  for (let depth = 0; depth < 9; depth++) await vfs.mkdir(at(below += `/${long}`));
  await put(vfs, `${below}/f`, "x".repeat(100));
  // The view above refuses this; a directory may come there all the same.
  await vfs.rename(at("/d"), at(`${deep}/d`));
  pass(10_000);
  await assertFails("overQuota", () => put(vfs, "/more", "y"));
  assertEquals(usage.bytes, 100);
});

/** Has something done when the second directory below the root is about to be listed. */
class Interrupted extends UncountedVfs {
  interrupt: ((first: VirtualPath, second: VirtualPath) => Promise<unknown>) | undefined;
  #first: VirtualPath | undefined;

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    const interrupt = this.interrupt;
    if (path !== ROOT && interrupt) {
      if (this.#first) {
        this.interrupt = undefined;
        await interrupt(this.#first, path);
      }
      this.#first = path;
    }
    yield* this.inner.list(path);
  }
}

overDrivers("withQuota frees nothing for what is moved to where a count has already been", async (inner) => {
  const interrupted = new Interrupted(inner);
  const { vfs, usage, pass } = limitedByClock(interrupted);
  for (const name of ["/d", "/e"]) {
    await vfs.mkdir(at(name));
    await put(vfs, `${name}/f`, "x".repeat(50));
  }
  pass(10_000);
  interrupted.interrupt = (first, second) => vfs.rename(joinPath(second, "f"), joinPath(first, "g"));
  await assertFails("overQuota", () => put(vfs, "/more", "y"));
  assertEquals(usage.bytes, 100);
});

overDrivers("withQuota frees what is replaced or removed once, however many do it at the same time", async (inner) => {
  const { vfs, usage } = limitedByClock(inner);
  await put(vfs, "/target", "x".repeat(40));
  for (const index of [1, 2, 3, 4, 5]) await put(vfs, `/${index}`, "y");
  await Promise.all([1, 2, 3, 4, 5].map((index) => vfs.rename(at(`/${index}`), at("/target"))));
  assertEquals(usage.bytes, 1);
  await put(vfs, "/big", "x".repeat(50));
  await Promise.allSettled([1, 2, 3].map(() => vfs.remove(at("/big"))));
  assertEquals(usage.bytes, 1);
});

overDrivers("withQuota frees nothing of a file while an upload writes to it", async (inner) => {
  const { vfs, usage } = limitedByClock(inner);
  const sinks = [];
  for (const index of [1, 2, 3, 4]) {
    const sink = await vfs.openWrite(at(`/${index}`));
    await sink.write(bytes("x".repeat(25)));
    await assertFails("busy", () => vfs.remove(at(`/${index}`)));
    sinks.push(sink);
  }
  await assertFails("overQuota", () => put(vfs, "/more", "y"));
  for (const sink of sinks) await sink.discard();
  assertEquals(usage.bytes, 0);
});

Deno.test("withQuota asks a driver that knows its bytes, and lists nothing", async () => {
  const inner = new class extends ForwardingVfs {
    override list(): never {
      throw new Error("Listed");
    }
  }(new MemoryVfs({ files: { "/a": "x".repeat(60) } }));
  const { vfs, usage, pass } = limitedByClock(inner);
  await assertFails("overQuota", () => put(vfs, "/b", "x".repeat(41)));
  await vfs.remove(at("/b"));
  await inner.remove(at("/a"));
  pass(10_000);
  await put(vfs, "/b", "x".repeat(100));
  assertEquals(usage.bytes, 100);
});

/** A driver that tells this space, or cannot tell any. */
class Spaceless extends ForwardingVfs {
  readonly #space: Space | undefined;

  constructor(inner: Vfs, space?: Space) {
    super(inner);
    this.#space = space;
  }

  override get capabilities(): VfsCapabilities {
    const { space: _, ...others } = this.inner.capabilities;
    const space = this.#space;
    return { ...others, ...(space && { space: () => Promise.resolve(space) }) };
  }
}
