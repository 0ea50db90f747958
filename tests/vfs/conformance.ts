/** What every file-system view must do, whatever is below it: the same claims run over each driver and wrapper. */

import { assert, assertEquals } from "@std/assert";
import type { Vfs, VfsErrorKind } from "../../lib/vfs/vfs.ts";
import { assertFails, at, bytes, drain, listAll, namesOf, put, readText } from "./helpers.ts";

/** A fresh, empty view. */
export interface Subject {
  readonly vfs: Vfs;
  readonly cleanup: () => Promise<void>;
}

/** One of a driver that knows symbolic links. */
export interface LinkingSubject extends Subject {
  /** Makes a link: there is no command for it. */
  readonly link: (target: string, path: string) => Promise<void>;
}

type Claim = (vfs: Vfs) => Promise<void>;
type LinkClaim = (vfs: Vfs, link: LinkingSubject["link"]) => Promise<void>;

/** Registers one test for each claim. */
export function conformance(name: string, makeSubject: () => Promise<Subject>): void {
  for (
    const [claim, check] of Object.entries({
      ...reading,
      ...writing,
      ...directories,
      ...steps,
      ...names,
      ...capabilities,
    })
  ) {
    Deno.test(`${name} ${claim}`, async () => {
      const { vfs, cleanup } = await makeSubject();
      try {
        await check(vfs);
      } finally {
        await cleanup();
      }
    });
  }
}

/** As {@link conformance}, and what is so of links besides. */
export function linkingConformance(name: string, makeSubject: () => Promise<LinkingSubject>): void {
  conformance(name, makeSubject);
  for (const [claim, check] of Object.entries(links)) {
    Deno.test(`${name} ${claim}`, async () => {
      const { vfs, link, cleanup } = await makeSubject();
      try {
        await check(vfs, link);
      } finally {
        await cleanup();
      }
    });
  }
}

const links: Readonly<Record<string, LinkClaim>> = {
  "lists links as links, and says what they lead to": async (vfs, link) => {
    await vfs.mkdir(at("/keep"));
    await put(vfs, "/keep/file", "12345");
    await vfs.mkdir(at("/job"));
    await link("../keep", "/job/directory");
    await link("../keep/file", "/job/file");
    await link("nothing", "/job/broken");
    const entries = await listAll(vfs, "/job");
    assertEquals([...entries].map(([name, { kind, target, leadsTo }]) => [name, kind, target, leadsTo?.kind]), [
      ["broken", "link", "nothing", undefined],
      ["directory", "link", "../keep", "directory"],
      ["file", "link", "../keep/file", "file"],
    ]);
    assertEquals(entries.get("file")?.leadsTo?.size, 5);
    assertEquals(await namesOf(vfs, "/job"), ["broken", "directory", "file"]);
    assertEquals([...(await listAll(vfs, "/job/directory")).keys()], ["file"]);
  },
  "follows links when it looks at them, and names the link": async (vfs, link) => {
    await put(vfs, "/file", "12345");
    await link("file", "/link");
    await link("nothing", "/broken");
    const found = await vfs.stat(at("/link"));
    assertEquals([found.name, found.kind, found.size, found.link?.kind], ["link", "file", 5, "link"]);
    assertEquals([found.link?.target, (await vfs.stat(at("/file"))).link], ["file", undefined]);
    const broken = await vfs.stat(at("/broken"));
    assertEquals([broken.kind, broken.target, broken.link], ["link", "nothing", undefined]);
  },
  "removes a link, never what it leads to": async (vfs, link) => {
    await vfs.mkdir(at("/keep"));
    await put(vfs, "/keep/file", "12345");
    await link("keep", "/directory");
    await link("keep/file", "/link");
    await assertFails("notDirectory", () => vfs.rmdir(at("/directory")));
    await vfs.remove(at("/directory"));
    await vfs.remove(at("/link"));
    assertEquals(await namesOf(vfs, "/"), ["keep"]);
    assertEquals(await readText(vfs, "/keep/file"), "12345");
  },
};

