import { assertEquals, assertThrows } from "@std/assert";
import { DigestCache } from "../../lib/data/digest/digest.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { scopeVfs } from "../../lib/vfs/access.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import { withDigests } from "../../lib/vfs/digests.ts";
import { withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { type FileIdentity, type Vfs, VfsError, type VirtualPath } from "../../lib/vfs/vfs.ts";
import { at } from "./helpers.ts";

const PATH = at("/a");

/** Files with a digest that is remembered of each. */
async function known(wrap: (vfs: Vfs) => Vfs = (vfs) => vfs): Promise<{
  readonly vfs: Vfs;
  readonly knows: (path: VirtualPath) => boolean;
}> {
  const inner = new MemoryVfs({ files: { "/a": "old", "/b": "other" }, clock: () => 0 });
  const memory = new DigestCache();
  const vfs = wrap(withDigests(inner, { memory, root: "/srv" }));
  const states = new Map<VirtualPath, FileIdentity>();
  for (const path of [PATH, at("/b")]) {
    const entry = await vfs.stat(path);
    states.set(path, entry);
    vfs.capabilities.digests?.remember(path, entry, new Map([["MD5", "digest"]]));
  }
  const knows = (path: VirtualPath) => {
    const state = states.get(path);
    return state !== undefined && memory.find(`/srv\0${path}`, state, "MD5") !== undefined;
  };
  return { vfs, knows };
}

Deno.test("withDigests finds what was remembered, in the state in which it was remembered", async () => {
  const { vfs } = await known();
  const entry = await vfs.stat(PATH);
  const { digests } = vfs.capabilities;
  assertEquals(digests?.find(PATH, entry, "MD5"), "digest");
  assertEquals(digests?.find(PATH, entry, "SHA-1"), undefined);
  assertEquals(digests?.find(PATH, { ...entry, size: 4 }, "MD5"), undefined);
});

for (const ending of ["commit", "abort", "discard"] as const) {
  Deno.test(`withDigests forgets a file when it is opened for writing, and what is learned before the ${ending}`, async () => {
    const { vfs, knows } = await known();
    const before = await vfs.stat(PATH);
    const sink = await vfs.openWrite(PATH, { append: true });
    assertEquals([knows(PATH), knows(at("/b"))], [false, true]);
    vfs.capabilities.digests?.remember(PATH, before, new Map([["MD5", "half"]]));
    assertEquals(knows(PATH), true);
    await sink[ending]();
    assertEquals(knows(PATH), false);
  });
}

Deno.test("withDigests forgets what is removed, and both names of a rename", async () => {
  const first = await known();
  await first.vfs.remove(PATH);
  assertEquals([first.knows(PATH), first.knows(at("/b"))], [false, true]);
  const second = await known();
  await second.vfs.rename(PATH, at("/b"));
  assertEquals([second.knows(PATH), second.knows(at("/b"))], [false, false]);
});

Deno.test("withDigests forgets nothing where nothing was changed", async () => {
  const { vfs, knows } = await known();
  await vfs.openWrite(PATH, { exclusive: true }).catch((error) => assertEquals(error.kind, "exists"));
  await vfs.rename(at("/missing"), PATH).catch((error) => assertEquals(error.kind, "notFound"));
  assertEquals(knows(PATH), true);
});

Deno.test("withDigests below atomic uploads forgets a file when it is replaced", async () => {
  const { vfs, knows } = await known((vfs) => withUploadPolicy(vfs, { mode: "atomic", broken: "delete" }));
  const sink = await vfs.openWrite(PATH);
  await sink.write(new Uint8Array(3));
  assertEquals(knows(PATH), true, "the old content is still there");
  await sink.commit();
  assertEquals(knows(PATH), false);
});

Deno.test("scopeVfs shows digests to those who may read the file", async () => {
  const { vfs } = await known();
  const blind = scopeVfs(vfs, { rules: [{ path: "/", ...parseAccess("dropbox") }] });
  const entry = await vfs.stat(PATH);
  const error = assertThrows(() => blind.capabilities.digests?.find(PATH, entry, "MD5"), VfsError);
  assertEquals(error.kind, "denied");
});
