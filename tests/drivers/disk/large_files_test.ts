/** Removing and replacing large files: a thread gives their space back, and nothing of it is seen. */

import { assertEquals } from "@std/assert";
import { basename } from "@std/path";
import { openDisk } from "../../../lib/drivers/disk/disk.ts";
import { withUploadPolicy } from "../../../lib/vfs/uploads.ts";
import { isPart } from "../../../lib/vfs/virtual_path.ts";
import type { Vfs } from "../../../lib/vfs/vfs.ts";
import { stub } from "../../helpers/stub.ts";
import { assertFails, at, bytes, namesOf, put, readText, withTempDir } from "../../vfs/helpers.ts";

const LARGE = 64 * 1024 * 1024;

async function makeLarge(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  await file.truncate(LARGE);
}

/** Runs `test` and counts the files that a thread has removed, and those that this one has. */
function withLarge(test: (place: { dir: string; vfs: Vfs; removed: string[] }) => Promise<void>): Promise<void> {
  return withTempDir(async (dir) => {
    const removed: string[] = [];
    const { remove, removeSync } = Deno;
    using _later = stub(Deno, "remove", (path, options) => {
      removed.push(isPart(basename(String(path))) ? "thread" : "thread: visible");
      return remove(path, options);
    });
    using _now = stub(Deno, "removeSync", (path, options) => {
      removed.push("here");
      removeSync(path, options);
    });
    await makeLarge(`${dir}/large`);
    await test({ dir, removed, vfs: withUploadPolicy(await openDisk(dir), { mode: "safe", broken: "delete" }) });
    removed.length = 0;
  });
}

Deno.test("DiskVfs removes a large file in a thread, and a small one here", () =>
  withLarge(async ({ vfs, dir, removed }) => {
    await put(vfs, "/small", "x");
    const running = vfs.remove(at("/large"));
    assertEquals(await namesOf(vfs, "/"), ["small"], "the name is gone at once");
    assertEquals((await running)?.size, LARGE);
    await vfs.remove(at("/small"));
    assertEquals([removed, (await Array.fromAsync(Deno.readDir(dir))).length], [["thread", "here"], 0]);
  }));

Deno.test("DiskVfs replaces a large file, and a thread gives its space back", () =>
  withLarge(async ({ vfs, dir, removed }) => {
    await put(vfs, "/large", "safely");
    assertEquals([await readText(vfs, "/large"), removed], ["safely", ["thread"]]);
    await makeLarge(`${dir}/large`);
    await put(vfs, "/other", "renamed");
    assertEquals((await vfs.rename(at("/other"), at("/large")))?.size, LARGE);
    assertEquals([await readText(vfs, "/large"), removed], ["renamed", ["thread", "thread"]]);
    assertEquals((await Array.fromAsync(Deno.readDir(dir))).length, 1);
  }));

Deno.test("DiskVfs removes in a thread what a large upload has left", () =>
  withLarge(async ({ vfs, removed }) => {
    const sink = await vfs.openWrite(at("/new"));
    const piece = new Uint8Array(LARGE / 4);
    for (let count = 0; count < 4; count++) await sink.write(piece);
    await sink.abort();
    assertEquals([await namesOf(vfs, "/"), removed], [["large"], ["thread"]]);
  }));

Deno.test("DiskVfs keeps a large file that cannot be replaced", () =>
  withLarge(async ({ vfs, dir }) => {
    await put(vfs, "/other", "x");
    {
      using _fails = stub(Deno, "renameSync", () => {
        throw new Deno.errors.PermissionDenied("no");
      });
      await assertFails("denied", () => vfs.rename(at("/other"), at("/large")));
    }
    assertEquals((await Deno.stat(`${dir}/large`)).size, LARGE);
    assertEquals((await Array.fromAsync(Deno.readDir(dir))).length, 2);
  }));

Deno.test("DiskVfs leaves the other names of a large file", () =>
  withLarge(async ({ vfs, dir }) => {
    await Deno.link(`${dir}/large`, `${dir}/linked`);
    await vfs.remove(at("/large"));
    await put(vfs, "/large", "x");
    await vfs.rename(at("/large"), at("/moved"));
    assertEquals([await namesOf(vfs, "/"), (await Deno.stat(`${dir}/linked`)).size], [["linked", "moved"], LARGE]);
    await Deno.writeFile(`${dir}/moved`, bytes("y"));
  }));
