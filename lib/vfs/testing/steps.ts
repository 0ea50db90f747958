/**
 * What one step decides, however many try at the same time.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { capability, type Claims } from "./claims.ts";
import { assertFails, at, bytes, namesOf, put, readText } from "./helpers.ts";
import type { VfsErrorKind } from "../vfs.ts";

/** What those of `actions` that were done have resolved to; the others must have failed as `kind`. */
async function doneOf<T>(actions: readonly Promise<T>[], kind: VfsErrorKind): Promise<T[]> {
  const done: T[] = [];
  for (const result of await Promise.allSettled(actions)) {
    if (result.status === "fulfilled") done.push(result.value);
    else assertEquals(result.reason.kind, kind, String(result.reason));
  }
  return done;
}

const MANY = Array.from({ length: 8 }, (_, index) => index);

/** Steps of every driver. */
export const STEPS: Claims = {
  "renames exclusively only to a name that is not in use": async (vfs) => {
    await put(vfs, "/a", "a");
    await put(vfs, "/b", "b");
    await vfs.mkdir(at("/d"));
    await vfs.mkdir(at("/e"));
    const exclusive = true;
    for (const [from, to] of [["a", "b"], ["a", "d"], ["d", "a"], ["d", "e"]]) {
      await assertFails("exists", () => vfs.rename(at(`/${from}`), at(`/${to}`), { exclusive }));
    }
    assertEquals([await readText(vfs, "/a"), await readText(vfs, "/b")], ["a", "b"]);
    await put(vfs, "/d/f", "inside");
    assertEquals(await vfs.rename(at("/a"), at("/c"), { exclusive }), undefined);
    await vfs.rename(at("/d"), at("/g"), { exclusive });
    assertEquals(await namesOf(vfs, "/"), ["b", "c", "e", "g"]);
    assertEquals([await readText(vfs, "/c"), await readText(vfs, "/g/f")], ["a", "inside"]);
  },
  "gives a name to one of many exclusive renames at once": async (vfs) => {
    for (const index of MANY) await put(vfs, `/${index}`, `content ${index}`);
    const renames = MANY.map(async (index) => {
      await vfs.rename(at(`/${index}`), at("/new"), { exclusive: true });
      return index;
    });
    const [winner, ...more] = await doneOf(renames, "exists");
    assert(winner !== undefined && more.length === 0);
    assertEquals(await readText(vfs, "/new"), `content ${winner}`);
    assertEquals((await namesOf(vfs, "/")).length, MANY.length);
  },
  "keeps every exclusive upload that it has committed": async (vfs) => {
    const opened = await doneOf(MANY.map(() => vfs.openWrite(at("/f"), { exclusive: true })), "exists");
    for (const [index, sink] of opened.entries()) await sink.write(bytes(`content ${index}`));
    const commits = opened.map(async (sink, index) => {
      try {
        await sink.commit();
      } catch (error) {
        await sink.abort();
        throw error;
      }
      return index;
    });
    const [winner, ...more] = await doneOf(commits, "exists");
    assert(winner !== undefined && more.length === 0);
    assertEquals([await readText(vfs, "/f"), await namesOf(vfs, "/")], [`content ${winner}`, ["f"]]);
  },
  "reports what has lost its name, once": async (vfs) => {
    await put(vfs, "/f", "12345");
    const { unique } = await vfs.stat(at("/f"));
    assertEquals(await vfs.remove(at("/f")), { size: 5, ...(unique !== undefined && { unique }) });
    let all = 0;
    for (const index of MANY) {
      await put(vfs, `/${index}`, "x".repeat(10 + index));
      all += 10 + index;
    }
    const replaced = await Promise.all(MANY.map((index) => vfs.rename(at(`/${index}`), at("/f"))));
    const gone = replaced.reduce((sum, removed) => sum + (removed?.size ?? 0), 0);
    assertEquals(gone + (await vfs.stat(at("/f"))).size, all);
    assertEquals(await vfs.rename(at("/f"), at("/f")), undefined);
    assertEquals(await vfs.rename(at("/f"), at("/g")), undefined);
  },
  "discards what an upload has created and nothing else": async (vfs) => {
    const made = await vfs.openWrite(at("/new"));
    await made.write(bytes("123"));
    const removed = await made.discard();
    await put(vfs, "/old", "old");
    const kept = await vfs.openWrite(at("/old"));
    const notCreated = await kept.discard();
    // What an atomic write has made so far is not part of the view.
    if (!vfs.capabilities.atomicWrites) assertEquals([removed?.size, notCreated], [3, undefined]);
    assertEquals([await namesOf(vfs, "/"), await readText(vfs, "/old")], [["old"], "old"]);
  },
};

