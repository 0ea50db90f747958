import { assert, assertEquals } from "@std/assert";
import { basename } from "@std/path";
import { openDisk } from "../../../lib/drivers/disk/disk.ts";
import { sweepStaleParts } from "../../../lib/vfs/stale_parts.ts";
import { withUploadPolicy } from "../../../lib/vfs/uploads.ts";
import { UsageMeter } from "../../../lib/vfs/usage.ts";
import { withQuota } from "../../../lib/vfs/quota.ts";
import { isPart, joinPath, partName, ROOT } from "../../../lib/vfs/virtual_path.ts";
import { HAS_NATIVE, nativeIo } from "../../helpers/native.ts";
import { stub } from "../../helpers/stub.ts";
import { assertFails, at, bytes, namesOf, put, readText, withTempDir } from "../../vfs/helpers.ts";

const NEVER = new AbortController().signal;

/** What an upload leaves whose process was killed. */
function leave(dir: string, content = "part"): string {
  const path = `${dir}/${partName("f")}`;
  Deno.writeTextFileSync(path, content);
  return path;
}

async function partsIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).filter(isPart);
}

for (const native of [false, true]) {
  Deno.test({
    name: `sweepStaleParts removes what killed uploads have left, at any depth${native ? ", by the C library" : ""}`,
    ignore: native && !HAS_NATIVE,
    fn: () =>
      withTempDir(async (dir) => {
        using io = native ? nativeIo() : undefined;
        const vfs = await openDisk(dir, { paths: io?.paths, readDirectory: io?.readDirectory });
        await Deno.mkdir(`${dir}/a/b`, { recursive: true });
        for (const place of [dir, `${dir}/a`, `${dir}/a/b`]) leave(place);
        await Deno.writeTextFile(`${dir}/kept`, "x");
        await Deno.mkdir(`${dir}/${partName("directory")}`);
        await Deno.symlink("kept", `${dir}/${partName("link")}`);
        await withTempDir(async (elsewhere) => {
          const part = leave(elsewhere);
          await Deno.symlink(elsewhere, `${dir}/away`);
          assertEquals(await sweepStaleParts(vfs, NEVER), { files: 3, bytes: 12 });
          assertEquals(await Deno.readTextFile(part), "part");
        });
        assertEquals((await namesOf(vfs, "/")).length, 5);
        assertEquals(await sweepStaleParts(vfs, NEVER), { files: 0, bytes: 0 });
      }),
  });
}

Deno.test("sweepStaleParts leaves the parts of uploads that run, whatever the clock says", () =>
  withTempDir(async (dir) => {
    const vfs = withUploadPolicy(await openDisk(dir), { mode: "safe", broken: "keep" });
    const another = await openDisk(dir);
    await put(vfs, "/f", "old content");
    const sink = await vfs.openWrite(at("/f"));
    await sink.write(bytes("new"));
    const [part = ""] = await partsIn(dir);
    for (const time of [0, Date.now() + 1e11]) {
      await Deno.utime(`${dir}/${part}`, new Date(time), new Date(time));
      assertEquals(await sweepStaleParts(another, NEVER), { files: 0, bytes: 0 });
    }
    // As another process has it.
    const own = leave(dir);
    const held = await Deno.open(own, { read: true });
    await held.lock(true);
    assertEquals(await sweepStaleParts(another, NEVER), { files: 0, bytes: 0 });
    held.close();
    assertEquals(await sweepStaleParts(another, NEVER), { files: 1, bytes: 4 });
    await sink.commit();
    assertEquals([await readText(vfs, "/f"), await partsIn(dir)], ["new", []]);
  }));

/** Runs `sweep` in place of the first lock that is asked for, and locks afterwards. */
function atTheFirstLock(sweep: () => unknown): Disposable {
  const { tryLockSync } = Deno.FsFile.prototype;
  let isFirst = true;
  return stub(Deno.FsFile.prototype, "tryLockSync", function (this: Deno.FsFile, exclusive?: boolean) {
    const wasFirst = isFirst;
    isFirst = false;
    if (wasFirst) sweep();
    return tryLockSync.call(this, exclusive);
  });
}

