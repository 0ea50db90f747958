import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { type Account, createAccount } from "../../lib/auth/accounts.ts";
import { DigestCache } from "../../lib/data/digest/digest.ts";
import { AccountViews, type SharedTrees } from "../../lib/session/account_views.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import type { ScopedVfs } from "../../lib/vfs/access.ts";
import { usageMeters } from "../../lib/vfs/usage.ts";
import { type Entry, VfsError, type VirtualPath } from "../../lib/vfs/vfs.ts";
import { resolvePath, ROOT } from "../../lib/vfs/virtual_path.ts";

function shared(): SharedTrees {
  return { usageOf: usageMeters(), digests: new DigestCache() };
}

function account(fields: Partial<Account> = {}): Account {
  return createAccount({ name: "ann", rootPath: "/srv", rules: [{ path: "/", ...parseAccess("rw") }], ...fields });
}

Deno.test("AccountViews opens the files of an account once, for all its sessions", async () => {
  let opened = 0;
  const views = new AccountViews(() => {
    opened++;
    return Promise.resolve(new MemoryVfs());
  }, shared());
  const ann = account();
  const [first, second] = await Promise.all([views.of(ann), views.of(ann)]);
  assertStrictEquals(first, second);
  assertStrictEquals(await views.of(ann), first);
  await views.of(account());
  assertEquals(opened, 2, "a reloaded account is another object, and gets another view");
});

Deno.test("AccountViews forgets a failure", async () => {
  let tries = 0;
  const views = new AccountViews(() => {
    if (tries++ === 0) throw new Error("not mounted");
    return new MemoryVfs();
  }, shared());
  const ann = account();
  await assertRejects(() => Promise.resolve(views.of(ann)), Error, "not mounted");
  await views.of(ann);
});

Deno.test("AccountViews looks at the root once for logins at the same moment, and again for later ones", async () => {
  let looks = 0;
  let isThere = true;
  class Watched extends MemoryVfs {
    override stat(path: VirtualPath): Promise<Entry> {
      looks++;
      return isThere ? super.stat(path) : Promise.reject(new VfsError("denied", "closed"));
    }
  }
  const files = new Watched();
  const views = new AccountViews(() => files, shared());
  const ann = account();
  const crowd = () => Promise.all([views.of(ann), views.of(ann), views.of(ann)]);
  await views.of(ann);
  looks = 0;
  await crowd();
  assertEquals(looks, 1);
  isThere = false;
  await assertRejects(crowd, VfsError, "closed");
  isThere = true;
  await views.of(ann);
  assertEquals(looks, 3);
});

Deno.test("AccountViews counts the quota over all accounts of one root", async () => {
  const files = new MemoryVfs();
  const views = new AccountViews(() => files, shared());
  const ann = await views.of(account({ quota: 10 }));
  const bob = await views.of(account({ name: "bob", quota: 10 }));
  const sink = await ann.openWrite(resolvePath(ROOT, "a"));
  await sink.write(new Uint8Array(8));
  await sink.commit();
  const other = await bob.openWrite(resolvePath(ROOT, "b"));
  const { kind } = await other.write(new Uint8Array(3)).then(() => ({ kind: "none" }), (error) => error);
  assertEquals(kind, "overQuota");
  await other.abort();
});

Deno.test("AccountViews shares digests between accounts of one root, and forgets them with the file", async () => {
  const files = new MemoryVfs({ files: { "/a": "x" } });
  const views = new AccountViews(() => files, shared());
  const ann = await views.of(account());
  const bob = await views.of(account({ name: "bob" }));
  const stranger = await views.of(account({ name: "eve", rootPath: "/elsewhere" }));
  const path = resolvePath(ROOT, "a");
  const entry = await ann.stat(path);
  ann.capabilities.digests?.remember(path, entry, new Map([["MD5", "known"]]));
  const known = (view: ScopedVfs) => view.capabilities.digests?.find(path, entry, "MD5");
  assertEquals([ann, bob, stranger].map(known), ["known", "known", undefined]);
  await bob.remove(path);
  assertEquals([ann, bob].map(known), [undefined, undefined]);
});
