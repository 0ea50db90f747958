/**
 * What every file-system view must do with uploads, and what those that append, resume or write atomically do.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Claims } from "./claims.ts";
import { assertFails, at, bytes, namesOf, put, readText } from "./helpers.ts";

/** Uploads of whole files. */
export const WRITING: Claims = {
  "creates an empty file": async (vfs) => {
    const sink = await vfs.openWrite(at("/empty"));
    assertEquals([sink.initialSize, sink.created], [0, true]);
    await sink.commit();
    assertEquals((await vfs.stat(at("/empty"))).size, 0);
    assertEquals(await readText(vfs, "/empty"), "");
  },
  "replaces the whole content, also with offset 0": async (vfs) => {
    await put(vfs, "/f", "a long content");
    const sink = await vfs.openWrite(at("/f"));
    assertEquals([sink.initialSize, sink.created], [0, false]);
    await sink.write(bytes("short"));
    await sink.commit();
    assertEquals(await readText(vfs, "/f"), "short");
    await put(vfs, "/f", "s", { offset: 0 });
    assertEquals(await readText(vfs, "/f"), "s");
  },
  "keeps nothing of a buffer that it was given for a write": async (vfs) => {
    const lent = new Uint8Array(100_000);
    for (const where of ["/new", "/replaced", ...vfs.capabilities.append ? ["/appended"] : []]) {
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
  "creates only what does not exist when exclusive": async (vfs) => {
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
  "removes files and nothing else": async (vfs) => {
    await put(vfs, "/f", "x");
    await vfs.mkdir(at("/d"));
    await vfs.remove(at("/f"));
    await assertFails("notFound", () => vfs.stat(at("/f")));
    await assertFails("notFound", () => vfs.remove(at("/f")));
    await assertFails("isDirectory", () => vfs.remove(at("/d")));
  },
};

/** Uploads that keep the rest of a file. */
export const RESUMING: Claims = {
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
  "keeps what is not overwritten, from the first byte too": async (vfs) => {
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
  "refuses an offset past the end and changes nothing": async (vfs) => {
    await put(vfs, "/f", "0123");
    await assertFails("pastEnd", () => vfs.openWrite(at("/f"), { offset: 5 }));
    await assertFails("pastEnd", () => vfs.openWrite(at("/new"), { offset: 1 }));
    assertEquals(await readText(vfs, "/f"), "0123");
    await assertFails("notFound", () => vfs.stat(at("/new")));
  },
};

/** Uploads to the end of a file. */
export const APPENDING: Claims = {
  "appends to what exists and creates what does not": async (vfs) => {
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
  "creates nothing when the file must exist": async (vfs) => {
    await assertFails("notFound", () => vfs.openWrite(at("/f"), { existing: true, append: true }));
    await assertFails("notFound", () => vfs.stat(at("/f")));
    await put(vfs, "/f", "a");
    await put(vfs, "/f", "b", { existing: true, append: true });
    assertEquals(await readText(vfs, "/f"), "ab");
  },
  "keeps what was appended before an abort": async (vfs) => {
    await put(vfs, "/f", "old");
    const sink = await vfs.openWrite(at("/f"), { append: true });
    await sink.write(bytes("new"));
    await sink.abort();
    assertEquals(await readText(vfs, "/f"), "oldnew");
  },
};

/** Uploads to one file at the same time. */
export const WAITING: Claims = {
  "lets an upload wait for another one to the same file": async (vfs) => {
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
  "waits for another upload no longer than its signal permits": async (vfs) => {
    await put(vfs, "/f", "01");
    const first = await vfs.openWrite(at("/f"), { offset: 1 });
    await assertFails("busy", () => vfs.openWrite(at("/f"), { append: true, signal: AbortSignal.abort() }));
    await first.write(bytes("-"));
    await first.commit();
    assertEquals(await readText(vfs, "/f"), "0-");
  },
};

/** Files that an upload holds without writing to them. */
export const HOLDING: Claims = {
  "replaces a file that the caller holds, and no other that is held": async (vfs) => {
    for (const path of ["/f", "/g", "/new"]) await put(vfs, path, path);
    const held = await vfs.openWrite(at("/f"), { keep: true, existing: true });
    const { unique } = await vfs.stat(at("/g"));
    await assertFails("busy", () => vfs.rename(at("/new"), at("/f")));
    const release = () => held.abort();
    if (unique !== undefined) {
      await assertFails("busy", () => vfs.rename(at("/new"), at("/f"), { held: { unique, release } }));
    }
    await held.write(new Uint8Array());
    await vfs.rename(at("/new"), at("/f"), { held: { unique: (await vfs.stat(at("/f"))).unique, release } });
    await held.abort();
    assertEquals([await namesOf(vfs, "/"), await readText(vfs, "/f")], [["f", "g"], "/new"]);
  },
};

/** Uploads that are visible only once they are complete. */
export const ATOMIC: Claims = {
  "shows nothing of a new file before its commit": async (vfs) => {
    const sink = await vfs.openWrite(at("/new"));
    await sink.write(bytes("content"));
    await assertFails("notFound", () => vfs.stat(at("/new")));
    assertEquals(await namesOf(vfs, "/"), []);
    await sink.commit();
    assertEquals(await readText(vfs, "/new"), "content");
  },
  "shows the old content until the commit of the new": async (vfs) => {
    await put(vfs, "/f", "old");
    const sink = await vfs.openWrite(at("/f"));
    await sink.write(bytes("new content"));
    assertEquals(await readText(vfs, "/f"), "old");
    await sink.commit();
    assertEquals(await readText(vfs, "/f"), "new content");
  },
  "leaves the old content, or nothing, after an abort": async (vfs) => {
    await put(vfs, "/f", "old");
    for (const path of ["/f", "/new"]) {
      const sink = await vfs.openWrite(at(path));
      await sink.write(bytes("new"));
      await sink.abort();
    }
    assertEquals([await namesOf(vfs, "/"), await readText(vfs, "/f")], [["f"], "old"]);
  },
};

/** What a driver does that can only replace whole files. */
export const WITHOUT_RESUME: Claims = {
  "refuses to resume, and changes nothing": async (vfs) => {
    await put(vfs, "/f", "0123");
    await assertFails("unsupported", () => vfs.openWrite(at("/f"), { offset: 2 }));
    await assertFails("unsupported", () => vfs.openWrite(at("/f"), { keep: true }));
    await assertFails("unsupported", () => vfs.openWrite(at("/new"), { keep: true }));
    assertEquals([await namesOf(vfs, "/"), await readText(vfs, "/f")], [["f"], "0123"]);
  },
};

/** What a driver does that cannot append. */
export const WITHOUT_APPEND: Claims = {
  "refuses to append, and changes nothing": async (vfs) => {
    await put(vfs, "/f", "0123");
    await assertFails("unsupported", () => vfs.openWrite(at("/f"), { append: true }));
    await assertFails("unsupported", () => vfs.openWrite(at("/new"), { append: true }));
    assertEquals([await namesOf(vfs, "/"), await readText(vfs, "/f")], [["f"], "0123"]);
  },
};