/** Names that are kept for somebody. */
export const RESERVING: Claims = {
  "keeps the name of an upload that reserves it": async (vfs) => {
    const options = { exclusive: true, reserved: true };
    const sink = await vfs.openWrite(at("/f"), options);
    await assertFails("exists", () => vfs.openWrite(at("/f"), options));
    await sink.write(bytes("mine"));
    await sink.commit();
    assertEquals(await readText(vfs, "/f"), "mine");
    await assertFails("exists", () => vfs.openWrite(at("/f"), options));
    const broken = await vfs.openWrite(at("/g"), options);
    await broken.discard();
    await put(vfs, "/g", "another", options);
    assertEquals(await namesOf(vfs, "/"), ["f", "g"]);
  },
  "keeps a name that is reserved for a rename": async (vfs) => {
    const reserve = capability(vfs, "reserve");
    await put(vfs, "/a", "a");
    await put(vfs, "/b", "b");
    await assertFails("exists", () => reserve(at("/a")));
    await assertFails("notFound", () => reserve(at("/missing/f")));
    const reservation = await reserve(at("/new"));
    await assertFails("exists", () => reserve(at("/new")));
    await assertFails("exists", () => vfs.openWrite(at("/new"), { exclusive: true, reserved: true }));
    await assertFails("busy", () => vfs.openWrite(at("/new"), { append: true }));
    await assertFails("busy", () => vfs.mkdir(at("/new")));
    await assertFails("busy", () => vfs.rename(at("/b"), at("/new")));
    await assertFails("notFound", () => vfs.stat(at("/new")));
    await vfs.rename(at("/a"), at("/new"), { exclusive: true, reservation });
    reservation[Symbol.dispose]();
    assertEquals(await readText(vfs, "/new"), "a");
    (await reserve(at("/free")))[Symbol.dispose]();
    await vfs.rename(at("/b"), at("/free"));
  },
};

/** Steps while uploads append to a file. */
export const STEPS_OF_APPENDS: Claims = {
  "takes no name from a file that an upload writes to": async (vfs) => {
    await put(vfs, "/f", "old ");
    await put(vfs, "/g", "other");
    const sink = await vfs.openWrite(at("/f"), { append: true });
    await sink.write(bytes("and "));
    await assertFails("busy", () => vfs.remove(at("/f")));
    await assertFails("busy", () => vfs.rename(at("/f"), at("/h")));
    await assertFails("busy", () => vfs.rename(at("/g"), at("/f")));
    await sink.write(bytes("new"));
    await sink.commit();
    assertEquals(await readText(vfs, "/f"), "old and new");
    await vfs.rename(at("/g"), at("/f"));
    await vfs.remove(at("/f"));
    assertEquals(await namesOf(vfs, "/"), []);
  },
  "lets a rename wait for an upload": async (vfs) => {
    await put(vfs, "/f", "old");
    await put(vfs, "/g", "other");
    const sink = await vfs.openWrite(at("/f"), { append: true });
    const renamed = vfs.rename(at("/g"), at("/f"), { waits: true });
    await sink.write(bytes(" and new"));
    await sink.commit();
    assertEquals((await renamed)?.size, 11);
    assertEquals(await readText(vfs, "/f"), "other");
  },
  "discards nothing that another has appended": async (vfs) => {
    for (const own of ["", "own "]) {
      const path = at(`/log${own.length}`);
      const first = await vfs.openWrite(path, { append: true });
      await first.write(bytes(own));
      const second = await vfs.openWrite(path, { append: true });
      await second.write(bytes("other"));
      await second.commit();
      assertEquals(await first.discard(), undefined);
      assertEquals(await readText(vfs, path), `${own}other`);
    }
  },
  "discards only an empty file if asked to": async (vfs) => {
    const empty = await vfs.openWrite(at("/empty"), { append: true });
    await empty.discard({ ifEmpty: true });
    assertEquals(await namesOf(vfs, "/"), []);
    const begun = await vfs.openWrite(at("/begun"), { append: true });
    await begun.write(bytes("123"));
    await begun.discard({ ifEmpty: true });
    const next = await vfs.openWrite(at("/begun"), { append: true });
    assert(next.created || next.initialSize === 3);
    await next.abort();
  },
};
