/**
 * What drivers can do beyond the core: each capability that is declared is held to its contract.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { capability, type Claims } from "./claims.ts";
import { assertFails, at, put } from "./helpers.ts";

/** Drivers with `setMode`. */
export const MODES: Claims = {
  "sets the modes of files and directories": async (vfs) => {
    const setMode = capability(vfs, "setMode");
    await put(vfs, "/f", "x");
    await vfs.mkdir(at("/d"));
    for (const path of ["/f", "/d"]) {
      await setMode(at(path), 0o750);
      assertEquals((await vfs.stat(at(path))).mode, 0o750);
    }
    await assertFails("notFound", () => setMode(at("/missing"), 0o600));
  },
  "leaves a directory the rights of its owner": async (vfs) => {
    await vfs.mkdir(at("/d"));
    await put(vfs, "/d/f", "x");
    await vfs.capabilities.setMode?.(at("/d"), 0);
    await vfs.capabilities.setMode?.(at("/d/f"), 0);
    assertEquals([(await vfs.stat(at("/d"))).mode, (await vfs.stat(at("/d/f"))).mode], [0o700, 0]);
  },
};

/** Drivers with `copyAttributes`. */
export const ATTRIBUTES: Claims = {
  "gives a file the mode of another, but not its power to run as its owner": async (vfs) => {
    const copyAttributes = capability(vfs, "copyAttributes");
    await put(vfs, "/from", "x");
    await put(vfs, "/to", "x");
    for (const mode of [0o640, 0o444, 0o755]) {
      await capability(vfs, "setMode")(at("/from"), mode | 0o4000);
      await copyAttributes(at("/from"), at("/to"));
      assertEquals((await vfs.stat(at("/to"))).mode, mode);
    }
    await assertFails("notFound", () => copyAttributes(at("/missing"), at("/to")));
    await assertFails("notFound", () => copyAttributes(at("/from"), at("/missing")));
  },
};

/** Drivers with `setModified`. */
export const TIMES: Claims = {
  "sets the times of files and directories": async (vfs) => {
    const setModified = capability(vfs, "setModified");
    await put(vfs, "/f", "x");
    await vfs.mkdir(at("/d"));
    for (const path of ["/f", "/d"]) {
      await setModified(at(path), Date.UTC(2001, 1, 3, 4, 5, 6));
      assertEquals((await vfs.stat(at(path))).modified, Date.UTC(2001, 1, 3, 4, 5, 6));
    }
    await assertFails("notFound", () => setModified(at("/missing"), 0));
  },
};

/** Drivers with `space`. */
export const SPACE: Claims = {
  "reports free and total space": async (vfs) => {
    const { free, total } = await capability(vfs, "space")(at("/"));
    assert(free > 0 && free <= total);
  },
};

/** Drivers with `usage`. */
export const USAGE: Claims = {
  "reports the bytes of all files": async (vfs) => {
    const usage = capability(vfs, "usage");
    assertEquals(await usage(), 0);
    await vfs.mkdir(at("/d"));
    await put(vfs, "/d/a", "x".repeat(100));
    await put(vfs, "/b", "x".repeat(10));
    assertEquals(await usage(), 110);
    await put(vfs, "/d/a", "x");
    await vfs.rename(at("/d/a"), at("/c"));
    assertEquals(await usage(), 11);
    await vfs.rename(at("/c"), at("/b"));
    assertEquals(await usage(), 1);
    await vfs.remove(at("/b"));
    assertEquals(await usage(), 0);
  },
};

/** Drivers with `outline`. */
export const OUTLINE: Claims = {
  "outlines a directory": async (vfs) => {
    const outline = capability(vfs, "outline");
    const outlineOf = async (path: string) => {
      const found = (await Array.fromAsync(outline(at(path)))).flat();
      return found.map(({ name, isDirectory }) => [name, isDirectory]).toSorted();
    };
    await vfs.mkdir(at("/d"));
    await put(vfs, "/d/f", "x");
    await put(vfs, "/f", "x");
    assertEquals(await outlineOf("/"), [["d", true], ["f", false]]);
    assertEquals(await outlineOf("/d"), [["f", false]]);
    await assertFails("notFound", () => outlineOf("/missing"));
    await assertFails("notDirectory", () => outlineOf("/f"));
  },
};
