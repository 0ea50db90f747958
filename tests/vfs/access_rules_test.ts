import { assertEquals, assertThrows } from "@std/assert";
import { ACCESS_RIGHTS, parseAccess } from "../../lib/vfs/access_rules.ts";

const PARSED: readonly (readonly [string | readonly string[], allow: readonly string[], overwrite: boolean])[] = [
  ["rw", ACCESS_RIGHTS, true],
  ["ro", ["list", "read"], true],
  ["add", ["list", "read", "write", "mkdir"], false],
  ["dropbox", ["write", "mkdir"], false],
  ["none", [], false],
  ["list, read write", ["list", "read", "write"], true],
  [["list", "delete"], ["list", "delete"], true],
  ["rw,no-overwrite", ACCESS_RIGHTS, false],
  ["ro dropbox", ["list", "read", "write", "mkdir"], false],
];

for (const [value, allow, overwrite] of PARSED) {
  Deno.test(`parsePermissions reads ${JSON.stringify(value)}`, () => {
    const grant = parseAccess(value);
    assertEquals([...grant.allow].sort(), [...allow].sort());
    assertEquals(grant.overwrite, overwrite);
  });
}

Deno.test("parsePermissions quotes the word it does not know", () => {
  assertThrows(() => parseAccess("ro,wirte"), Error, `Unknown right "wirte"`);
  assertThrows(() => parseAccess(" "), Error, "No right given");
  assertThrows(() => parseAccess([]), Error, "No right given");
});
