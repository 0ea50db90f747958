import { assertEquals } from "@std/assert";
import { basename } from "@std/path";
import { openDisk } from "../../../lib/drivers/disk/disk.ts";
import { type UploadMode, withUploadPolicy } from "../../../lib/vfs/uploads.ts";
import { isPart } from "../../../lib/vfs/virtual_path.ts";
import type { Vfs } from "../../../lib/vfs/vfs.ts";
import { stub } from "../../helpers/stub.ts";
import { assertFails, at, bytes, namesOf, put, readText, withTempDir } from "../../vfs/helpers.ts";

/** What a test does, and what it sees of the calls: `sync file`, `sync directory`, `rename`, `close`. */
interface Steps {
  readonly dir: string;
  readonly vfs: Vfs;
  readonly steps: string[];
}

function withSteps(mode: UploadMode, fsync: "never" | "close", test: (steps: Steps) => Promise<void>): Promise<void> {
  return withTempDir(async (dir) => {
    const steps: string[] = [];
    const { sync } = Deno.FsFile.prototype;
    const { renameSync } = Deno;
    using _sync = stub(Deno.FsFile.prototype, "sync", async function (this: Deno.FsFile) {
      const { isDirectory } = this.statSync();
      await sync.call(this);
      steps.push(isDirectory ? "sync directory" : "sync file");
    });
    using _rename = stub(Deno, "renameSync", (from, to) => {
      renameSync(from, to);
      steps.push(isPart(basename(String(from))) ? "rename part" : "rename");
    });
    await test({ dir, steps, vfs: withUploadPolicy(await openDisk(dir, { fsync }), { mode, broken: "keep" }) });
  });
}

for (const mode of ["safe", "inPlace", "atomic"] as const) {
  Deno.test(`DiskVfs with fsync "close" has file and directory on stable storage at the end of an upload, ${mode}`, () =>
    withSteps(mode, "close", async ({ vfs, steps }) => {
      const inPlace = ["sync file", "sync directory"];
      const renamed = ["sync file", "rename part", "sync directory"];
      await put(vfs, "/f", "new");
      assertEquals(steps.splice(0), mode === "atomic" ? renamed : inPlace);
      await put(vfs, "/f", "replaced");
      assertEquals(steps.splice(0), mode === "inPlace" ? inPlace : renamed);
      await put(vfs, "/f", "!", { append: true });
      assertEquals(steps.splice(0), inPlace);
      assertEquals(await readText(vfs, "/f"), "replaced!");
    }));

  Deno.test(`DiskVfs syncs nothing without being asked to, ${mode}`, () =>
    withSteps(mode, "never", async ({ vfs, steps }) => {
      for (const content of ["new", "replaced"]) await put(vfs, "/f", content);
      await vfs.mkdir(at("/d"));
      assertEquals(steps.filter((step) => step.startsWith("sync")), []);
    }));

  Deno.test(`DiskVfs with fsync "close" reports no upload that could not be synced, ${mode}`, () =>
    withSteps(mode, "close", async ({ vfs, dir }) => {
      await put(vfs, "/f", "old content");
      using _fails = stub(Deno.FsFile.prototype, "sync", function (this: Deno.FsFile) {
        if (this.statSync().isDirectory) return Promise.resolve();
        return Promise.reject(Object.assign(new Error("I/O error (os error 5)"), { code: "EIO" }));
      });
      const sink = await vfs.openWrite(at("/f"));
      await sink.write(bytes("new"));
      await assertFails("failed", () => sink.commit());
      await sink.discard({ ifEmpty: true });
      assertEquals(await namesOf(vfs, "/"), ["f"]);
      assertEquals(await Deno.readTextFile(`${dir}/f`), mode === "inPlace" ? "new" : "old content");
    }));
}

Deno.test('DiskVfs with fsync "close" has new names of files and directories on stable storage', () =>
  withSteps("safe", "close", async ({ vfs, steps }) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/f", "x");
    steps.length = 0;
    await vfs.rename(at("/f"), at("/d/f"));
    assertEquals(steps, ["rename", "sync directory", "sync directory"]);
  }));

Deno.test("DiskVfs takes a file system that cannot sync directories, and no other error", () =>
  withSteps("safe", "close", async ({ vfs }) => {
    for (const [code, fails] of [["EINVAL", false], ["EIO", true]] as const) {
      using _fails = stub(Deno.FsFile.prototype, "sync", function (this: Deno.FsFile) {
        if (!this.statSync().isDirectory) return Promise.resolve();
        return Promise.reject(Object.assign(new Error("refused"), { code }));
      });
      if (fails) await assertFails("failed", () => put(vfs, "/f", "x"));
      else await put(vfs, "/f", "x");
    }
  }));
