import { assertEquals } from "@std/assert";
import { type DiskVfsOptions, openDisk } from "../../../lib/drivers/disk/disk.ts";
import type { SymlinkPolicy } from "../../../lib/drivers/disk/root.ts";
import type { Vfs } from "../../../lib/vfs/vfs.ts";
import { nativeIo, nativeTest } from "../../helpers/native.ts";
import { assertFails, at, listAll, namesOf, put, readText, withTempDir } from "../../vfs/helpers.ts";

interface Tree {
  readonly vfs: Vfs;
  readonly root: string;
  readonly outside: string;
}

/**
 * `root` holds `inside/file` and the links that a test makes; `outside`, beside it, holds `secret` and `dir/file`, and
 * nothing else at the end, whatever was tried.
 */
function linkTest(name: string, check: (tree: Tree) => Promise<void>, symlinks: SymlinkPolicy = "follow-inside"): void {
  const run = (options: DiskVfsOptions) =>
    withTempDir(async (dir) => {
      const [root, outside] = [`${dir}/root`, `${dir}/outside`];
      await Deno.mkdir(`${root}/inside`, { recursive: true });
      await Deno.mkdir(`${outside}/dir`, { recursive: true });
      await Deno.writeTextFile(`${root}/inside/file`, "inside");
      await Deno.writeTextFile(`${outside}/secret`, "secret");
      await Deno.writeTextFile(`${outside}/dir/file`, "secret");
      await check({ vfs: await openDisk(root, options), root, outside });
      assertEquals(await Deno.readTextFile(`${outside}/secret`), "secret");
      assertEquals(await Deno.readTextFile(`${outside}/dir/file`), "secret");
      const left = await Array.fromAsync(Deno.readDir(outside), (entry) => entry.name);
      assertEquals(left.sort(), ["dir", "secret"]);
      assertEquals((await Array.fromAsync(Deno.readDir(`${outside}/dir`))).length, 1);
    });
  Deno.test(name, () => run({ symlinks }));
  nativeTest(`${name}, by the C library`, async () => {
    using native = nativeIo();
    await run({ symlinks, readDirectory: native.readDirectory, paths: native.paths });
  });
}

/** Everything that could touch what `path`, a link, leads to. */
async function assertClosed(vfs: Vfs, path: string): Promise<void> {
  await assertFails("notFound", () => vfs.openRead(at(path)));
  await assertFails("denied", () => vfs.openWrite(at(path)));
  await assertFails("denied", () => vfs.openWrite(at(path), { append: true }));
  await assertFails("pastEnd", () => vfs.openWrite(at(path), { offset: 3 }));
  await assertFails("exists", () => vfs.openWrite(at(path), { exclusive: true }));
  await assertFails("exists", () => vfs.mkdir(at(path)));
  await assertFails("notDirectory", () => vfs.rmdir(at(path)));
  await assertFails("notFound", () => listAll(vfs, path));
  await assertFails("notFound", () => namesOf(vfs, path));
  await assertFails("notFound", () => vfs.capabilities.setMode?.(at(path), 0o777) ?? Promise.resolve());
  await assertFails("notFound", () => vfs.capabilities.setModified?.(at(path), 0) ?? Promise.resolve());
  assertEquals((await vfs.stat(at(path))).kind, "link");
}

/** Everything that could touch what is below `path`, a link to a directory outside. */
async function assertClosedBelow(vfs: Vfs, path: string): Promise<void> {
  for (const name of ["file", "new"]) {
    const below = at(`${path}/${name}`);
    await assertFails("notFound", () => vfs.stat(below));
    await assertFails("notFound", () => vfs.openRead(below));
    await assertFails("notFound", () => vfs.openWrite(below));
    await assertFails("notFound", () => vfs.openWrite(below, { exclusive: true }));
    await assertFails("notFound", () => vfs.openWrite(below, { append: true }));
    await assertFails("notFound", () => vfs.mkdir(below));
    await assertFails("notFound", () => vfs.rmdir(below));
    await assertFails("notFound", () => vfs.remove(below));
    await assertFails("notFound", () => vfs.rename(below, at("/taken")));
    await assertFails("notFound", () => vfs.rename(at("/inside/file"), below));
    await assertFails("notFound", () => listAll(vfs, below));
  }
}