Deno.test("A part that is swept away between its creation and its lock is made again", () =>
  withTempDir(async (dir) => {
    const another = await openDisk(dir);
    const vfs = withUploadPolicy(await openDisk(dir), { mode: "atomic", broken: "delete" });
    const onlyPart = () => [...Deno.readDirSync(dir)].map(({ name }) => name).find(isPart) ?? "";
    const swept: ReturnType<NonNullable<typeof another.capabilities.removeStale>>[] = [];
    {
      using _sweep = atTheFirstLock(() => {
        const removing = another.capabilities.removeStale?.(joinPath(ROOT, onlyPart()));
        if (removing) swept.push(removing);
      });
      await put(vfs, "/f0", "content 0");
    }
    assertEquals((await Promise.all(swept)).map((removed) => removed?.size), [0]);
    using stack = new DisposableStack();
    {
      // A sweep that has the lock and has not removed the part yet.
      using _sweep = atTheFirstLock(() => stack.use(Deno.openSync(`${dir}/${onlyPart()}`)).tryLockSync(true));
      await put(vfs, "/f1", "content 1");
    }
    stack.dispose();
    assertEquals(await readText(vfs, "/f0"), "content 0");
    assertEquals(await readText(vfs, "/f1"), "content 1");
    assertEquals(await sweepStaleParts(another, NEVER), { files: 1, bytes: 0 });
  }));

Deno.test("A sweep keeps a part locked until it is removed", () =>
  withTempDir(async (dir) => {
    const vfs = await openDisk(dir);
    const part = leave(dir);
    const { removeSync } = Deno;
    const locked: boolean[] = [];
    using _remove = stub(Deno, "removeSync", (path) => {
      using file = Deno.openSync(part);
      locked.push(!file.tryLockSync(true));
      removeSync(path);
    });
    assertEquals(await sweepStaleParts(vfs, NEVER), { files: 1, bytes: 4 });
    assertEquals(locked, [true]);
  }));

Deno.test("A part stays locked until it has its name", () =>
  withTempDir(async (dir) => {
    const vfs = await openDisk(dir);
    const part = joinPath(ROOT, partName("f"));
    const sink = await vfs.openWrite(part, { exclusive: true, part: true });
    await sink.write(bytes("new"));
    await sink.commit();
    assertEquals(await vfs.capabilities.removeStale?.(part), undefined);
    await vfs.rename(part, at("/f"));
    await sink.abort();
    assertEquals(await readText(vfs, "/f"), "new");
  }));

Deno.test("Where files cannot be locked, the age of a part tells: a day", () =>
  withTempDir(async (dir) => {
    using _unsupported = stub(Deno.FsFile.prototype, "tryLockSync", () => {
      throw Object.assign(new Error("Not supported"), { code: "ENOTSUP" });
    });
    const vfs = await openDisk(dir);
    const [young, old] = [leave(dir), leave(dir)];
    const time = new Date(Date.now() - 86_500_000);
    await Deno.utime(old, time, time);
    assertEquals(await sweepStaleParts(vfs, NEVER), { files: 1, bytes: 4 });
    assertEquals(await partsIn(dir), [basename(young)]);
    await put(withUploadPolicy(vfs, { mode: "atomic", broken: "delete" }), "/f", "x");
  }));

Deno.test("A sweep ends when it is told to", () =>
  withTempDir(async (dir) => {
    leave(dir);
    assertEquals(await sweepStaleParts(await openDisk(dir), AbortSignal.abort()), { files: 0, bytes: 0 });
  }));

Deno.test("A directory that holds nothing but stale parts can be removed, and no other", () =>
  withTempDir(async (dir) => {
    const vfs = withUploadPolicy(await openDisk(dir), { mode: "atomic", broken: "delete" });
    await vfs.mkdir(at("/d"));
    leave(`${dir}/d`);
    const running = await vfs.openWrite(at("/d/f"));
    await assertFails("notEmpty", () => vfs.rmdir(at("/d")));
    await running.commit();
    leave(`${dir}/d`);
    await assertFails("notEmpty", () => vfs.rmdir(at("/d")));
    await vfs.remove(at("/d/f"));
    await vfs.rmdir(at("/d"));
    assertEquals(await namesOf(vfs, "/"), []);
  }));

Deno.test("A quota gets the room of stale parts back", () =>
  withTempDir(async (dir) => {
    const usage = new UsageMeter();
    const vfs = withQuota(await openDisk(dir), { limit: 100, usage });
    leave(dir, "x".repeat(90));
    await put(vfs, "/f", "y".repeat(80));
    assertEquals([await usage.bytes, await partsIn(dir)], [80, []]);
  }));

Deno.test("A broken upload that is kept is no stale part, and stays hidden", () =>
  withTempDir(async (dir) => {
    const inner = await openDisk(dir);
    const vfs = withUploadPolicy(inner, { mode: "atomic", broken: "keep" });
    const sink = await vfs.openWrite(at("/f"));
    await sink.write(bytes("part"));
    await sink.abort();
    assertEquals(await sweepStaleParts(inner, NEVER), { files: 0, bytes: 0 });
    const [kept = ""] = await partsIn(dir);
    assert(kept.endsWith(".denoftpd-kept"), kept);
    assertEquals([await namesOf(vfs, "/"), await Deno.readTextFile(`${dir}/${kept}`)], [[], "part"]);
  }));