const reading: Readonly<Record<string, Claim>> = {
  "tells a file by name, kind, size and time": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/d/a.txt", "hello");
    const entry = await vfs.stat(at("/d/a.txt"));
    assertEquals([entry.name, entry.kind, entry.size, entry.link], ["a.txt", "file", 5, undefined]);
    assert(Number.isFinite(entry.modified) && entry.mode > 0 && entry.mode <= 0o7777 && entry.links >= 1);
  },
  "tells the root as a directory called /": async (vfs) => {
    const entry = await vfs.stat(at("/"));
    assertEquals([entry.name, entry.kind], ["/", "directory"]);
  },
  "reads from the start, an offset and exactly the end": async (vfs) => {
    await put(vfs, "/f", "0123456789");
    assertEquals(await readText(vfs, "/f"), "0123456789");
    assertEquals(await readText(vfs, "/f", 7), "789");
    assertEquals(await readText(vfs, "/f", 10), "");
    await assertFails("pastEnd", () => vfs.openRead(at("/f"), 11));
  },
  "says the size of the whole file whatever the offset": async (vfs) => {
    await put(vfs, "/f", "0123456789");
    const source = await vfs.openRead(at("/f"), 4);
    assertEquals(source.size, 10);
    source.close();
    source.close();
  },
  "reads back a file of many pieces": async (vfs) => {
    const piece = new Uint8Array(100_003).map((_, index) => index * 31);
    const sink = await vfs.openWrite(at("/big"));
    for (let count = 0; count < 7; count++) await sink.write(piece);
    await sink.commit();
    const all = await drain(await vfs.openRead(at("/big")), 65_536);
    assertEquals(all.length, 7 * piece.length);
    for (let start = 0; start < all.length; start += piece.length) {
      assertEquals(all.subarray(start, start + piece.length), piece);
    }
  },
  "refuses to read what is no file": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/f", "x");
    await assertFails("notFound", () => vfs.openRead(at("/missing")));
    await assertFails("notFound", () => vfs.stat(at("/missing")));
    await assertFails("isDirectory", () => vfs.openRead(at("/d")));
    await assertFails("notDirectory", () => vfs.openRead(at("/f/x")));
    await assertFails("notDirectory", () => listAll(vfs, "/f"));
    await assertFails("notFound", () => listAll(vfs, "/missing"));
    await assertFails("notFound", () => namesOf(vfs, "/missing"));
  },
};

