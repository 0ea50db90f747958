/**
 * What every file-system view must do with directories and with the names in them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Claims } from "./claims.ts";
import { assertFails, at, listAll, namesOf, put, readText } from "./helpers.ts";

/** Directories and renames. */
export const DIRECTORIES: Claims = {
  "creates and removes directories": async (vfs) => {
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
  "lists files and directories, and a listing can be left in the middle": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/f", "12345");
    const entries = await listAll(vfs, "/");
    assertEquals([...entries.keys()], ["d", "f"]);
    assertEquals([entries.get("d")?.kind, entries.get("f")?.kind, entries.get("f")?.size], ["directory", "file", 5]);
    assertEquals(await namesOf(vfs, "/"), ["d", "f"]);
    for await (const _ of vfs.list(at("/"))) break;
  },
  "lists many entries, each once": async (vfs) => {
    const expected = Array.from({ length: 300 }, (_, index) => `f${index}`).sort();
    for (const name of expected) await (await vfs.openWrite(at(`/${name}`))).commit();
    const listed: string[] = [];
    for await (const batch of vfs.list(at("/"))) listed.push(...batch.map(({ name }) => name));
    assertEquals(listed.sort(), expected);
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
