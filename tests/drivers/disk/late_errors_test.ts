/** File systems that say only at close(2) that they could not keep what was written. */

import { assertEquals } from "@std/assert";
import { tellsLate } from "../../../lib/drivers/disk/late_errors.ts";
import { paceOf } from "../../../lib/drivers/disk/pace.ts";
import { openDisk } from "../../../lib/drivers/disk/disk.ts";
import { withUploadPolicy } from "../../../lib/vfs/uploads.ts";
import { assertFails, at, bytes, namesOf, withTempDir } from "../../vfs/helpers.ts";

/**
 * What `makedev` makes of a number without a block device behind it, as NFS, SMB and FUSE have; none that is mounted
 * here.
 */
const ANONYMOUS = 0xfff000fe;

/**
 * Runs `during` with all files on a file system with this device number; counts how often it is asked to keep what it
 * has.
 */
async function onDevice(
  dev: number,
  options: { asked: (how: "in a thread" | "at once") => void; during: () => Promise<void> },
): Promise<void> {
  const { statSync, syncData, syncDataSync } = Deno.FsFile.prototype;
  const { lstatSync } = Deno;
  Deno.FsFile.prototype.statSync = function () {
    return { ...statSync.call(this), dev };
  };
  Deno.lstatSync = (path) => ({ ...lstatSync(path), dev });
  const { statSync: stat } = Deno;
  Deno.statSync = (path) => ({ ...stat(path), dev });
  // deno-lint-ignore require-await -- rejects, as the real one
  Deno.FsFile.prototype.syncData = async () => options.asked("in a thread");
  Deno.FsFile.prototype.syncDataSync = () => options.asked("at once");
  try {
    await options.during();
  } finally {
    Object.assign(Deno.FsFile.prototype, { statSync, syncData, syncDataSync });
    Object.assign(Deno, { lstatSync, statSync: stat });
  }
}

const linuxTest = (name: string, test: () => Promise<void>) =>
  Deno.test({ name, ignore: Deno.build.os !== "linux", fn: test });

for (const mode of ["inPlace", "atomic"] as const) {
  linuxTest(
    `DiskVfs reports no upload that a remote file system could not keep, ${mode}`,
    () =>
      withTempDir(async (dir) => {
        const vfs = withUploadPolicy(await openDisk(dir), { mode, broken: "delete" });
        const asked = () => {
          throw Object.assign(new Error("Disk quota exceeded"), { code: "EDQUOT" });
        };
        await onDevice(ANONYMOUS, {
          asked,
          during: async () => {
            const sink = await vfs.openWrite(at("/f"));
            await sink.write(bytes("content"));
            await assertFails("overQuota", () => sink.commit());
            await sink.abort();
          },
        });
        assertEquals(await namesOf(vfs, "/"), []);
      }),
  );
}

for (const [how, last, device] of [["in a thread", 10, 0xfff000f9], ["at once", 0.1, 0xfff000f8]] as const) {
  linuxTest(`DiskVfs asks a remote file system once for each upload, ${how}`, () =>
    withTempDir(async (dir) => {
      const vfs = await openDisk(dir);
      paceOf(device).syncs.waited(last);
      const upload = async (path: string) => {
        const sink = await vfs.openWrite(at(path));
        await sink.write(bytes("content"));
        await sink.commit();
      };
      const answers: string[] = [];
      await onDevice(device, { asked: (answer) => void answers.push(answer), during: () => upload("/f") });
      assertEquals(answers, [how]);
      const asked = () => {
        throw Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
      };
      await onDevice(device, { asked, during: () => assertFails("noSpace", () => upload("/g")) });
    }));
}

linuxTest("DiskVfs does not ask a local disk to keep what it has", () =>
  withTempDir(async (dir) => {
    const vfs = await openDisk(dir);
    let asked = 0;
    await onDevice(0x0801, {
      asked: () => void asked++,
      during: async () => {
        const sink = await vfs.openWrite(at("/f"));
        await sink.write(bytes("content"));
        await sink.commit();
      },
    });
    assertEquals(asked, 0);
  }));

Deno.test("tellsLate knows a block device, and file systems in memory where it may ask for their type", () => {
  if (Deno.build.os !== "linux") return;
  assertEquals(tellsLate(0x0803, "/nowhere"), false);
  assertEquals(tellsLate(0xfff000fd, "/nowhere"), true);
  assertEquals(tellsLate(Deno.statSync("/dev/shm").dev, "/dev/shm"), false);
  assertEquals(tellsLate(0xfff000fb, "/nowhere", { isInMemory: () => true }), false);
  assertEquals(tellsLate(0xfff000fa, "/nowhere", { isInMemory: () => false }), true);
});
