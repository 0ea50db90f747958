import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { type Driver, DriverRegistry, standardDrivers } from "../../lib/drivers/registry.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { resolveRoot, schemeOf } from "../../lib/vfs/root_url.ts";
import { put, readText } from "../vfs/helpers.ts";

Deno.test("DriverRegistry opens a path with the disk driver, which needs its real path as well", async () => {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(join(directory, "real"));
    await Deno.symlink("real", join(directory, "link"));
    const root = resolveRoot("link", directory);
    const driver = new DriverRegistry().find(root);
    await put(await driver.open(root), "/f", "content");
    assertEquals(await Deno.readTextFile(join(directory, "real", "f")), "content");
    const needed = (writes: boolean) =>
      driver.permissions(root, { writes }).map(({ permission, action }) =>
        `${action} ${"path" in permission && permission.path}`
      );
    const reading = [`reading ${join(directory, "link")}`, `reading ${join(directory, "real")}`];
    assertEquals(needed(false), reading);
    assertEquals(needed(true), [...reading, `writing ${join(directory, "real")}`]);
    assertEquals(resolveRoot(toFileUrl(root).href, "/elsewhere"), root);
    assertEquals(await readText(await new DriverRegistry().open(toFileUrl(root).href), "/f"), "content");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("DriverRegistry gives accounts with one root in memory the same files", async () => {
  const drivers = new DriverRegistry();
  await put(await drivers.open("memory:a"), "/f", "content");
  assertEquals(await readText(await drivers.open("memory:a"), "/f"), "content");
  assert(await drivers.open("memory:b") !== await drivers.open("memory:a"));
  assert(await new DriverRegistry().open("memory:a") !== await drivers.open("memory:a"));
  const driver = drivers.find("memory:a");
  assertEquals([driver.spansWorkers, driver.permissions("memory:a", { writes: true })], [false, []]);
});

Deno.test("DriverRegistry takes drivers of others, and names what it has where none fits", async () => {
  const files = new MemoryVfs();
  const tape: Driver = { scheme: "tape", spansWorkers: true, permissions: () => [], open: () => files };
  const drivers = new DriverRegistry([...standardDrivers(), tape]);
  assertEquals(await drivers.open("TAPE:1"), files);
  const error = assertThrows(() => drivers.find("gs://bucket"), RangeError, `No driver for the root "gs://bucket"`);
  assertStringIncludes(error.message, `"file:", "memory:", "s3:", "empty:", "tape:"`);
  await assertRejects(() => drivers.open("gs://bucket"), RangeError);
});

Deno.test("schemeOf takes a drive of Windows for a path", () => {
  assertEquals(["C:\\ftp", "c:/ftp", "/a:b", "./ab:c", "S3://x", "memory:"].map(schemeOf), [
    ...[undefined, undefined, undefined, undefined],
    ...["s3", "memory"],
  ]);
});

Deno.test("resolveRoot refuses a file URL that is not a local path", () => {
  for (const root of ["file:srv", "file://host/srv"]) {
    assertThrows(() => resolveRoot(root, "/"), RangeError, root);
  }
});
