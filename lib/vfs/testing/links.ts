/**
 * What drivers do that list symbolic links as links.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { lookUp } from "../forwarding.ts";
import { capability, type LinkClaims } from "./claims.ts";
import { assertFails, at, listAll, namesOf, put, readText } from "./helpers.ts";

/** Symbolic links. */
export const LINKS: LinkClaims = {
  "lists links as links, and where they lead": async (vfs, link) => {
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
  "follows links, and reports the link": async (vfs, link) => {
    await put(vfs, "/file", "12345");
    await link("file", "/link");
    await link("nothing", "/broken");
    const found = await vfs.stat(at("/link"));
    assertEquals([found.name, found.kind, found.size, found.link?.kind], ["link", "file", 5, "link"]);
    assertEquals([found.link?.target, (await vfs.stat(at("/file"))).link], ["file", undefined]);
    const broken = await vfs.stat(at("/broken"));
    assertEquals([broken.kind, broken.target, broken.link], ["link", "nothing", undefined]);
    for (const path of [at("/link"), at("/broken")]) assertEquals(await lookUp(vfs, path), await vfs.stat(path));
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

/** Drivers with `resolve`. */
export const RESOLVING: LinkClaims = {
  "resolves a path to one without links": async (vfs, link) => {
    const resolve = capability(vfs, "resolve");
    await vfs.mkdir(at("/keep"));
    await put(vfs, "/keep/file", "12345");
    await link("keep/file", "/link");
    await link("link", "/second");
    await link("keep", "/directory");
    for (const path of ["/link", "/second", "/directory/file", "/keep/file"]) {
      assertEquals(await resolve(at(path)), at("/keep/file"), path);
    }
    await link("nothing", "/broken");
    await assertFails("notFound", () => resolve(at("/broken")));
  },
};
