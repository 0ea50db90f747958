import { assert, assertEquals } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { isPart } from "../../lib/vfs/virtual_path.ts";
import { withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { withQuota } from "../../lib/vfs/quota.ts";
import { UsageMeter } from "../../lib/vfs/usage.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { HAS_NATIVE, nativeIo } from "../helpers/native.ts";
import { assertFails, at, bytes, namesOf, put, readText, UncountedVfs, withTempDir } from "./helpers.ts";

function safe(inner: Vfs, broken: "keep" | "delete" = "keep"): Vfs {
  return withUploadPolicy(inner, { mode: "safe", broken });
}

interface Place {
  readonly dir: string;
  /** The driver below the policy. */
  readonly inner: Vfs;
  readonly vfs: Vfs;
}

/** On a disk that has `old`, by the runtime and by the C library. */
function onDisk(name: string, test: (place: Place) => Promise<void>, options: { readonly ignore?: boolean } = {}) {
  const run = (native: boolean) =>
    withTempDir(async (dir) => {
      using io = native ? nativeIo() : undefined;
      const inner = await openDisk(dir, { paths: io?.paths, readDirectory: io?.readDirectory });
      await Deno.writeTextFile(`${dir}/old`, "old content");
      await test({ dir, inner, vfs: safe(inner) });
    });
  Deno.test({ name, fn: () => run(false), ...options });
  Deno.test({ name: `${name}, by the C library`, fn: () => run(true), ignore: options.ignore || !HAS_NATIVE });
}

async function breakOff(vfs: Vfs, path: string): Promise<void> {
  const sink = await vfs.openWrite(at(path));
  await sink.write(bytes("part"));
  await sink.abort();
}

for (const broken of ["keep", "delete"] as const) {
  Deno.test(`safe uploads that break off leave the old file, or the start of a new one: ${broken}`, async () => {
    const inner = new MemoryVfs({ files: { "/old": "old content" } });
    const vfs = safe(inner, broken);
    await breakOff(vfs, "/old");
    await breakOff(vfs, "/new");
    assertEquals(await namesOf(inner, "/"), broken === "keep" ? ["new", "old"] : ["old"]);
    assertEquals(await readText(vfs, "/old"), "old content");
    if (broken === "delete") return;
    await put(vfs, "/new", "+rest", { offset: 4 });
    assertEquals(await readText(vfs, "/new"), "part+rest");
  });
}

Deno.test("safe uploads leave the time of a file that they do not replace", async () => {
  const inner = new MemoryVfs({ files: { "/old": "old content" } });
  const before = await inner.stat(at("/old"));
  await breakOff(safe(inner), "/old");
  assertEquals(await inner.stat(at("/old")), before);
});

Deno.test("safe uploads show the old file to the end, and a new one from its first byte on", async () => {
  const inner = new MemoryVfs({ files: { "/old": "old content" } });
  const vfs = safe(inner);
  const over = await vfs.openWrite(at("/old"));
  assertEquals([over.created, over.initialSize], [false, 0]);
  await over.write(bytes("x"));
  assertEquals([await readText(vfs, "/old"), await namesOf(vfs, "/")], ["old content", ["old"]]);
  await over.commit();
  const fresh = await vfs.openWrite(at("/new"));
  await fresh.write(bytes("new"));
  assertEquals([fresh.created, await readText(vfs, "/new")], [true, "new"]);
  await fresh.commit();
  assertEquals(await namesOf(inner, "/"), ["new", "old"]);
  assertEquals(await readText(vfs, "/old"), "x");
});

Deno.test("safe uploads keep a file for one upload at a time, and give it away when they fall silent", async () => {
  let now = 0;
  const inner = new MemoryVfs({ uploadLocks: { now: () => now }, files: { "/old": "old content" } });
  const vfs = safe(inner);
  const silent = await vfs.openWrite(at("/old"));
  now += 4_000;
  await silent.write(bytes("from a network that"));
  now += 4_000;
  // It has written since: whoever comes waits, which an aborted signal ends.
  for (const options of [{}, { append: true }, { offset: 2 }]) {
    await assertFails("busy", () => vfs.openWrite(at("/old"), { ...options, signal: AbortSignal.abort() }));
  }
  await assertFails("busy", () => vfs.remove(at("/old")));
  now += 1_000;
  await put(vfs, "/old", "another");
  await assertFails("takenOver", () => silent.write(bytes(" was gone")));
  await silent.discard({ ifEmpty: true });
  assertEquals([await readText(vfs, "/old"), await namesOf(inner, "/")], ["another", ["old"]]);
});

Deno.test("safe uploads replace what another has just made, and never write into it", async () => {
  const inner = new MemoryVfs();
  const vfs = safe(inner);
  // The file appears between the look and the open.
  const stat = inner.stat.bind(inner);
  let looks = 0;
  inner.stat = async (path) => {
    const found = stat(path);
    if (looks++ > 0) return await found;
    await found.catch(() => {});
    inner.write("/f", "made by another");
    return await found;
  };
  await breakOff(vfs, "/f");
  assertEquals(await readText(vfs, "/f"), "made by another");
});

Deno.test("safe uploads count beside the old file until they replace it", async () => {
  const inner = new UncountedVfs(new MemoryVfs({ files: { "/old": "x".repeat(60) } }));
  const usage = new UsageMeter();
  const vfs = safe(withQuota(inner, { limit: 100, usage }));
  await assertFails("overQuota", () => put(vfs, "/old", "y".repeat(50)));
  assertEquals([usage.bytes, await readText(vfs, "/old")], [60, "x".repeat(60)]);
  await put(vfs, "/old", "y".repeat(40));
  assertEquals([usage.bytes, await readText(vfs, "/old")], [40, "y".repeat(40)]);
});

onDisk("safe uploads replace and refuse after many new files as before", async ({ dir, vfs }) => {
  await Deno.mkdir(`${dir}/d`);
  await Deno.symlink("nothing", `${dir}/broken`);
  await Deno.symlink("old", `${dir}/link`);
  const sendNew = async (name: string) => {
    for (let number = 0; number < 5; number++) await put(vfs, `/${name}${number}`, "new");
  };
  for (const path of ["/old", "/link"]) {
    await sendNew(`before${path.slice(1)}`);
    const sink = await vfs.openWrite(at(path));
    assertEquals(sink.created, false);
    await sink.write(bytes(path));
    assert(await Deno.readTextFile(`${dir}/old`) !== path);
    await sink.commit();
    assertEquals(await Deno.readTextFile(`${dir}/old`), path);
  }
  for (const [path, kind] of [["/d", "isDirectory"], ["/broken", "denied"], ["/missing/f", "notFound"]] as const) {
    await sendNew(path.replaceAll("/", "-"));
    await assertFails(kind, () => vfs.openWrite(at(path)));
  }
});

onDisk("safe uploads over a link replace what it leads to", async ({ dir, vfs }) => {
  await Deno.mkdir(`${dir}/d`);
  await Deno.symlink("../old", `${dir}/d/link`);
  await Deno.symlink("d/link", `${dir}/second`);
  for (const [path, content] of [["/d/link", "one"], ["/second", "two"]] as const) {
    const sink = await vfs.openWrite(at(path));
    await sink.write(bytes(content));
    assertEquals((await Array.fromAsync(Deno.readDir(dir))).filter(({ name }) => isPart(name)).length, 1);
    await sink.commit();
    assertEquals(await Deno.readTextFile(`${dir}/old`), content);
    assert((await Deno.lstat(dir + path)).isSymlink);
  }
  await Deno.symlink("nothing", `${dir}/broken`);
  await assertFails("denied", () => vfs.openWrite(at("/broken")));
  await Deno.symlink("d", `${dir}/directory`);
  await assertFails("isDirectory", () => vfs.openWrite(at("/directory")));
});

onDisk("safe uploads keep the mode, from the first byte on", async ({ dir, vfs }) => {
  await Deno.chmod(`${dir}/old`, 0o640);
  const sink = await vfs.openWrite(at("/old"));
  const [part] = (await Array.fromAsync(Deno.readDir(dir))).filter(({ name }) => isPart(name));
  assertEquals((await Deno.stat(`${dir}/${part?.name}`)).mode! & 0o7777, 0o640);
  await sink.write(bytes("new"));
  await sink.commit();
  assertEquals((await Deno.stat(`${dir}/old`)).mode! & 0o7777, 0o640);
});

onDisk("safe uploads keep owner and group where that is permitted", async ({ dir, vfs }) => {
  await Deno.chown(`${dir}/old`, 1234, 4321);
  await put(vfs, "/old", "new");
  const { uid, gid } = await Deno.stat(`${dir}/old`);
  assertEquals([uid, gid, await Deno.readTextFile(`${dir}/old`)], [1234, 4321, "new"]);
}, { ignore: Deno.uid() !== 0 });

onDisk("safe uploads leave the other names of a file its old content", async ({ dir, vfs }) => {
  await Deno.link(`${dir}/old`, `${dir}/other`);
  await put(vfs, "/old", "new");
  assertEquals([await readText(vfs, "/old"), await readText(vfs, "/other")], ["new", "old content"]);
});

onDisk("safe uploads store under their name whatever another program does to it", async ({ dir, inner, vfs }) => {
  for (
    const act of [
      () => Deno.removeSync(`${dir}/old`),
      () => Deno.renameSync(`${dir}/old`, `${dir}/moved`),
      () => Deno.writeTextFileSync(`${dir}/old`, "in between"),
    ]
  ) {
    await Deno.writeTextFile(`${dir}/old`, "old content");
    const sink = await vfs.openWrite(at("/old"));
    await sink.write(bytes("new"));
    act();
    await sink.commit();
    assertEquals(await readText(vfs, "/old"), "new");
  }
  assertEquals([await namesOf(inner, "/"), await readText(vfs, "/moved")], [["moved", "old"], "old content"]);
});
