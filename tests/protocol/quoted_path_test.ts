import { assertEquals } from "@std/assert";
import { parseQuotedPath, quotePath } from "../../lib/protocol/quoted_path.ts";

Deno.test("quotePath doubles the quotes inside", () => {
  assertEquals(quotePath("/"), '"/"');
  assertEquals(quotePath('/say "hi"'), '"/say ""hi"""');
});

Deno.test("parseQuotedPath reads what quotePath writes, in any text", () => {
  for (const path of ["/", "", "/a b", '"', '""', '/"a"/b"', "/Ünï"]) {
    assertEquals(parseQuotedPath(quotePath(path)), path);
    assertEquals(parseQuotedPath(`257 ${quotePath(path)} is the current directory, not "this"`), path);
  }
});

Deno.test("parseQuotedPath needs both quotes", () => {
  for (const text of ["", "/a", '"/a', '/a"']) assertEquals(parseQuotedPath(text), undefined, text);
});
