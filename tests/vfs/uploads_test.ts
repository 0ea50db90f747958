import { assert, assertEquals, assertMatch } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { isPart, partName } from "../../lib/vfs/virtual_path.ts";
import { type UploadPolicy, withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { type FileSink, type Vfs, VfsError, type VirtualPath } from "../../lib/vfs/vfs.ts";
import { WholeFiles } from "./whole_files.ts";
import { assertFails, at, bytes, listAll, namesOf, put, readText, withTempDir } from "./helpers.ts";

function uploads(policy: UploadPolicy): { readonly inner: MemoryVfs; readonly vfs: Vfs } {
  const inner = new MemoryVfs({ files: { "/old": "old content" } });
  return { inner, vfs: withUploadPolicy(inner, policy) };
}

/** Uploads some of a file and breaks off. */
async function breakOff(vfs: Vfs, path: string, options?: { readonly append: true }): Promise<void> {
  const sink = await vfs.openWrite(at(path), options);
  await sink.write(bytes("part"));
  await sink.abort();
}

async function onlyPart(inner: Vfs): Promise<VirtualPath> {
  const [name, ...more] = (await namesOf(inner, "/")).filter(isPart);
  assert(name !== undefined && more.length === 0);
  return at(`/${name}`);
}

Deno.test("atomic uploads show nothing before the end", async () => {
  const { inner, vfs } = uploads({ mode: "atomic", broken: "delete" });
  const fresh = await vfs.openWrite(at("/new"));
  await fresh.write(bytes("new content"));
  assertEquals([fresh.created, fresh.initialSize], [true, 0]);
  assertEquals(await namesOf(vfs, "/"), ["old"]);
  assertEquals([...(await listAll(vfs, "/")).keys()], ["old"]);
  await assertFails("notFound", () => vfs.stat(at("/new")));
  await fresh.commit();
  const over = await vfs.openWrite(at("/old"));
  await over.write(bytes("x"));
  assertEquals(over.created, false);
  assertEquals(await readText(vfs, "/old"), "old content");
  await over.commit();
  assertEquals([await readText(vfs, "/new"), await readText(vfs, "/old")], ["new content", "x"]);
  assertEquals(await namesOf(inner, "/"), ["new", "old"]);
});

Deno.test("atomic uploads that break off leave what was there", async () => {
  const { inner, vfs } = uploads({ mode: "atomic", broken: "delete" });
  await breakOff(vfs, "/old");
  await breakOff(vfs, "/new");
  assertEquals(await namesOf(inner, "/"), ["old"]);
  assertEquals(await readText(vfs, "/old"), "old content");
});

Deno.test("atomic uploads that break off can be kept, hidden", async () => {
  const { inner, vfs } = uploads({ mode: "atomic", broken: "keep" });
  await breakOff(vfs, "/new");
  assertEquals(await namesOf(vfs, "/"), ["old"]);
  assertEquals(await readText(inner, await onlyPart(inner)), "part");
});

Deno.test("atomic uploads give no access to their temporary files", async () => {
  const { inner, vfs } = uploads({ mode: "atomic", broken: "keep" });
  await breakOff(vfs, "/new");
  const part = await onlyPart(inner);
  await assertFails("notFound", () => vfs.stat(part));
  await assertFails("notFound", () => vfs.openRead(part));
  await assertFails("notFound", () => vfs.remove(part));
  await assertFails("notFound", () => vfs.rename(part, at("/mine")));
  await assertFails("notFound", () => vfs.capabilities.setMode?.(part, 0o777) ?? Promise.resolve());
  await assertFails("badName", () => vfs.openWrite(part));
  await assertFails("badName", () => vfs.openWrite(part, { append: true }));
  await assertFails("badName", () => vfs.mkdir(part));
  await assertFails("badName", () => vfs.rename(at("/old"), part));
});

Deno.test("atomic uploads resume and append in place", async () => {
  const { inner, vfs } = uploads({ mode: "atomic", broken: "delete" });
  await breakOff(vfs, "/old", { append: true });
  assertEquals(await readText(inner, "/old"), "old contentpart");
  const sink = await vfs.openWrite(at("/old"), { offset: 4 });
  await sink.write(bytes("CON"));
  assertEquals(await readText(inner, "/old"), "old CONtentpart");
  await sink.commit();
});

Deno.test("atomic uploads keep the mode of the file they replace", async () => {
  const { vfs } = uploads({ mode: "atomic", broken: "delete" });
  await vfs.capabilities.setMode?.(at("/old"), 0o604);
  await put(vfs, "/old", "new");
  assertEquals((await vfs.stat(at("/old"))).mode, 0o604);
});

Deno.test("atomic uploads that must not replace fail when another was faster", async () => {
  const { inner, vfs } = uploads({ mode: "atomic", broken: "delete" });
  await assertFails("exists", () => vfs.openWrite(at("/old"), { exclusive: true }));
  const sink = await vfs.openWrite(at("/new"), { exclusive: true });
  await put(inner, "/new", "faster");
  await assertFails("exists", () => sink.commit());
  await sink.abort();
  assertEquals(await readText(vfs, "/new"), "faster");
  assertEquals(await namesOf(inner, "/"), ["new", "old"]);
});

Deno.test("atomic uploads of two at once both end whole", async () => {
  const { inner, vfs } = uploads({ mode: "atomic", broken: "delete" });
  const [one, other] = [await vfs.openWrite(at("/f")), await vfs.openWrite(at("/f"))];
  await one.write(bytes("one"));
  await other.write(bytes("other"));
  await one.commit();
  await other.commit();
  assertEquals(await readText(vfs, "/f"), "other");
  assertEquals(await namesOf(inner, "/"), ["f", "old"]);
});

Deno.test("atomic uploads work on disk for the longest names", () =>
  withTempDir(async (dir) => {
    const vfs = withUploadPolicy(await openDisk(dir), { mode: "atomic", broken: "delete" });
    const name = "日".repeat(85);
    await put(vfs, `/${name}`, "content");
    await put(vfs, `/${name}`, "again");
    assertEquals(await Deno.readTextFile(`${dir}/${name}`), "again");
    assertEquals((await Array.fromAsync(Deno.readDir(dir))).length, 1);
  }));

Deno.test("uploads in place that break off are deleted only when they made the file", async () => {
  const { inner, vfs } = uploads({ mode: "inPlace", broken: "delete" });
  await breakOff(vfs, "/new");
  await breakOff(vfs, "/appended", { append: true });
  await breakOff(vfs, "/old");
  assertEquals(await namesOf(inner, "/"), ["old"]);
  assertEquals(await readText(vfs, "/old"), "part");
});

Deno.test("uploads in place that break off are kept for resuming", async () => {
  const { vfs } = uploads({ mode: "inPlace", broken: "keep" });
  await breakOff(vfs, "/new");
  await put(vfs, "/new", "+rest", { offset: 4 });
  assertEquals(await readText(vfs, "/new"), "part+rest");
});

Deno.test("uploads in place that break off do not delete another file of their name", () =>
  withTempDir(async (dir) => {
    const vfs = withUploadPolicy(await openDisk(dir), { mode: "inPlace", broken: "delete" });
    const sink = await vfs.openWrite(at("/new"));
    await Deno.rename(`${dir}/new`, `${dir}/elsewhere`);
    await put(vfs, "/new", "another");
    await sink.abort();
    assertEquals([await readText(vfs, "/new"), await namesOf(vfs, "/")], ["another", ["elsewhere", "new"]]);
  }));

Deno.test("uploads in place that break off delete nothing that another has stored in their file since", async () => {
  let now = 0;
  const inner = new MemoryVfs({ uploadLocks: { now: () => now } });
  const vfs = withUploadPolicy(inner, { mode: "inPlace", broken: "delete" });
  const silent = await vfs.openWrite(at("/new"));
  await silent.write(bytes("from a network that"));
  now += 5_000;
  await put(vfs, "/new", " was gone", { offset: 19 });
  await silent.abort();
  assertEquals(await readText(vfs, "/new"), "from a network that was gone");
});

Deno.test("uploads in place that break off are deleted before others may write to their file", () =>
  withTempDir(async (dir) => {
    for (const inner of [new MemoryVfs(), await openDisk(dir)]) {
      const vfs = withUploadPolicy(inner, { mode: "inPlace", broken: "delete" });
      const sink = await vfs.openWrite(at("/new"));
      const waiting = put(vfs, "/new", "another");
      await assertFails("busy", () => vfs.openWrite(at("/new"), { signal: AbortSignal.abort() }));
      await sink.abort();
      await waiting;
      assertEquals(await readText(vfs, "/new"), "another");
    }
  }));

Deno.test("uploads with atomic take no temporary name where the driver writes atomically", async () => {
  const inner = new MemoryVfs();
  const opened: string[] = [];
  const whole = new WholeFiles(inner);
  const vfs = withUploadPolicy(
    new Proxy<Vfs>(whole, {
      get: (target, name) => {
        if (name !== "openWrite") return Reflect.get(target, name, target);
        return (...given: Parameters<Vfs["openWrite"]>) => (opened.push(given[0]), target.openWrite(...given));
      },
    }),
    { mode: "atomic", broken: "delete" },
  );
  await put(vfs, "/f", "content");
  assertEquals([opened, await readText(vfs, "/f")], [["/f"], "content"]);
});

/** A driver that takes every byte and fails to close, as a disk over the network may. */
class FailingCommit extends ForwardingVfs {
  override async openWrite(path: VirtualPath): Promise<FileSink> {
    const sink = await this.inner.openWrite(path);
    return {
      initialSize: sink.initialSize,
      created: sink.created,
      write: (data) => sink.write(data),
      commit: () => Promise.reject(new VfsError("noSpace", "Full at the close")),
      abort: () => sink.abort(),
      discard: () => sink.discard(),
    };
  }
}

for (const mode of ["atomic", "inPlace"] as const) {
  Deno.test(`uploads with ${mode} clean up when the commit fails`, async () => {
    const inner = new MemoryVfs();
    const vfs = withUploadPolicy(new FailingCommit(inner), { mode, broken: "delete" });
    await assertFails("noSpace", () => put(vfs, "/f", "content"));
    assertEquals(await namesOf(inner, "/"), []);
  });
}

Deno.test("partName is hidden, has another extension and is never too long", () => {
  assertMatch(partName("a.csv"), /^\.a\.csv\.[0-9a-f]{8}\.denoftpd-part$/);
  for (const name of ["x".repeat(255), "日".repeat(85), "🎉".repeat(63)]) {
    const part = partName(name);
    assert(isPart(part) && part.isWellFormed() && bytes(part).length <= 255, part);
  }
  assertEquals([isPart("a.denoftpd-part"), isPart(".hidden"), isPart("a")], [false, false, false]);
});
