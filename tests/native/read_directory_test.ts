import { assertEquals } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import type { Entry } from "../../lib/vfs/vfs.ts";
import { nativeIo, nativeTest } from "../helpers/native.ts";
import { at, withTempDir } from "../vfs/helpers.ts";

/** The numbers of the directory `path`. */
function identityOf(path: string): { readonly device: number; readonly inode: number } {
  const { dev, ino } = Deno.statSync(path);
  return { device: dev, inode: ino ?? 0 };
}

/** How many directories this process has open below `path`. */
function openBelow(path: string): number {
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      if (Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(path)) count++;
    } catch {
      // That of the reading itself.
    }
  }
  return count;
}

async function entriesOf(root: string, options: Parameters<typeof openDisk>[1]): Promise<Entry[]> {
  const vfs = await openDisk(root, options);
  const batches = await Array.fromAsync(vfs.list(at("/")));
  return batches.flat().toSorted((one, other) => one.name < other.name ? -1 : 1);
}

nativeTest("directoryReader tells of each entry what the runtime tells", () =>
  withTempDir(async (dir) => {
    const root = await Deno.realPath(dir);
    for (let index = 0; index < 2000; index++) {
      Deno.writeTextFileSync(`${root}/name ${index} äöü 名`, "x".repeat(index % 7));
    }
    Deno.mkdirSync(`${root}/directory`, { mode: 0o750 });
    Deno.symlinkSync("directory", `${root}/link`);
    Deno.symlinkSync("missing", `${root}/broken`);
    for (const name of [".hidden", "\u{feff}marked", "\u{feff}..", "...", ".. ", "\u{fffd}"]) {
      Deno.writeTextFileSync(`${root}/${name}`, "");
    }
    Deno.writeTextFileSync(`${root}/${"long".repeat(63)}`, "");
    using native = nativeIo();
    const told = await entriesOf(root, { readDirectory: native.readDirectory, paths: native.paths });
    assertEquals(told.length, 2010);
    assertEquals(told, await entriesOf(root, {}));
  }));

nativeTest("directoryReader leaves another directory alone, and what is none", () =>
  withTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/one`);
    await Deno.mkdir(`${dir}/other`);
    await Deno.writeTextFile(`${dir}/file`, "");
    using native = nativeIo();
    assertEquals(native.readDirectory.entries(`${dir}/one`, identityOf(`${dir}/other`)), undefined);
    assertEquals(native.readDirectory.entries(`${dir}/file`, identityOf(`${dir}/file`)), undefined);
    assertEquals(native.readDirectory.entries(`${dir}/missing`, identityOf(`${dir}/one`)), undefined);
    assertEquals(openBelow(dir), 0);
  }));

nativeTest(
  "directoryReader closes the directory at the end, and when nobody wants more",
  () =>
    withTempDir(async (dir) => {
      for (let index = 0; index < 600; index++) Deno.createSync(`${dir}/f${index}`).close();
      using native = nativeIo();
      const reader = () => native.readDirectory.entries(dir, identityOf(dir)) ?? [];
      assertEquals([...reader()].flat().length, 600);
      assertEquals(openBelow(dir), 0);
      for (const batch of reader()) {
        assertEquals([batch.length > 0, openBelow(dir)], [true, 1]);
        break;
      }
      assertEquals(openBelow(dir), 0);
      const vfs = await openDisk(dir, { readDirectory: native.readDirectory, paths: native.paths });
      for await (const batch of vfs.list(at("/"))) {
        assertEquals(batch.length > 0, true);
        break;
      }
      assertEquals(openBelow(dir), 0);
    }),
);

nativeTest(
  "directoryReader goes on with a directory whose entries vanish, and one that is removed",
  () =>
    withTempDir(async (dir) => {
      Deno.mkdirSync(`${dir}/d`);
      for (let index = 0; index < 600; index++) Deno.createSync(`${dir}/d/f${index}`).close();
      using native = nativeIo();
      let count = 0;
      for (const batch of native.readDirectory.entries(`${dir}/d`, identityOf(`${dir}/d`)) ?? []) {
        count += batch.length;
        if (count === batch.length) await Deno.remove(`${dir}/d`, { recursive: true });
      }
      assertEquals(count >= 64 && count < 600, true);
    }),
);
