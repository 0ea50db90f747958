import { assertEquals } from "@std/assert";
import { diskUploads, openDisk } from "../../../lib/drivers/disk/disk.ts";
import type { LocksElsewhere } from "../../../lib/vfs/upload_locks.ts";
import { withUploadPolicy } from "../../../lib/vfs/uploads.ts";
import type { VirtualPath } from "../../../lib/vfs/vfs.ts";
import { withTempDir } from "../../vfs/helpers.ts";

/**
 * Another event loop that has not yet let go of a file, whose number the part of an upload has got. Locked are the file
 * that is replaced, the name of the part, and the part, which is tried twice at once.
 */
class LateRelease implements LocksElsewhere<string> {
  readonly taken: string[] = [];

  take(key: string): Disposable | undefined {
    const isPart = [3, 4].includes(this.taken.push(key));
    return isPart ? undefined : { [Symbol.dispose]: () => {} };
  }

  ask(): void {}
}

Deno.test("A part whose number is still locked elsewhere is made again", async () => {
  await withTempDir(async (root) => {
    await Deno.writeTextFile(`${root}/old`, "old content");
    const elsewhere = new LateRelease();
    diskUploads.share(elsewhere);
    const files = withUploadPolicy(await openDisk(root), { mode: "safe", broken: "keep" });
    const sink = await files.openWrite("/old" as VirtualPath);
    // The part, and its name, once more.
    assertEquals(elsewhere.taken.length, 6);
    await sink.write(new TextEncoder().encode("new"));
    await sink.commit();
    assertEquals(await Deno.readTextFile(`${root}/old`), "new");
    assertEquals(Array.from(Deno.readDirSync(root), ({ name }) => name), ["old"]);
  });
});
