import { assertEquals, assertThrows } from "@std/assert";
import { MemoryVfs } from "../../../lib/drivers/memory/memory.ts";
import { VfsError } from "../../../lib/vfs/vfs.ts";
import { assertFails, at, bytes, drain, listAll, namesOf, put, readText } from "../../vfs/helpers.ts";

Deno.test("MemoryVfs begins with the files it is given", async () => {
  const vfs = new MemoryVfs({ files: { "/a/b.txt": "text", "c.bin": new Uint8Array([1, 2]) } });
  assertEquals(await namesOf(vfs, "/"), ["a", "c.bin"]);
  assertEquals(await readText(vfs, "/a/b.txt"), "text");
  assertEquals(vfs.read("/c.bin"), new Uint8Array([1, 2]));
});

Deno.test("MemoryVfs reads and writes directly for embedders", () => {
  const vfs = new MemoryVfs();
  vfs.write("/new/dir/f", "old and long");
  vfs.write("/new/dir/f", "new");
  assertEquals(vfs.read("/new/dir/f"), bytes("new"));
  assertEquals(assertThrows(() => vfs.read("/missing"), VfsError).kind, "notFound");
  assertEquals(assertThrows(() => vfs.read("/new"), VfsError).kind, "isDirectory");
  assertEquals(assertThrows(() => vfs.write("/new/dir/f/g", "x"), VfsError).kind, "notDirectory");
});

Deno.test("MemoryVfs takes its times from the clock", async () => {
  let now = 1000;
  const vfs = new MemoryVfs({ clock: () => now });
  await put(vfs, "/f", "x");
  assertEquals((await vfs.stat(at("/f"))).modified, 1000);
  now = 2000;
  await put(vfs, "/f", "y", { append: true });
  assertEquals((await vfs.stat(at("/f"))).modified, 2000);
  now = 3000;
  await vfs.remove(at("/f"));
  assertEquals((await vfs.stat(at("/"))).modified, 3000);
});

/** What may happen to a file while somebody reads it. */
const CHANGES: readonly (readonly [string, (vfs: MemoryVfs) => Promise<unknown>])[] = [
  ["replaced", (vfs) => put(vfs, "/f", "changed")],
  ["appended to", (vfs) => put(vfs, "/f", "more", { append: true })],
  ["written in the middle of", (vfs) => put(vfs, "/f", "####", { offset: 2 })],
  ["removed", (vfs) => vfs.remove(at("/f"))],
  ["renamed over", async (vfs) => {
    await put(vfs, "/g", "other");
    await vfs.rename(at("/g"), at("/f"));
  }],
];

for (const [what, change] of CHANGES) {
  Deno.test(`MemoryVfs lets a reader finish a file that is ${what}`, async () => {
    const vfs = new MemoryVfs({ files: { "/f": "0123456789" } });
    const source = await vfs.openRead(at("/f"));
    const start = new Uint8Array(4);
    assertEquals(await source.read(start), 4);
    await change(vfs);
    assertEquals(new TextDecoder().decode(await drain(source)), "456789");
  });
}

Deno.test("MemoryVfs keeps a snapshot of many blocks while the file grows and changes", async () => {
  const vfs = new MemoryVfs();
  const piece = new Uint8Array(300_000).fill(1);
  vfs.write("/f", piece);
  const source = await vfs.openRead(at("/f"));
  const sink = await vfs.openWrite(at("/f"), { offset: 100_000 });
  await sink.write(new Uint8Array(400_000).fill(2));
  await sink.commit();
  assertEquals(await drain(source, 50_000), piece);
  const after = vfs.read("/f");
  assertEquals([after.length, after[99_999], after[100_000], after[499_999]], [500_000, 1, 2, 2]);
});

Deno.test("MemoryVfs takes a hundred thousand small writes", async () => {
  const vfs = new MemoryVfs();
  const sink = await vfs.openWrite(at("/f"));
  for (let index = 0; index < 100_000; index++) await sink.write(new Uint8Array([index]));
  await sink.commit();
  const content = vfs.read("/f");
  assertEquals(content.length, 100_000);
  assertEquals(content.findIndex((byte, index) => byte !== (index & 0xff)), -1);
});

Deno.test("MemoryVfs is full at its capacity and keeps what is stored", async () => {
  const vfs = new MemoryVfs({ capacity: 10 });
  await put(vfs, "/a", "12345");
  const sink = await vfs.openWrite(at("/b"));
  await sink.write(bytes("1234"));
  await assertFails("noSpace", () => sink.write(bytes("67")));
  await sink.abort();
  assertEquals(await readText(vfs, "/a"), "12345");
  assertEquals(await vfs.capabilities.space?.(at("/")), { free: 1, total: 10 });
});

Deno.test("MemoryVfs frees the space of what is removed or replaced", async () => {
  const vfs = new MemoryVfs({ capacity: 10 });
  await put(vfs, "/a", "1234567890");
  await put(vfs, "/a", "1234567890");
  await vfs.remove(at("/a"));
  await put(vfs, "/a", "12345");
  await put(vfs, "/b", "12345");
  await vfs.rename(at("/a"), at("/b"));
  assertEquals(await vfs.capabilities.space?.(at("/")), { free: 5, total: 10 });
});

Deno.test("MemoryVfs counts nothing that is written to a removed file", async () => {
  const vfs = new MemoryVfs({ capacity: 10 });
  const sink = await vfs.openWrite(at("/a"));
  await sink.write(bytes("12345"));
  vfs.restore(new MemoryVfs());
  await sink.write(bytes("67890"));
  await assertFails("vanished", () => sink.commit());
  assertEquals(await vfs.capabilities.space?.(at("/")), { free: 10, total: 10 });
  assertEquals((await listAll(vfs, "/")).size, 0);
});

Deno.test("MemoryVfs overwrites in place without taking more room", async () => {
  const vfs = new MemoryVfs({ capacity: 10, files: { "/a": "1234567890" } });
  await put(vfs, "/a", "ab", { offset: 8 });
  assertEquals(await readText(vfs, "/a"), "12345678ab");
});
