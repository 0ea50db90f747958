/**
 * What every file-system view must do when it is looked at and read.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lookUp } from "../forwarding.ts";
import type { Claims } from "./claims.ts";
import { assertFails, at, drain, listAll, namesOf, put, readText } from "./helpers.ts";

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

/** Entries, and the bytes of files. */
export const READING: Claims = {
  "reports name, kind, size and time of a file": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/d/a.txt", "hello");
    const entry = await vfs.stat(at("/d/a.txt"));
    assertEquals([entry.name, entry.kind, entry.size, entry.link], ["a.txt", "file", 5, undefined]);
    assert(Number.isFinite(entry.modified) && entry.mode > 0 && entry.mode <= 0o7777 && entry.links >= 1);
  },
  "looks up what stat finds, and that there is nothing": async (vfs) => {
    await put(vfs, "/f", "hello");
    for (const options of [{}, { guess: true }]) {
      for (const path of [at("/f"), at("/")]) assertEquals(await lookUp(vfs, path, options), await vfs.stat(path));
      assertEquals(await lookUp(vfs, at("/missing"), options), undefined);
      assertEquals(await lookUp(vfs, at("/missing/below"), options), undefined);
    }
    await assertFails("notDirectory", () => lookUp(vfs, at("/f/x")));
  },
  "reports the root as a directory called /": async (vfs) => {
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
  "reports the size of the whole file whatever the offset": async (vfs) => {
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
  "refuses to read what is not a file": async (vfs) => {
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

/** Names that are not what programmers expect. */
export const NAMES: Claims = {
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
