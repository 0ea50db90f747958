import { assert, assertEquals, assertRejects } from "@std/assert";
import { type DiskVfs, type DiskVfsOptions, openDisk } from "../../../lib/drivers/disk/disk.ts";
import { nativeIo, nativeTest } from "../../helpers/native.ts";
import { assertFails, at, bytes, listAll, namesOf, put, readText, withTempDir } from "../../vfs/helpers.ts";

interface Disk {
  readonly vfs: DiskVfs;
  readonly root: string;
  readonly outside: string;
  /** With the C library. */
  readonly native: boolean;
}

/**
 * A disk view of `dir/root`, and the real paths of the root and of its neighbour outside. Once more with directories
 * read by the C library.
 */
function diskTest(
  name: string,
  check: (disk: Disk) => Promise<void>,
): void {
  const run = (options: DiskVfsOptions) =>
    withTempDir(async (dir) => {
      await Deno.mkdir(`${dir}/root`);
      await Deno.mkdir(`${dir}/outside`);
      const vfs = await openDisk(`${dir}/root`, options);
      await check({ vfs, root: `${dir}/root`, outside: `${dir}/outside`, native: options.paths !== undefined });
    });
  Deno.test(name, () => run({}));
  nativeTest(`${name}, by the C library`, async () => {
    using native = nativeIo();
    await run({ readDirectory: native.readDirectory, paths: native.paths });
  });
}

Deno.test("openDisk reports what is wrong with the root", () =>
  withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    await assertRejects(() => openDisk(`${dir}/missing`), Error, `Cannot open directory "${dir}/missing": `);
    await assertRejects(() => openDisk(`${dir}/file`), Error, "it is not a directory");
  }));

Deno.test("openDisk takes a root that is itself a link", () =>
  withTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/real`);
    await Deno.symlink("real", `${dir}/link`);
    const vfs = await openDisk(`${dir}/link`);
    await put(vfs, "/f", "content");
    assertEquals(await readText(vfs, "/f"), "content");
    assertEquals(await Deno.readTextFile(`${dir}/real/f`), "content");
  }));

diskTest("DiskVfs leaves out names that FTP cannot carry, and without the C library such that are not UTF-8", async (
  { vfs, root, native },
) => {
  await Deno.writeTextFile(`${root}/good`, "");
  await Deno.writeTextFile(`${root}/new\nline`, "");
  await Deno.writeTextFile(`${root}/return\r`, "");
  // The runtime cannot make a name that is no UTF-8, so the shell does.
  const made = await new Deno.Command("sh", { args: ["-c", `printf x > "$(printf 'bad\\377name')"`], cwd: root })
    .output();
  assert(made.success);
  assertEquals((await Array.fromAsync(Deno.readDir(root))).length, 4);
  const listed = native ? ["good", "bad\uefffname"].sort() : ["good"];
  assertEquals([...(await listAll(vfs, "/")).keys()], listed);
  assertEquals(await namesOf(vfs, "/"), listed);
});

for (const [count, how] of [[64, "at once"], [1000, "at once"], [5000, "in parts"]] as const) {
  diskTest(`DiskVfs lists each of ${count} entries once, read ${how}`, async ({ vfs, root }) => {
    for (let index = 0; index < count; index++) Deno.createSync(`${root}/f${index}`).close();
    const names: string[] = [];
    for await (const batch of vfs.list(at("/"))) names.push(...batch.map(({ name }) => name));
    assertEquals([names.length, new Set(names).size], [count, count]);
    assertEquals(await namesOf(vfs, "/"), names.sort());
  });
}

diskTest("DiskVfs leaves out an entry that vanishes while it is listed", async ({ vfs, root }) => {
  for (let index = 0; index < 200; index++) Deno.createSync(`${root}/f${index}`).close();
  let count = 0;
  for await (const batch of vfs.list(at("/"))) {
    count += batch.length;
    for await (const entry of Deno.readDir(root)) await Deno.remove(`${root}/${entry.name}`);
  }
  assert(count >= 64 && count < 200, `${count} entries`);
});

diskTest("DiskVfs shows a FIFO as other and never opens it", async ({ vfs, root }) => {
  assert((await new Deno.Command("mkfifo", { args: [`${root}/fifo`] }).output()).success);
  assertEquals((await vfs.stat(at("/fifo"))).kind, "other");
  assertEquals((await listAll(vfs, "/")).get("fifo")?.kind, "other");
  await assertFails("denied", () => vfs.openRead(at("/fifo")));
  await assertFails("denied", () => vfs.openWrite(at("/fifo")));
  await assertFails("denied", () => vfs.openWrite(at("/fifo"), { append: true }));
  await vfs.rename(at("/fifo"), at("/pipe"));
  await vfs.remove(at("/pipe"));
  assertEquals(await namesOf(vfs, "/"), []);
});

diskTest("DiskVfs tells two names of one file by the same unique", async ({ vfs, root }) => {
  await put(vfs, "/a", "x");
  await put(vfs, "/other", "x");
  await Deno.link(`${root}/a`, `${root}/b`);
  const entries = await listAll(vfs, "/");
  assertEquals(entries.get("a")?.unique, entries.get("b")?.unique);
  assert(entries.get("a")?.unique !== entries.get("other")?.unique);
  assertEquals(entries.get("a")?.links, 2);
});

diskTest("DiskVfs writes what is small and what is not in order", async ({ vfs, root }) => {
  const sink = await vfs.openWrite(at("/f"));
  const expected: number[] = [];
  for (let index = 0; index < 30; index++) {
    const piece = new Uint8Array(5000).fill(index);
    expected.push(...piece);
    await sink.write(piece);
  }
  await sink.commit();
  assertEquals(await Deno.readFile(`${root}/f`), new Uint8Array(expected));
});

diskTest("DiskVfs shortens a replaced file only to what came", async ({ vfs, root }) => {
  await Deno.writeFile(`${root}/f`, new Uint8Array(200_000).fill(7));
  await put(vfs, "/f", "short");
  assertEquals(await Deno.readTextFile(`${root}/f`), "short");
});

diskTest("DiskVfs keeps real paths out of its messages", async ({ vfs, root }) => {
  const error = await vfs.openRead(at("/missing/file")).catch((error: unknown) => error);
  assert(error instanceof Error);
  assertEquals(error.message.includes(root), false);
});

diskTest("DiskVfs reads nothing more once it is closed", async ({ vfs }) => {
  await put(vfs, "/f", "content");
  const source = await vfs.openRead(at("/f"));
  source.close();
  assertEquals(await source.read(new Uint8Array(10)), null);
});

diskTest("DiskVfs aborts twice without harm", async ({ vfs, root }) => {
  const sink = await vfs.openWrite(at("/f"));
  await sink.write(bytes("part"));
  await sink.abort();
  await sink.abort();
  assertEquals(await Deno.readTextFile(`${root}/f`), "part");
});