/** How a link may leave the root, and the target that may be told: each is made as `/link`. */
const ESCAPES: readonly (readonly [shape: string, make: (tree: Tree) => Promise<void>, target?: string])[] = [
  ["an absolute link to a file", ({ root, outside }) => Deno.symlink(`${outside}/secret`, `${root}/link`)],
  ["a relative link to a file", ({ root }) => Deno.symlink("../outside/secret", `${root}/link`)],
  ["a link to a missing file", ({ root, outside }) => Deno.symlink(`${outside}/new`, `${root}/link`)],
  ["a relative link to a missing file", ({ root }) => Deno.symlink("../outside/new", `${root}/link`)],
  ["a link to itself", ({ root }) => Deno.symlink("link", `${root}/link`), "link"],
  ["a chain of links", async ({ root, outside }) => {
    await Deno.symlink(`${outside}/secret`, `${root}/inside/second`);
    await Deno.symlink("inside/second", `${root}/link`);
  }, "inside/second"],
  ["a link with .. through a directory link", async ({ root, outside }) => {
    await Deno.symlink(`${outside}/dir`, `${root}/inside/out`);
    await Deno.symlink("inside/out/../secret", `${root}/link`);
  }],
  ["a link to a directory", ({ root, outside }) => Deno.symlink(`${outside}/dir`, `${root}/link`)],
  ["a link to the parent of the root", ({ root }) => Deno.symlink("..", `${root}/link`)],
  ["a link to the real root", ({ root }) => Deno.symlink("/", `${root}/link`)],
];

for (const [shape, make, target] of ESCAPES) {
  linkTest(`DiskVfs does not follow ${shape}`, async (tree) => {
    await make(tree);
    await assertClosed(tree.vfs, "/link");
    const listed = (await listAll(tree.vfs, "/")).get("link");
    assertEquals([listed?.kind, listed?.leadsTo, listed?.target], ["link", undefined, target]);
    assertEquals(await namesOf(tree.vfs, "/"), ["inside", "link"]);
    await tree.vfs.rename(at("/link"), at("/moved"));
    await tree.vfs.remove(at("/moved"));
    assertEquals(await namesOf(tree.vfs, "/"), ["inside"]);
  });
}

linkTest("DiskVfs lets nothing through a link to a directory outside", async ({ vfs, root, outside }) => {
  await Deno.symlink(`${outside}/dir`, `${root}/link`);
  await Deno.symlink("../../outside/dir", `${root}/inside/deep`);
  await Deno.symlink("inside/deep", `${root}/chain`);
  for (const path of ["/link", "/inside/deep", "/chain"]) await assertClosedBelow(vfs, path);
});

linkTest(
  "DiskVfs says the same of what is below a file outside as of what is not there",
  async ({ vfs, root, outside }) => {
    await Deno.symlink(`${outside}/secret`, `${root}/link`);
    await assertFails("notFound", () => vfs.stat(at("/link/x")));
    await assertFails("notFound", () => vfs.openRead(at("/link/x")));
    await assertFails("notFound", () => vfs.openWrite(at("/link/x")));
  },
);

linkTest("DiskVfs takes a sibling that begins like the root for outside", async ({ vfs, root }) => {
  await Deno.mkdir(`${root}-two`);
  await Deno.writeTextFile(`${root}-two/file`, "secret");
  await Deno.symlink(`${root}-two/file`, `${root}/link`);
  await assertFails("notFound", () => vfs.openRead(at("/link")));
});

linkTest("DiskVfs follows links that stay inside", async ({ vfs, root }) => {
  await Deno.symlink("inside/file", `${root}/file-link`);
  await Deno.symlink(`${root}/inside`, `${root}/dir-link`);
  const entries = await listAll(vfs, "/");
  assertEquals([entries.get("file-link")?.kind, entries.get("file-link")?.leadsTo?.size], ["link", 6]);
  assertEquals([entries.get("dir-link")?.kind, entries.get("dir-link")?.leadsTo?.kind], ["link", "directory"]);
  const { kind, link } = await vfs.stat(at("/dir-link"));
  assertEquals([kind, link], ["directory", entries.get("dir-link")]);
  assertEquals(await readText(vfs, "/file-link"), "inside");
  assertEquals(await readText(vfs, "/dir-link/file"), "inside");
  await put(vfs, "/dir-link/file", "changed");
  await put(vfs, "/dir-link/new", "new");
  await put(vfs, "/file-link", "+", { append: true });
  assertEquals(await Deno.readTextFile(`${root}/inside/file`), "changed+");
  assertEquals(await namesOf(vfs, "/dir-link"), ["file", "new"]);
});