const writing: Readonly<Record<string, Claim>> = {
  "makes an empty file": async (vfs) => {
    const sink = await vfs.openWrite(at("/empty"));
    assertEquals([sink.initialSize, sink.created], [0, true]);
    await sink.commit();
    assertEquals((await vfs.stat(at("/empty"))).size, 0);
    assertEquals(await readText(vfs, "/empty"), "");
  },
  "replaces the whole content, also with REST 0": async (vfs) => {
    await put(vfs, "/f", "a long content");
    const sink = await vfs.openWrite(at("/f"));
    assertEquals([sink.initialSize, sink.created], [0, false]);
    await sink.write(bytes("short"));
    await sink.commit();
    assertEquals(await readText(vfs, "/f"), "short");
    await put(vfs, "/f", "s", { offset: 0 });
    assertEquals(await readText(vfs, "/f"), "s");
  },
  "keeps nothing of a buffer that it was lent for a write": async (vfs) => {
    const lent = new Uint8Array(100_000);
    for (const where of ["/new", "/replaced", "/appended"]) {
      if (where === "/replaced") await put(vfs, where, "old");
      const sink = await vfs.openWrite(at(where), { append: where === "/appended" });
      for (const [letter, size] of [["a", lent.length], ["b", 1], ["c", 10]] as const) {
        const data = lent.subarray(0, size);
        data.fill(letter.charCodeAt(0));
        await sink.write(data);
        lent.fill(0);
      }
      await sink.commit();
      assertEquals(await readText(vfs, where), "a".repeat(lent.length) + "b" + "c".repeat(10), where);
    }
  },
  "writes at an offset and leaves the rest": async (vfs) => {
    await put(vfs, "/f", "0123456789");
    const sink = await vfs.openWrite(at("/f"), { offset: 3 });
    assertEquals([sink.initialSize, sink.created], [10, false]);
    await sink.write(bytes("ab"));
    await sink.commit();
    assertEquals(await readText(vfs, "/f"), "012ab56789");
    await put(vfs, "/f", "XYZ", { offset: 10 });
    assertEquals(await readText(vfs, "/f"), "012ab56789XYZ");
  },
  "keeps what is not written over, from the first byte too": async (vfs) => {
    await put(vfs, "/f", "0123456789");
    const sink = await vfs.openWrite(at("/f"), { keep: true });
    assertEquals([sink.initialSize, sink.created], [10, false]);
    await sink.write(bytes("ab"));
    await sink.commit();
    assertEquals(await readText(vfs, "/f"), "ab23456789");
    await put(vfs, "/f", "XYZ", { keep: true, offset: 8 });
    assertEquals(await readText(vfs, "/f"), "ab234567XYZ");
    await put(vfs, "/new", "made", { keep: true });
    assertEquals(await readText(vfs, "/new"), "made");
    await (await vfs.openWrite(at("/f"), { keep: true })).commit();
    assertEquals(await readText(vfs, "/f"), "ab234567XYZ");
  },
  "refuses an offset past the end and harms nothing": async (vfs) => {
    await put(vfs, "/f", "0123");
    await assertFails("pastEnd", () => vfs.openWrite(at("/f"), { offset: 5 }));
    await assertFails("pastEnd", () => vfs.openWrite(at("/new"), { offset: 1 }));
    assertEquals(await readText(vfs, "/f"), "0123");
    await assertFails("notFound", () => vfs.stat(at("/new")));
  },
  "appends to what is there and makes what is not": async (vfs) => {
    await put(vfs, "/f", "one", { append: true });
    const sink = await vfs.openWrite(at("/f"), { append: true });
    assertEquals([sink.initialSize, sink.created], [3, false]);
    await sink.write(bytes("two"));
    await sink.write(bytes("three"));
    await sink.commit();
    assertEquals(await readText(vfs, "/f"), "onetwothree");
  },
  "keeps both of two appends at once": async (vfs) => {
    await put(vfs, "/f", "-");
    const one = await vfs.openWrite(at("/f"), { append: true });
    const other = await vfs.openWrite(at("/f"), { append: true });
    await one.write(bytes("a"));
    await other.write(bytes("b"));
    await one.commit();
    await other.commit();
    assertEquals(await readText(vfs, "/f"), "-ab");
  },
  "lets an upload wait for another one of the same file": async (vfs) => {
    await put(vfs, "/f", "01");
    const first = await vfs.openWrite(at("/f"), { append: true });
    let over = false;
    const waiting = vfs.openWrite(at("/f"), { offset: 2 }).then(async (second) => {
      assert(over);
      await second.write(bytes("-"));
      await second.commit();
    });
    await first.write(bytes("23"));
    over = true;
    await first.commit();
    await waiting;
    assertEquals(await readText(vfs, "/f"), "01-3");
  },
  "waits for another upload no longer than is wanted": async (vfs) => {
    await put(vfs, "/f", "01");
    const first = await vfs.openWrite(at("/f"), { offset: 1 });
    await assertFails("busy", () => vfs.openWrite(at("/f"), { append: true, signal: AbortSignal.abort() }));
    await first.write(bytes("-"));
    await first.commit();
    assertEquals(await readText(vfs, "/f"), "0-");
  },
  "makes nothing where the file must be there": async (vfs) => {
    await assertFails("notFound", () => vfs.openWrite(at("/f"), { existing: true, append: true }));
    await assertFails("notFound", () => vfs.stat(at("/f")));
    await put(vfs, "/f", "a");
    await put(vfs, "/f", "b", { existing: true, append: true });
    assertEquals(await readText(vfs, "/f"), "ab");
  },
  "makes only what is not there when exclusive": async (vfs) => {
    await put(vfs, "/f", "first", { exclusive: true });
    await assertFails("exists", () => vfs.openWrite(at("/f"), { exclusive: true }));
    assertEquals(await readText(vfs, "/f"), "first");
  },
  "does not write where a file cannot be": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/f", "x");
    await assertFails("isDirectory", () => vfs.openWrite(at("/d")));
    await assertFails("isDirectory", () => vfs.openWrite(at("/")));
    await assertFails("notFound", () => vfs.openWrite(at("/missing/f")));
    await assertFails("notDirectory", () => vfs.openWrite(at("/f/g")));
  },
  "keeps the old content until the first byte of the new": async (vfs) => {
    await put(vfs, "/f", "old");
    const untouched = await vfs.openWrite(at("/f"));
    assertEquals(await readText(vfs, "/f"), "old");
    await untouched.abort();
    assertEquals(await readText(vfs, "/f"), "old");
  },
  "replaces with nothing when nothing is written": async (vfs) => {
    await put(vfs, "/f", "old");
    await (await vfs.openWrite(at("/f"))).commit();
    assertEquals(await readText(vfs, "/f"), "");
  },
  "survives an abort in the middle": async (vfs) => {
    await put(vfs, "/f", "old");
    const sink = await vfs.openWrite(at("/f"), { append: true });
    await sink.write(bytes("new"));
    await sink.abort();
    assertEquals(await readText(vfs, "/f"), "oldnew");
  },
  "removes files and nothing else": async (vfs) => {
    await put(vfs, "/f", "x");
    await vfs.mkdir(at("/d"));
    await vfs.remove(at("/f"));
    await assertFails("notFound", () => vfs.stat(at("/f")));
    await assertFails("notFound", () => vfs.remove(at("/f")));
    await assertFails("isDirectory", () => vfs.remove(at("/d")));
  },
};

