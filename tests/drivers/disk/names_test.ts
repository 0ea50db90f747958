/** What others on the host, or a file system that can do less, do to the names of files while this server uses them. */

import { assertEquals } from "@std/assert";
import { type DiskVfs, openDisk } from "../../../lib/drivers/disk/disk.ts";
import { withUploadPolicy } from "../../../lib/vfs/uploads.ts";
import { assertFails, at, bytes, namesOf, put, readText, withTempDir } from "../../vfs/helpers.ts";

/** A real directory, the view of it, and an upload of `/f` that has begun. */
interface Upload {
  readonly dir: string;
  readonly vfs: DiskVfs;
}

/** Ways in which a file that is uploaded in place can lose its name on the host. */
const LOSSES: readonly (readonly [what: string, lose: (file: string) => Promise<void>])[] = [
  ["removed", (file) => Deno.remove(file)],
  ["moved", (file) => Deno.rename(file, `${file}.elsewhere`)],
  ["replaced", async (file) => {
    await Deno.writeTextFile(`${file}.other`, "other");
    await Deno.rename(`${file}.other`, file);
  }],
];

for (const [what, lose] of LOSSES) {
  for (const options of [{}, { append: true }, { exclusive: true }]) {
    diskTest(
      `DiskVfs reports no upload with ${JSON.stringify(options)} whose file was ${what}`,
      async ({ dir, vfs }) => {
        if (!options.exclusive) await put(vfs, "/f", "old");
        const sink = await vfs.openWrite(at("/f"), options);
        await sink.write(bytes("new"));
        await lose(`${dir}/f`);
        await assertFails("vanished", () => sink.commit());
        assertEquals(await sink.discard(), undefined);
      },
    );
  }
}

diskTest("DiskVfs reports no upload whose directory was moved", async ({ dir, vfs }) => {
  await vfs.mkdir(at("/d"));
  const sink = await vfs.openWrite(at("/d/f"));
  await sink.write(bytes("new"));
  await Deno.rename(`${dir}/d`, `${dir}/e`);
  await assertFails("vanished", () => sink.commit());
  await sink.abort();
});

diskTest("DiskVfs tells by a number of the file system what has lost its name", async ({ dir, vfs }) => {
  await put(vfs, "/f", "12345");
  await put(vfs, "/g", "1");
  const { unique } = await vfs.stat(at("/f"));
  const removed = await vfs.rename(at("/g"), at("/f"));
  assertEquals([removed?.size, removed?.unique], [5, unique]);
  await Deno.symlink("f", `${dir}/link`);
  assertEquals((await vfs.remove(at("/link")))?.size, 0);
});

/** Runs `during` where link(2) does not work. */
async function withoutHardLinks(during: () => Promise<void>): Promise<void> {
  const { linkSync } = Deno;
  Deno.linkSync = () => {
    throw Object.assign(new Error("Operation not permitted"), { code: "EPERM" });
  };
  try {
    await during();
  } finally {
    Deno.linkSync = linkSync;
  }
}

diskTest("DiskVfs renames exclusively where there are no hard links", ({ dir, vfs }) =>
  withoutHardLinks(async () => {
    await put(vfs, "/a", "a");
    await put(vfs, "/b", "b");
    await assertFails("exists", () => vfs.rename(at("/a"), at("/b"), { exclusive: true }));
    await vfs.rename(at("/a"), at("/c"), { exclusive: true });
    await assertFails("notFound", () => vfs.rename(at("/b"), at("/missing/b"), { exclusive: true }));
    assertEquals([await readText(vfs, "/b"), await readText(vfs, "/c")], ["b", "a"]);
    const atomic = withUploadPolicy(vfs, { mode: "atomic", broken: "delete" });
    await put(atomic, "/d", "d", { exclusive: true });
    await assertFails("exists", () => put(atomic, "/d", "again", { exclusive: true }));
    assertEquals([await readText(vfs, "/d"), await namesOf(vfs, "/")], ["d", ["b", "c", "d"]]);
    assertEquals((await Deno.stat(`${dir}/d`)).nlink, 1);
  }));

diskTest("DiskVfs leaves no second name after an exclusive rename, and no link is followed", async ({ dir, vfs }) => {
  await put(vfs, "/a", "a");
  await vfs.rename(at("/a"), at("/b"), { exclusive: true });
  assertEquals((await Deno.stat(`${dir}/b`)).nlink, 1);
  await Deno.symlink("b", `${dir}/link`);
  await Deno.symlink("nothing", `${dir}/broken`);
  await assertFails("exists", () => vfs.rename(at("/b"), at("/broken"), { exclusive: true }));
  await vfs.rename(at("/link"), at("/moved"), { exclusive: true });
  assertEquals([await Deno.readLink(`${dir}/moved`), await namesOf(vfs, "/")], ["b", ["b", "broken", "moved"]]);
});

diskTest("DiskVfs never replaces an empty directory that somebody else has just made", async ({ dir, vfs }) => {
  await vfs.mkdir(at("/d"));
  const { mkdirSync } = Deno;
  Deno.mkdirSync = (path, options) => {
    mkdirSync(`${dir}/e`);
    return mkdirSync(path, options);
  };
  try {
    await assertFails("exists", () => vfs.rename(at("/d"), at("/e")));
  } finally {
    Deno.mkdirSync = mkdirSync;
  }
  assertEquals(await namesOf(vfs, "/"), ["d", "e"]);
});

function diskTest(name: string, check: (disk: Upload) => Promise<void>): void {
  Deno.test(name, () => withTempDir(async (dir) => await check({ dir, vfs: await openDisk(dir) })));
}
