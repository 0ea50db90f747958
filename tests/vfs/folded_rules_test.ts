import { assertEquals, assertRejects } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { foldsNames } from "../../lib/drivers/disk/folded_names.ts";
import { scopeVfs } from "../../lib/vfs/access.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import { withMounts } from "../../lib/vfs/mounts/mounts.ts";
import type { Entry, FileSink, FileSource, Vfs, VfsCapabilities, VirtualPath } from "../../lib/vfs/vfs.ts";
import { VfsError } from "../../lib/vfs/vfs.ts";
import { foldPath, resolvePath, ROOT } from "../../lib/vfs/virtual_path.ts";

/** Memory in which names that differ in case or composition are one, as on macOS and Windows. */
class FoldingVfs extends ForwardingVfs {
  override get capabilities(): VfsCapabilities {
    return { ...this.inner.capabilities, samePath: foldPath };
  }
  override stat(path: VirtualPath): Promise<Entry> {
    return this.inner.stat(foldPath(path));
  }
  override openRead(path: VirtualPath, offset?: number): Promise<FileSource> {
    return this.inner.openRead(foldPath(path), offset);
  }
  override openWrite(path: VirtualPath): Promise<FileSink> {
    return this.inner.openWrite(foldPath(path));
  }
  override rename(from: VirtualPath, to: VirtualPath): Promise<undefined> {
    return this.inner.rename(foldPath(from), foldPath(to)).then(() => undefined);
  }
}

const at = (path: string) => resolvePath(ROOT, path);
const files = { "/archive/old": "old", "/caf\u00e9/menu": "secret", "/open/f": "f" };
const RULES = [["/", "rw"], ["/Archive", "ro"], ["/cafe\u0301", "none"]] as const;

function scoped(inner: Vfs, prefix = "") {
  const rules = RULES.map(([path, access]) => ({
    path: path === "/" ? path : prefix + path,
    ...parseAccess(access),
  }));
  return scopeVfs(inner, { rules });
}

const VIEWS: Readonly<Record<string, { readonly prefix: string; readonly view: () => Vfs }>> = {
  "one tree": { prefix: "", view: () => new FoldingVfs(new MemoryVfs({ files })) },
  "a mount": {
    prefix: "/m",
    view: () => withMounts(new MemoryVfs(), [{ at: at("/m"), vfs: new FoldingVfs(new MemoryVfs({ files })) }]),
  },
};

for (const [where, { prefix, view }] of Object.entries(VIEWS)) {
  Deno.test(`Rules apply to a place by each of its names, in ${where}`, async () => {
    const vfs = scoped(view(), prefix);
    for (const name of ["/archive", "/ARCHIVE", "/Archive", "/aRcHiVe"]) {
      assertEquals(vfs.can(at(`${prefix}${name}/x`), "write"), false, name);
      await assertRejects(() => vfs.openWrite(at(`${prefix}${name}/x`)), VfsError);
      await assertRejects(() => vfs.rename(at(`${prefix}/open`), at(`${prefix}${name}/x`)), VfsError);
      (await vfs.openRead(at(`${prefix}${name}/old`))).close();
    }
    for (const name of ["/caf\u00e9", "/cafe\u0301", "/CAF\u00c9"]) {
      await assertRejects(() => vfs.openRead(at(`${prefix}${name}/menu`)), VfsError);
    }
    assertEquals(vfs.can(at(`${prefix}/Open/g`), "write"), true);
    const grants = vfs.grantsIn(at(prefix === "" ? "/" : prefix));
    assertEquals(["ARCHIVE", "archive", "open"].map((name) => grants(name).allow.has("write")), [false, false, true]);
  });
}

Deno.test("Rules tell names of different case apart where the storage does", () => {
  const vfs = scoped(new MemoryVfs());
  assertEquals([vfs.can(at("/Archive/x"), "write"), vfs.can(at("/ARCHIVE/x"), "write")], [false, true]);
});

Deno.test("foldsNames tries the name of the root in another case", () => {
  const numbers = new Map([["/srv/Ftp", 5], ["/srv/FTP", 5], ["/srv/a", 6], ["/srv/A", 7]]);
  const stat = (path: string) => {
    const ino = numbers.get(path);
    if (ino === undefined) throw new Deno.errors.NotFound(path);
    return { ...Deno.lstatSync("/"), ino, dev: 1 };
  };
  assertEquals(["/srv/Ftp", "/srv/a", "/srv/b"].map((path) => foldsNames(path, stat)), [true, false, false]);
});
