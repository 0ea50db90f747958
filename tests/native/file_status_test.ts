import { assert, assertEquals } from "@std/assert";
import { FileStatus } from "../../lib/native/file_status.ts";
import { cString, O_CLOEXEC, O_DIRECTORY } from "../../lib/native/libc.ts";
import { nativeTest, withLibc } from "../helpers/native.ts";
import { withTempDir } from "../vfs/helpers.ts";

/** What the runtime says, as the C library is to say it. */
function expected(info: Deno.FileInfo): Record<string, unknown> {
  return {
    kind: info.isFile ? "file" : info.isDirectory ? "directory" : info.isSymlink ? "link" : "other",
    size: info.size,
    modified: info.mtime?.getTime(),
    permissions: (info.mode ?? 0) & 0o7777,
    links: info.nlink,
    owner: info.uid,
    group: info.gid,
    inode: info.ino,
    device: info.dev,
  };
}

function told(status: FileStatus): Record<string, unknown> {
  const { kind, size, modified, permissions, links, owner, group, inode, device } = status;
  return { kind, size, modified, permissions, links, owner, group, inode, device };
}

/** Looks at `path` in all ways there are. */
async function assertSame(path: string): Promise<void> {
  const slash = path.lastIndexOf("/");
  await withLibc((libc) => {
    const directory = libc.open(cString(path.slice(0, slash) || "/"), O_DIRECTORY | O_CLOEXEC, 0);
    const status = new FileStatus(libc);
    assert(status.look(directory, cString(path.slice(slash + 1))), path);
    libc.close(directory);
    assertEquals(told(status), expected(Deno.lstatSync(path)));
  });
}

nativeTest("FileStatus says of every kind of object what the runtime says", () =>
  withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "12345");
    await Deno.chmod(`${dir}/file`, 0o1640);
    await Deno.utime(`${dir}/file`, 1_600_000_000.123, 1_700_000_000.987);
    await Deno.link(`${dir}/file`, `${dir}/second name`);
    await Deno.mkdir(`${dir}/directory`);
    await Deno.symlink("nowhere", `${dir}/link`);
    const huge = await Deno.create(`${dir}/huge`);
    await huge.truncate(5 * 2 ** 32 + 7);
    huge.close();
    for (const name of ["file", "second name", "directory", "link", "huge"]) await assertSame(`${dir}/${name}`);
    for (const path of ["/dev/null", "/proc/self", "/proc", "/tmp"]) await assertSame(path);
  }));

nativeTest(
  "FileStatus knows an open file, and sees nothing where there is nothing",
  () =>
    withTempDir((dir) =>
      withLibc((libc) => {
        const directory = libc.open(cString(dir), O_DIRECTORY | O_CLOEXEC, 0);
        const status = new FileStatus(libc);
        assert(status.lookAt(directory));
        const { dev: device, ino } = Deno.statSync(dir);
        const inode = ino ?? 0;
        assertEquals([status.is({ device, inode }), status.is({ device, inode: inode + 1 })], [true, false]);
        assertEquals(status.look(directory, cString("missing")), false);
        libc.close(directory);
        assertEquals(status.lookAt(-1), false);
      })
    ),
);
