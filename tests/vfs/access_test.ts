import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { ACCESS_RIGHTS, type AccessRight, type AccessRule, parseAccess } from "../../lib/vfs/access_rules.ts";
import { type ScopedVfs, scopeVfs } from "../../lib/vfs/access.ts";
import { VfsError } from "../../lib/vfs/vfs.ts";
import { joinPath } from "../../lib/vfs/virtual_path.ts";
import { assertFails, at, listAll, namesOf, put, readText } from "./helpers.ts";

function rule(path: string, permissions: string): AccessRule {
  return { path, ...parseAccess(permissions) };
}

function scope(...rules: AccessRule[]): { readonly inner: MemoryVfs; readonly vfs: ScopedVfs } {
  const inner = new MemoryVfs({ files: { "/f": "file", "/d/g": "deep", "/d/e/h": "deeper" } });
  return { inner, vfs: scopeVfs(inner, { rules }) };
}

/** One act for each right, which works with that right alone (renaming apart, all on `/f` or below `/d`). */
const ACTS: Readonly<Record<AccessRight, (vfs: ScopedVfs) => Promise<unknown>>> = {
  list: (vfs) => listAll(vfs, "/d"),
  read: (vfs) => readText(vfs, "/f"),
  write: (vfs) => put(vfs, "/f", "new"),
  append: (vfs) => put(vfs, "/f", "more", { append: true }),
  delete: (vfs) => vfs.remove(at("/f")),
  rename: (vfs) => vfs.rename(at("/f"), at("/renamed")),
  mkdir: (vfs) => vfs.mkdir(at("/new")),
  rmdir: async (vfs) => {
    await vfs.rmdir(at("/empty"));
  },
  modify: (vfs) => vfs.capabilities.setMode?.(at("/f"), 0o600) ?? Promise.resolve(),
};

for (const permission of ACCESS_RIGHTS) {
  Deno.test(`scopeVfs lets ${permission} do its own and nothing else`, async () => {
    for (const [needed, act] of Object.entries(ACTS)) {
      const { inner, vfs } = scope(rule("/", permission));
      await inner.mkdir(at("/empty"));
      if (needed === permission) await act(vfs);
      else await assertFails("denied", () => act(vfs));
    }
  });
}

Deno.test("scopeVfs allows nothing without a rule, and each act with all rights", async () => {
  for (const act of Object.values(ACTS)) {
    await assertFails("denied", () => act(scope().vfs));
    const { inner, vfs } = scope(rule("/", "rw"));
    await inner.mkdir(at("/empty"));
    await act(vfs);
  }
  await assertFails("denied", () => scope().vfs.stat(at("/")));
});

Deno.test("scopeVfs goes by the last rule that covers a path", () => {
  const { vfs } = scope(rule("/", "ro"), rule("/d", "rw"), rule("/d/e", "none"), rule("/f", "dropbox"));
  assertEquals(vfs.can(at("/other"), "read"), true);
  assertEquals(vfs.can(at("/other"), "write"), false);
  assertEquals(vfs.can(at("/d"), "write"), true);
  assertEquals(vfs.can(at("/d/x/y"), "write"), true);
  assertEquals(vfs.can(at("/dx"), "write"), false);
  assertEquals(vfs.grantAt(at("/d/e/h")).allow.size, 0);
  assertEquals([vfs.grantAt(at("/d/g")).overwrite, vfs.grantAt(at("/f")).overwrite], [true, false]);
});

Deno.test("scopeVfs grants to the names in a directory what it grants to their paths", () => {
  const rules = [
    rule("/", "ro"),
    rule("/d", "rw"),
    rule("/d/e/deep", "rw"),
    rule("/d/f", "none"),
    rule("/d/g", "none"),
  ];
  for (const more of [[], [rule("/d/g", "dropbox")], [rule("/d", "add")], [rule("/", "none")]]) {
    const { vfs } = scope(...rules, ...more);
    for (const directory of ["/", "/d", "/d/e", "/d/f", "/other"]) {
      const grants = vfs.grantsIn(at(directory));
      for (const name of ["d", "e", "f", "g", "deep", "other"]) {
        assertStrictEquals(grants(name), vfs.grantAt(joinPath(at(directory), name)), `${name} in ${directory}`);
      }
    }
  }
});

Deno.test("scopeVfs lets a later general rule win over an earlier specific one", () => {
  const { vfs } = scope(rule("/d", "none"), rule("/", "ro"));
  assertEquals(vfs.can(at("/d"), "list"), true);
});

Deno.test("scopeVfs refuses a rule with an invalid path", () => {
  assertThrows(() => scopeVfs(new MemoryVfs(), { rules: [rule("/a\nb", "rw")] }), VfsError);
});

