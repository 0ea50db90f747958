import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { DiskFile, FileUse } from "../../lib/drivers/disk/calls.ts";
import { ContainedPaths } from "../../lib/native/contained_paths.ts";
import { directoryReader } from "../../lib/native/read_directory.ts";
import { SystemError } from "../../lib/native/system_error.ts";
import { nativeTest, withLibc } from "../helpers/native.ts";
import { withTempDir } from "../vfs/helpers.ts";

/** `dir/real/file`, and `dir/link` to `dir/real`. */
function withPaths(check: (stage: { paths: ContainedPaths; dir: string }) => void | Promise<void>): Promise<void> {
  return withLibc((libc) =>
    withTempDir(async (dir) => {
      const paths = ContainedPaths.probe(libc);
      assert(paths);
      Deno.mkdirSync(`${dir}/real`);
      Deno.writeTextFileSync(`${dir}/real/file`, "content");
      Deno.symlinkSync("real", `${dir}/link`);
      await check({ paths, dir });
    })
  );
}

function assertCode(code: string, act: () => unknown): void {
  const error = assertThrows(act, SystemError);
  assertEquals(error.code, code);
}

nativeTest("ContainedPaths follows no link on the way", () =>
  withPaths(({ paths, dir }) => {
    const behind = `${dir}/link/file`;
    assertEquals([paths.isReal(behind), paths.isReal(`${dir}/real/file`)], [false, true]);
    assertEquals([paths.lookUp(behind), paths.lookUp(`${dir}/link/missing`)], ["link", "link"]);
    for (
      const act of [
        () => paths.lstat(behind),
        () => paths.createOpen(`${dir}/link/new`, "write"),
        () => paths.create(`${dir}/link/new`),
        () => paths.setMode(behind, 0o600),
        () => paths.setModified(behind, 0),
        () => paths.removeFile(behind),
        () => paths.rename(behind, `${dir}/moved`),
        () => paths.rename(`${dir}/real/file`, `${dir}/link/moved`),
        () => paths.makeDirectory(`${dir}/link/new`),
        () => paths.removeDirectory(`${dir}/link/new`),
      ]
    ) assertCode("ELOOP", act);
    for (const use of ["read", "write", "append"] as const) assertEquals(paths.open(behind, use), undefined);
    assertEquals([...Deno.readDirSync(`${dir}/real`)].map(({ name }) => name), ["file"]);
  }));

nativeTest("ContainedPaths takes a link at the end for itself", () =>
  withPaths(({ paths, dir }) => {
    assertEquals(paths.lstat(`${dir}/link`).isSymlink, true);
    assertEquals(paths.lookUp(`${dir}/link`), paths.lstat(`${dir}/link`));
    assertEquals(paths.isReal(`${dir}/link`), false);
    assertEquals(paths.open(`${dir}/link`, "read"), undefined);
    assertCode("EEXIST", () => paths.create(`${dir}/link`));
    paths.rename(`${dir}/link`, `${dir}/moved`);
    paths.removeFile(`${dir}/moved`);
    assertEquals(Deno.readTextFileSync(`${dir}/real/file`), "content");
  }));

nativeTest("ContainedPaths looks at files as the runtime does", () =>
  withPaths(({ paths, dir }) => {
    for (const path of [dir, `${dir}/real/file`, `${dir}/link`, "/dev/null"]) {
      // Of this one the runtime tells whole seconds.
      const ctime = null;
      assertEquals({ ...paths.lstat(path), ctime }, { ...Deno.lstatSync(path), ctime });
    }
  }));

nativeTest("ContainedPaths changes names, modes and times", () =>
  withPaths(({ paths, dir }) => {
    paths.makeDirectory(`${dir}/d`);
    paths.create(`${dir}/d/new`);
    assertCode("EEXIST", () => paths.create(`${dir}/d/new`));
    assertCode("ENOTEMPTY", () => paths.removeDirectory(`${dir}/d`));
    assertCode("EISDIR", () => paths.removeFile(`${dir}/d`));
    assertCode("ENOTDIR", () => paths.removeDirectory(`${dir}/d/new`));
    assertCode("ENOENT", () => paths.removeFile(`${dir}/missing`));
    assertEquals([paths.lookUp(`${dir}/missing`), paths.lookUp(`${dir}/missing/too`)], ["nothing", "nothing"]);
    assertCode("ENOTDIR", () => paths.lookUp(`${dir}/real/file/below`));
    const before = Deno.statSync(`${dir}/d/new`);
    paths.setMode(`${dir}/d/new`, 0o640);
    paths.setModified(`${dir}/d/new`, Date.UTC(1969, 6, 20, 20, 17, 40, 250));
    const after = Deno.statSync(`${dir}/d/new`);
    assertEquals([(after.mode ?? 0) & 0o777, after.mtime?.toISOString()], [0o640, "1969-07-20T20:17:40.250Z"]);
    assertEquals(after.atime, before.atime);
    paths.removeFile(`${dir}/d/new`);
    paths.removeDirectory(`${dir}/d`);
  }));