/** What a link in `/inside` says, and the target that users see. */
const TARGETS: readonly (readonly [text: (tree: Tree) => string, target: string | undefined])[] = [
  [() => "file", "file"],
  [() => "./file", "./file"],
  [() => "missing", "missing"],
  [() => "..", ".."],
  [() => "../inside/file", "../inside/file"],
  [() => "../missing", "../missing"],
  [({ root }) => `${root}/inside/file`, "/inside/file"],
  [({ root }) => `${root}/missing`, "/missing"],
  [({ root }) => root, "/"],
  // Out and in again: the text would name what is above the root.
  [() => "../../root/inside/file", "/inside/file"],
  [() => "../../root", "/"],
  [() => "../../root/missing", undefined],
  [({ outside }) => `${outside}/../root/inside`, "/inside"],
  [({ outside }) => `${outside}/missing`, undefined],
  [() => "../../outside/secret", undefined],
  // By way of a link to a directory outside; there or not, it is the same.
  [() => "../out/file", undefined],
  [() => "../out/missing", undefined],
  [() => "no-directory/missing", undefined],
  [() => "line\nend", undefined],
];

linkTest("DiskVfs names the target of a link only where that says nothing of what is outside", async (tree) => {
  const { vfs, root, outside } = tree;
  await Deno.symlink(`${outside}/dir`, `${root}/out`);
  for (const [text, target] of TARGETS) {
    await Deno.symlink(text(tree), `${root}/inside/link`);
    const listed = (await listAll(vfs, "/inside")).get("link");
    assertEquals([listed?.kind, listed?.target], ["link", target], text(tree));
    const found = await vfs.stat(at("/inside/link"));
    assertEquals(found.link ?? found, listed, text(tree));
    await vfs.remove(at("/inside/link"));
  }
  assertEquals(await readText(vfs, "/inside/file"), "inside");
});

linkTest("DiskVfs removes and renames a link, not what it leads to", async ({ vfs, root }) => {
  await Deno.symlink("inside/file", `${root}/file-link`);
  await Deno.symlink("inside", `${root}/dir-link`);
  await assertFails("notDirectory", () => vfs.rmdir(at("/dir-link")));
  await assertFails("exists", () => vfs.rename(at("/inside/file"), at("/dir-link")));
  await vfs.rename(at("/file-link"), at("/inside/moved-link"));
  await vfs.remove(at("/inside/moved-link"));
  await vfs.remove(at("/dir-link"));
  assertEquals(await readText(vfs, "/inside/file"), "inside");
});

linkTest("DiskVfs does not move a directory into itself by way of a link", async ({ vfs, root }) => {
  await Deno.symlink("inside", `${root}/dir-link`);
  await assertFails("badName", () => vfs.rename(at("/inside"), at("/dir-link/sub")));
  assertEquals(await readText(vfs, "/inside/file"), "inside");
});

linkTest("DiskVfs with deny lists links and follows none", async ({ vfs, root, outside }) => {
  await Deno.symlink("inside", `${root}/in`);
  await Deno.symlink(`${outside}/dir`, `${root}/out`);
  const entries = await listAll(vfs, "/");
  for (const entry of [entries.get("in"), entries.get("out")]) {
    assertEquals([entry?.kind, entry?.target, entry?.leadsTo], ["link", undefined, undefined]);
  }
  for (const path of ["/in/file", "/out/file"]) {
    await assertFails("denied", () => vfs.openRead(at(path)));
    await assertFails("denied", () => vfs.openWrite(at(path)));
    await assertFails("denied", () => vfs.stat(at(path)));
  }
  await assertFails("denied", () => vfs.remove(at("/in")));
}, "deny");

linkTest("DiskVfs with hide knows of no links", async ({ vfs, root, outside }) => {
  await Deno.symlink("inside", `${root}/in`);
  await Deno.symlink("inside/file", `${root}/f`);
  await Deno.symlink(`${outside}/dir`, `${root}/out`);
  assertEquals([...(await listAll(vfs, "/")).keys()], ["inside"]);
  assertEquals(await namesOf(vfs, "/"), ["inside"]);
  for (const path of ["/in", "/f", "/out", "/in/file", "/out/file"]) {
    await assertFails("notFound", () => vfs.stat(at(path)));
    await assertFails("notFound", () => vfs.openRead(at(path)));
    await assertFails("notFound", () => vfs.remove(at(path)));
  }
}, "hide");