Deno.test("scopeVfs lets a drop box be entered and filled, not looked at", async () => {
  const { inner, vfs } = scope(rule("/d", "dropbox"));
  await vfs.enter(at("/d"));
  await assertFails("denied", () => vfs.stat(at("/d")));
  await assertFails("denied", () => vfs.stat(at("/d/g")));
  await assertFails("denied", () => namesOf(vfs, "/d"));
  await assertFails("denied", () => readText(vfs, "/d/g"));
  await put(vfs, "/d/new", "mine");
  assertEquals(inner.read("/d/new").length, 4);
  await assertFails("exists", () => put(vfs, "/d/g", "not yours"));
  await assertFails("denied", () => put(vfs, "/d/g", "not yours", { append: true }));
  await assertFails("denied", () => put(vfs, "/d/g", "not yours", { offset: 2 }));
  await put(vfs, "/d/other", "appended to nothing", { append: true });
  assertEquals(new TextDecoder().decode(inner.read("/d/g")), "deep");
});

Deno.test("scopeVfs appends with append alone, but makes nothing", async () => {
  const { vfs, inner } = scope(rule("/", "append"));
  await put(vfs, "/f", "+", { append: true });
  await put(vfs, "/f", "FI", { offset: 2 });
  assertEquals(new TextDecoder().decode(inner.read("/f")), "fiFI+");
  await assertFails("denied", () => put(vfs, "/new", "x", { append: true }));
  await assertFails("denied", () => put(vfs, "/f", "x"));
  await assertFails("denied", () => put(vfs, "/f", "x", { offset: 0 }));
});

Deno.test("scopeVfs keeps a file that may not be replaced from RNTO too", async () => {
  const { vfs, inner } = scope(rule("/", "rw,no-overwrite"));
  await assertFails("exists", () => vfs.rename(at("/d/g"), at("/f")));
  assertEquals(new TextDecoder().decode(inner.read("/f")), "file");
  await vfs.rename(at("/f"), at("/f"));
  await vfs.rename(at("/d/g"), at("/free"));
});

Deno.test("scopeVfs asks for the right to rename at both ends", async () => {
  const { vfs } = scope(rule("/", "rw"), rule("/d", "ro"));
  await assertFails("denied", () => vfs.rename(at("/d/g"), at("/g")));
  await assertFails("denied", () => vfs.rename(at("/f"), at("/d/f")));
});

Deno.test("scopeVfs does not move a tree away from stricter rules inside it", async () => {
  const stricter = scope(rule("/", "rw"), rule("/d/e", "ro"));
  await assertFails("denied", () => stricter.vfs.rename(at("/d"), at("/moved")));
  const careful = scope(rule("/", "rw"), rule("/d/e", "rw,no-overwrite"));
  await assertFails("denied", () => careful.vfs.rename(at("/d"), at("/moved")));
  const looser = scope(rule("/", "list,read,rename"), rule("/d/e", "rw"));
  await looser.vfs.rename(at("/d"), at("/moved"));
  const overruled = scope(rule("/d/e", "none"), rule("/", "rw"));
  await overruled.vfs.rename(at("/d"), at("/moved"));
  const sibling = scope(rule("/", "rw"), rule("/dx", "none"));
  await sibling.vfs.rename(at("/d"), at("/moved"));
});

Deno.test("scopeVfs moves nothing to where more is allowed", async () => {
  const unread = scope(rule("/", "rw"), rule("/d", "list,write,rename"));
  await assertFails("denied", () => unread.vfs.rename(at("/d/g"), at("/g")));
  await unread.vfs.rename(at("/d/g"), at("/d/h"));
  await unread.vfs.rename(at("/f"), at("/d/f"));
  const kept = scope(rule("/", "rw"), rule("/d", "rw,no-overwrite"));
  await assertFails("denied", () => kept.vfs.rename(at("/d/g"), at("/g")));
  const below = scope(rule("/", "list,rename"), rule("/new/e", "rw"));
  await assertFails("denied", () => below.vfs.rename(at("/d"), at("/new")));
  await below.vfs.rename(at("/d"), at("/other"));
});

Deno.test("scopeVfs takes the right to write for replacing a file by a rename", async () => {
  const { vfs, inner } = scope(rule("/", "list,read,rename"));
  await assertFails("exists", () => vfs.rename(at("/d/g"), at("/f")));
  assertEquals(new TextDecoder().decode(inner.read("/f")), "file");
  await vfs.rename(at("/d/g"), at("/free"));
});

Deno.test("scopeVfs reports free space to accounts with any right there", async () => {
  await assertFails("denied", () => scope(rule("/d", "ro")).vfs.capabilities.space?.(at("/")) ?? Promise.resolve());
  assertEquals(typeof (await scope(rule("/d", "ro")).vfs.capabilities.space?.(at("/d")))?.free, "number");
});
