import { assertEquals, assertStrictEquals } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { MemoryVfs, type MemoryVfsOptions } from "../../lib/drivers/memory/memory.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import { scopeVfs } from "../../lib/vfs/access.ts";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import { EmptyVfs } from "../../lib/vfs/mounts/empty.ts";
import { withMounts } from "../../lib/vfs/mounts/mounts.ts";
import { type Subject, testDriver } from "../../lib/vfs/testing/mod.ts";
import type {
  Entry,
  FileSink,
  FileSource,
  OpenWriteOptions,
  Removed,
  RenameOptions,
  Vfs,
  VfsCapabilities,
  VirtualPath,
} from "../../lib/vfs/vfs.ts";
import { assertFails, at, listAll, namesOf, put, readText, UncountedVfs, withTempDir } from "./helpers.ts";

/** What a view shows below one of its directories: the conformance kit begins at a root. */
class Below extends ForwardingVfs {
  readonly #at: string;

  constructor(inner: Vfs, directory: string) {
    super(inner);
    this.#at = directory;
  }

  #outer(path: VirtualPath): VirtualPath {
    return at(this.#at + path);
  }

  override get capabilities(): VfsCapabilities {
    const { reserve, setMode, setModified, space, checkMove: _, ...others } = this.inner.capabilities;
    return {
      ...others,
      ...(reserve && { reserve: (path) => reserve(this.#outer(path)) }),
      ...(setMode && { setMode: (path, mode) => setMode(this.#outer(path), mode) }),
      ...(setModified && { setModified: (path, modified) => setModified(this.#outer(path), modified) }),
      ...(space && { space: (path) => space(this.#outer(path)) }),
    };
  }

  override async stat(path: VirtualPath): Promise<Entry> {
    const entry = await this.inner.stat(this.#outer(path));
    return path === "/" ? { ...entry, name: "/" } : entry;
  }

  override list(path: VirtualPath): AsyncIterable<readonly Entry[]> {
    return this.inner.list(this.#outer(path));
  }

  override names(path: VirtualPath): AsyncIterable<readonly string[]> {
    return this.inner.names(this.#outer(path));
  }

  override openRead(path: VirtualPath, offset?: number): Promise<FileSource> {
    return this.inner.openRead(this.#outer(path), offset);
  }

  override openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink> {
    return this.inner.openWrite(this.#outer(path), options);
  }

  override mkdir(path: VirtualPath): Promise<void> {
    return this.inner.mkdir(this.#outer(path));
  }

  override rmdir(path: VirtualPath): Promise<void> {
    return this.inner.rmdir(this.#outer(path));
  }

  override remove(path: VirtualPath): Promise<Removed | undefined> {
    return this.inner.remove(this.#outer(path));
  }

  override rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    return this.inner.rename(this.#outer(from), this.#outer(to), options);
  }
}

async function diskMount(): Promise<Subject> {
  const dir = await Deno.makeTempDir({ prefix: "denoftpd-" });
  const view = withMounts(new MemoryVfs(), [{ at: at("/archive/disk"), vfs: await openDisk(dir) }]);
  return {
    vfs: new Below(view, "/archive/disk"),
    link: (target, path) => Deno.symlink(target, `${dir}${path}`),
    cleanup: () => Deno.remove(dir, { recursive: true }),
  };
}

async function besideMounts(): Promise<Subject> {
  const main = new UncountedVfs(new MemoryVfs());
  const view = withMounts(main, [{ at: at("/home/mounted"), vfs: new MemoryVfs() }]);
  await view.mkdir(at("/other"));
  return { vfs: new Below(view, "/other") };
}

await testDriver("A mount on a disk", diskMount);
await testDriver("The main tree beside a mount", besideMounts, {
  register: (title, run) => {
    // `/other` of the whole view is an ordinary directory.
    if (!title.endsWith("keeps the root")) Deno.test(title, run);
  },
});
await testDriver(
  "A mount within a mount",
  () => ({
    vfs: new Below(
      withMounts(new EmptyVfs(), [{ at: at("/a"), vfs: new MemoryVfs() }, { at: at("/a/b"), vfs: new MemoryVfs() }]),
      "/a/b",
    ),
  }),
);

function memory(files: MemoryVfsOptions["files"] = {}): MemoryVfs {
  return new MemoryVfs({ files });
}

function mounted(places: Readonly<Record<string, Vfs>>, main: Vfs = memory()): Vfs {
  return withMounts(main, Object.entries(places).map(([place, vfs]) => ({ at: at(place), vfs })), { modified: 5 });
}

Deno.test("withMounts costs nothing without a mount", () => {
  const main = memory();
  assertStrictEquals(withMounts(main, []), main);
});

Deno.test("withMounts shows a mount in its parent, in place of what the main tree has there", async () => {
  const main = memory({ "/archive/hidden": "x", "/file": "1", "/archive2/shown": "x" });
  const view = mounted({ "/archive": memory({ "/old": "22" }) }, main);
  const root = await listAll(view, "/");
  assertEquals([...root].map(([name, { kind, fixed }]) => [name, kind, fixed]), [
    ["archive", "directory", true],
    ["archive2", "directory", undefined],
    ["file", "file", undefined],
  ]);
  assertEquals(await namesOf(view, "/"), ["archive", "archive2", "file"]);
  assertEquals(await namesOf(view, "/archive"), ["old"]);
  assertEquals((await view.stat(at("/archive"))).name, "archive");
  assertEquals([await readText(view, "/archive/old"), await readText(view, "/file")], ["22", "1"]);
  await assertFails("notFound", () => view.stat(at("/archive/hidden")));
});

Deno.test("withMounts shows the directories above a mount that the main tree lacks", async () => {
  const view = mounted({ "/a/b/c": memory({ "/f": "1" }) }, memory({ "/a": "a file in the way" }));
  const { kind, modified, fixed, mode } = await view.stat(at("/a"));
  assertEquals({ kind, modified, fixed, mode }, { kind: "directory", modified: 5, fixed: true, mode: 0o555 });
  assertEquals([await namesOf(view, "/"), await namesOf(view, "/a"), await namesOf(view, "/a/b")], [
    ["a"],
    ["b"],
    ["c"],
  ]);
  assertEquals(await readText(view, "/a/b/c/f"), "1");
  await assertFails("denied", () => put(mounted({ "/a/b": memory() }), "/a/new", "x"));
  await assertFails("denied", () => mounted({ "/a/b": memory() }).mkdir(at("/a/new")));
  await assertFails("notFound", () => view.stat(at("/x")));
  await assertFails("notFound", () => mounted({ "/a/b": memory() }).stat(at("/a/x")));
});

Deno.test("withMounts adds mounts to directories that the main tree has", async () => {
  const view = mounted({ "/a/m": memory() }, memory({ "/a/own": "1" }));
  assertEquals(await namesOf(view, "/a"), ["m", "own"]);
  await put(view, "/a/new", "2");
  assertEquals(await namesOf(view, "/a"), ["m", "new", "own"]);
});

Deno.test("withMounts shows mounts within mounts, whatever their order", async () => {
  for (const order of [["/m", "/m/x"], ["/m/x", "/m"]]) {
    const [outer, inner] = [memory({ "/x/hidden": "1", "/y": "2" }), memory({ "/deep": "3" })];
    const places = Object.fromEntries(order.map((place) => [place, place === "/m" ? outer : inner]));
    const view = mounted(places);
    assertEquals(await namesOf(view, "/m"), ["x", "y"]);
    assertEquals(await namesOf(view, "/m/x"), ["deep"]);
    await put(view, "/m/x/new", "4");
    assertEquals([await namesOf(inner, "/"), await namesOf(outer, "/x")], [["deep", "new"], ["hidden"]]);
  }
});

Deno.test("withMounts lets nobody remove, rename or replace a mount or what contains one", async () => {
  const view = mounted({ "/a/m": memory({ "/f": "1" }) }, memory({ "/a/own": "1", "/b": "2" }));
  for (const path of [at("/a/m"), at("/a"), at("/")]) {
    await assertFails("denied", () => view.rmdir(path));
    await assertFails("denied", () => view.rename(path, at("/elsewhere")));
    await assertFails("exists", () => view.mkdir(path));
    await assertFails("isDirectory", () => view.remove(path));
    await assertFails("isDirectory", () => view.openWrite(path));
    await assertFails("isDirectory", () => view.openRead(path));
    await assertFails("exists", () => view.rename(at("/b"), path));
  }
  assertEquals(await readText(view, "/a/m/f"), "1");
});

Deno.test("withMounts renames within a mount, and never from one tree into another", async () => {
  const view = mounted({ "/m": memory({ "/f": "1" }), "/n": memory() }, memory({ "/g": "2" }));
  await view.rename(at("/m/f"), at("/m/h"));
  assertEquals(await readText(view, "/m/h"), "1");
  await assertFails("otherTree", () => view.rename(at("/m/h"), at("/h")));
  await assertFails("otherTree", () => view.rename(at("/m/h"), at("/n/h")));
  await assertFails("otherTree", () => view.rename(at("/g"), at("/m/g")));
});

Deno.test("withMounts reports a move to another mount even where it would gain rights", async () => {
  const rules = [{ path: "/", ...parseAccess("rename") }, { path: "/m", ...parseAccess("rw") }];
  const view = scopeVfs(mounted({ "/m": memory() }, memory({ "/f": "1" })), { rules });
  await assertFails("otherTree", () => view.rename(at("/f"), at("/m/f")));
});

Deno.test("withMounts shows a link of a mount as it is seen from outside", async () => {
  await withTempDir(async (dir) => {
    for (const name of ["main", "m"]) await Deno.mkdir(`${dir}/${name}`);
    await Deno.writeTextFile(`${dir}/m/file`, "1");
    await Deno.writeTextFile(`${dir}/main/secret`, "2");
    await Deno.symlink(`${dir}/m/file`, `${dir}/m/absolute`);
    await Deno.symlink(`${dir}/m/file`, `${dir}/main/across`);
    await Deno.symlink(`../main/secret`, `${dir}/m/out`);
    const main = await openDisk(`${dir}/main`);
    const view = mounted({ "/m": await openDisk(`${dir}/m`) }, main);
    const { target, leadsTo } = (await listAll(view, "/m")).get("absolute") ?? {};
    assertEquals(await readText(view, `/m/absolute`), "1");
    assertEquals([target === "file" || target === "/m/file", leadsTo?.kind], [true, "file"], target);
    // The same as without a mount: a link leads nowhere outside its own tree.
    await assertFails("notFound", () => view.openRead(at("/across")));
    await assertFails("notFound", () => view.openRead(at("/m/out")));
  });
});

Deno.test("withMounts tells objects of different drivers apart", async () => {
  const view = mounted({ "/m": memory({ "/f": "1" }), "/n": memory({ "/f": "1" }) }, memory({ "/f": "1" }));
  const uniques = await Promise.all(["/f", "/m/f", "/n/f"].map(async (path) => (await view.stat(at(path))).unique));
  assertEquals(new Set(uniques).size, 3);
});

Deno.test("withMounts refuses by place what one of its drivers cannot do", async () => {
  const view = mounted({ "/m": new EmptyVfs() });
  assertEquals(view.capabilities.append, true);
  await assertFails("unsupported", () => view.capabilities.setMode?.(at("/m"), 0o700) ?? Promise.resolve());
  await put(view, "/f", "1");
  await view.capabilities.setMode?.(at("/f"), 0o600);
  assertEquals((await view.stat(at("/f"))).mode, 0o600);
});

Deno.test("withMounts lists a mount whose root cannot be looked at now", async () => {
  await withTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/gone`);
    const view = mounted({ "/gone": await openDisk(`${dir}/gone`), "/m": memory() });
    await Deno.remove(`${dir}/gone`);
    const root = await listAll(view, "/");
    assertEquals([...root].map(([name, { mode }]) => [name, mode]), [["gone", 0], ["m", 0o755]]);
    await assertFails("notFound", () => view.stat(at("/gone/x")));
  });
});