const directories: Readonly<Record<string, Claim>> = {
  "makes and removes directories": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await assertFails("exists", () => vfs.mkdir(at("/d")));
    await assertFails("exists", () => vfs.mkdir(at("/")));
    await assertFails("notFound", () => vfs.mkdir(at("/missing/d")));
    await put(vfs, "/d/f", "x");
    await assertFails("exists", () => vfs.mkdir(at("/d/f")));
    await assertFails("notEmpty", () => vfs.rmdir(at("/d")));
    await assertFails("notDirectory", () => vfs.rmdir(at("/d/f")));
    await vfs.remove(at("/d/f"));
    await vfs.rmdir(at("/d"));
    await assertFails("notFound", () => vfs.rmdir(at("/d")));
  },
  "keeps the root": async (vfs) => {
    await assertFails("denied", () => vfs.rmdir(at("/")));
    await assertFails("isDirectory", () => vfs.remove(at("/")));
    await assertFails("denied", () => vfs.rename(at("/"), at("/d")));
    await put(vfs, "/f", "x");
    await assertFails("exists", () => vfs.rename(at("/f"), at("/")));
  },
  "lists an empty directory as nothing": async (vfs) => {
    assertEquals((await listAll(vfs, "/")).size, 0);
    assertEquals(await namesOf(vfs, "/"), []);
  },
  "lists files and directories, and can be left in the middle": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/f", "12345");
    const entries = await listAll(vfs, "/");
    assertEquals([...entries.keys()], ["d", "f"]);
    assertEquals([entries.get("d")?.kind, entries.get("f")?.kind, entries.get("f")?.size], ["directory", "file", 5]);
    assertEquals(await namesOf(vfs, "/"), ["d", "f"]);
    for await (const _ of vfs.list(at("/"))) break;
  },
  "lists many entries in batches, each once": async (vfs) => {
    const expected = Array.from({ length: 300 }, (_, index) => `f${index}`).sort();
    for (const name of expected) await (await vfs.openWrite(at(`/${name}`))).commit();
    let batches = 0;
    for await (const batch of vfs.list(at("/"))) {
      assert(batch.length <= 64);
      batches++;
    }
    assert(batches >= 5);
    assertEquals([...(await listAll(vfs, "/")).keys()].sort(), expected);
    assertEquals(await namesOf(vfs, "/"), expected);
  },
  "renames files and directories with their content": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/d/f", "content");
    await vfs.rename(at("/d/f"), at("/g"));
    assertEquals(await readText(vfs, "/g"), "content");
    await vfs.rename(at("/g"), at("/d/h"));
    await vfs.rename(at("/d"), at("/e"));
    assertEquals(await readText(vfs, "/e/h"), "content");
    await assertFails("notFound", () => vfs.stat(at("/d")));
    await vfs.rename(at("/e"), at("/e"));
    assertEquals(await readText(vfs, "/e/h"), "content");
  },
  "replaces a file by rename, never a directory": async (vfs) => {
    await put(vfs, "/a", "a");
    await put(vfs, "/b", "b");
    await vfs.rename(at("/a"), at("/b"));
    assertEquals(await readText(vfs, "/b"), "a");
    await vfs.mkdir(at("/d"));
    await vfs.mkdir(at("/e"));
    await assertFails("exists", () => vfs.rename(at("/b"), at("/d")));
    await assertFails("exists", () => vfs.rename(at("/e"), at("/d")));
    await assertFails("exists", () => vfs.rename(at("/d"), at("/b")));
    assertEquals(await namesOf(vfs, "/"), ["b", "d", "e"]);
  },
  "never loses what it cannot rename": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/d/f", "x");
    await assertFails("badName", () => vfs.rename(at("/d"), at("/d/sub")));
    await assertFails("notFound", () => vfs.rename(at("/d/f"), at("/missing/f")));
    await put(vfs, "/g", "y");
    await assertFails("notDirectory", () => vfs.rename(at("/g"), at("/d/f/g")));
    await assertFails("notFound", () => vfs.rename(at("/missing"), at("/h")));
    assertEquals([await readText(vfs, "/d/f"), await readText(vfs, "/g")], ["x", "y"]);
  },
};

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

