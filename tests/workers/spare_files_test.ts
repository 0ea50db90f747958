import { assertEquals } from "@std/assert";
import { hasSpareFiles } from "../../lib/workers/spare_files.ts";

const HERE = new URL(import.meta.url);

Deno.test("hasSpareFiles keeps nothing open", () => {
  for (let times = 0; times < 20; times++) assertEquals(hasSpareFiles(HERE), true);
});

Deno.test("hasSpareFiles is false where the file cannot be opened so often", () => {
  assertEquals(hasSpareFiles(new URL("./no_such_file", HERE)), false);
});
