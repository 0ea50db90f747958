import { assertEquals } from "@std/assert";
import { makeEntry } from "../../lib/vfs/entry.ts";

Deno.test("makeEntry supplies what a storage does not have", () => {
  const common = { size: 0, modified: 0, links: 1, owner: "ftp", group: "ftp" };
  assertEquals(makeEntry({ name: "d", kind: "directory" }), { name: "d", kind: "directory", mode: 0o755, ...common });
  assertEquals(makeEntry({ name: "f", kind: "file", size: 5 }), {
    ...{ name: "f", kind: "file", mode: 0o644 },
    ...common,
    size: 5,
  });
});