nativeTest(
  "ContainedPaths is not there where openat2 is not, and directories are read all the same",
  () =>
    withLibc((libc) =>
      withTempDir((dir) => {
        const old = { ...libc, syscall: () => -1n } as typeof libc;
        assertEquals(ContainedPaths.probe(old), undefined);
        Deno.writeTextFileSync(`${dir}/file`, "");
        const { dev: device, ino } = Deno.statSync(dir);
        const names = [...directoryReader(old).names(dir, { device, inode: ino ?? 0 }) ?? []].flat();
        assertEquals(names, [{ name: "file", isDirectory: false, isSymlink: false }]);
        return Promise.resolve();
      })
    ),
);

/** The file at `path`, which can be opened. */
function opened(paths: ContainedPaths, path: string, use: FileUse): DiskFile {
  const opened = paths.open(path, use);
  assert(opened, `Cannot be opened: "${path}"`);
  return opened.file;
}

nativeTest(
  "NativeFile reads piece by piece, and is closed after the read that is under way",
  () =>
    withPaths(async ({ paths, dir }) => {
      const file = opened(paths, `${dir}/real/file`, "read");
      const buffer = new Uint8Array(5);
      assertEquals(file.readSync(buffer), 5);
      assertEquals(new TextDecoder().decode(buffer), "conte");
      assertEquals(await file.read(buffer), 2);
      assertEquals([await file.read(buffer), file.readSync(buffer)], [null, null]);
      assertEquals(file.seekSync(0, Deno.SeekMode.Start), 0);
      const last = file.read(buffer);
      file.close();
      assertEquals(await last, 5);
      assertThrows(() => file.readSync(buffer), Deno.errors.BadResource);
      file.close();
    }),
);

nativeTest(
  "NativeFile writes, cuts, syncs and locks as the runtime's files do",
  () =>
    withPaths(async ({ paths, dir }) => {
      const path = `${dir}/real/new`;
      const { file, info } = paths.createOpen(path, "write");
      assertEquals([info.size, info.ino], [0, Deno.statSync(path).ino]);
      const bytes = new TextEncoder().encode("0123456789");
      assertEquals([file.writeSync(bytes), await file.write(bytes)], [10, 10]);
      await file.sync();
      await file.syncData();
      file.truncateSync(15);
      const { size, isFile, ino } = file.statSync();
      assertEquals({ size, isFile, ino }, { size: 15, isFile: true, ino: Deno.statSync(path).ino });
      await file.truncate(12);
      const appending = opened(paths, path, "append");
      appending.writeSync(bytes.subarray(0, 1));
      assertEquals(Deno.readTextFileSync(path), "0123456789010");
      assertEquals([file.tryLockSync(true), appending.tryLockSync(true)], [true, false]);
      file.close();
      assertEquals(appending.tryLockSync(true), true);
      appending.close();
    }),
);

nativeTest(
  "NativeFile says why a call has failed, in a thread of the runtime's pool as well",
  () =>
    withPaths(async ({ paths, dir }) => {
      const file = opened(paths, `${dir}/real/file`, "read");
      const bytes = new Uint8Array(1);
      for (const act of [() => file.write(bytes), () => Promise.resolve().then(() => file.writeSync(bytes))]) {
        const error = await assertRejects(act, SystemError);
        assertEquals(error.code, "EBADF");
      }
      assertEquals((await assertRejects(() => file.truncate(0), SystemError)).code, "EINVAL");
      file.close();
    }),
);

nativeTest("ContainedPaths knows a file system in memory", () =>
  withPaths(({ paths, dir }) => {
    const { dev } = Deno.statSync("/dev/shm");
    assertEquals([paths.isInMemory("/dev/shm", dev), paths.isInMemory("/dev/shm", dev + 1)], [true, false]);
    Deno.symlinkSync("/dev/shm", `${dir}/shm`);
    assertEquals([paths.isInMemory(`${dir}/shm`, dev), paths.isInMemory("/proc", Deno.statSync("/proc").dev)], [
      false,
      false,
    ]);
  }));

nativeTest("ContainedPaths opens nothing but regular files", () =>
  withPaths(async ({ paths, dir }) => {
    await new Deno.Command("mkfifo", { args: [`${dir}/real/fifo`] }).output();
    for (const use of ["read", "write", "append"] as const) {
      assertEquals(paths.open(`${dir}/real`, use), undefined);
      assertEquals(paths.open(`${dir}/real/fifo`, use), undefined);
      assertEquals(paths.open(`${dir}/real/missing`, use), undefined);
    }
    assertCode("EEXIST", () => paths.createOpen(`${dir}/real/file`, "write"));
  }));