/** What one step decides, however many try at once. */
const steps: Readonly<Record<string, Claim>> = {
  "renames exclusively to what nothing is called": async (vfs) => {
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
  "lets one of many exclusive renames at once have the name": async (vfs) => {
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
    const { reserve } = vfs.capabilities;
    assert(reserve);
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
  "takes no name away from a file that an upload writes to": async (vfs) => {
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
  "waits for an upload before a rename that would": async (vfs) => {
    await put(vfs, "/f", "old");
    await put(vfs, "/g", "other");
    const sink = await vfs.openWrite(at("/f"), { append: true });
    const renamed = vfs.rename(at("/g"), at("/f"), { waits: true });
    await sink.write(bytes(" and new"));
    await sink.commit();
    assertEquals((await renamed)?.size, 11);
    assertEquals(await readText(vfs, "/f"), "other");
  },
  "says what has lost its name, once": async (vfs) => {
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
  "discards an empty file alone where that is wanted": async (vfs) => {
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
  "discards what an upload has made and nothing else": async (vfs) => {
    const made = await vfs.openWrite(at("/new"), { append: true });
    await made.write(bytes("123"));
    assertEquals((await made.discard())?.size, 3);
    await put(vfs, "/old", "old");
    const kept = await vfs.openWrite(at("/old"), { append: true });
    assertEquals(await kept.discard(), undefined);
    assertEquals([await namesOf(vfs, "/"), await readText(vfs, "/old")], [["old"], "old"]);
  },
};

const ODD_NAMES = [
  "two words",
  " leading and trailing ",
  '"quoted"',
  "-rf",
  "[1]*?{a,b}",
  "semi;colon",
  "back\\slash",
  "tab\there",
  "ÿ日本語🎉",
  "e\u0301",
  "\u00e9",
  "\uFFFD",
  "...",
  "~",
  "x".repeat(255),
];

const names: Readonly<Record<string, Claim>> = {
  "keeps odd names as they are": async (vfs) => {
    for (const name of ODD_NAMES) await put(vfs, `/${name}`, name);
    assertEquals([...(await listAll(vfs, "/")).keys()].sort(), [...ODD_NAMES].sort());
    assertEquals(await namesOf(vfs, "/"), [...ODD_NAMES].sort());
    for (const name of ODD_NAMES) {
      assertEquals(await readText(vfs, `/${name}`), name);
      assertEquals((await vfs.stat(at(`/${name}`))).name, name);
      await vfs.rename(at(`/${name}`), at("/plain"));
      await vfs.rename(at("/plain"), at(`/${name}`));
      await vfs.remove(at(`/${name}`));
      await vfs.mkdir(at(`/${name}`));
      await vfs.rmdir(at(`/${name}`));
    }
  },
};

const capabilities: Readonly<Record<string, Claim>> = {
  "sets modes and times of files and directories": async (vfs) => {
    const { setMode, setModified } = vfs.capabilities;
    assert(setMode && setModified);
    await put(vfs, "/f", "x");
    await vfs.mkdir(at("/d"));
    for (const path of ["/f", "/d"]) {
      await setMode(at(path), 0o750);
      await setModified(at(path), Date.UTC(2001, 1, 3, 4, 5, 6));
      const entry = await vfs.stat(at(path));
      assertEquals([entry.mode, entry.modified], [0o750, Date.UTC(2001, 1, 3, 4, 5, 6)]);
    }
    await assertFails("notFound", () => setMode(at("/missing"), 0o600));
    await assertFails("notFound", () => setModified(at("/missing"), 0));
  },
  "leaves a directory the rights of its owner": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/d/f", "x");
    await vfs.capabilities.setMode?.(at("/d"), 0);
    await vfs.capabilities.setMode?.(at("/d/f"), 0);
    assertEquals([(await vfs.stat(at("/d"))).mode, (await vfs.stat(at("/d/f"))).mode], [0o700, 0]);
  },
  "tells free and total space": async (vfs) => {
    assert(vfs.capabilities.space);
    const { free, total } = await vfs.capabilities.space(at("/"));
    assert(free > 0 && free <= total);
  },
};
