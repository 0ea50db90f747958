import { assertEquals } from "@std/assert";
import { hasSpareDescriptors } from "../../lib/threads/spare_descriptors.ts";

const HERE = new URL(import.meta.url);

Deno.test("hasSpareFiles keeps nothing open", () => {
  for (let times = 0; times < 20; times++) assertEquals(hasSpareDescriptors(HERE), true);
});

Deno.test("hasSpareFiles is false where the file cannot be opened so often", () => {
  assertEquals(hasSpareDescriptors(new URL("../workers/no_such_file", HERE)), false);
});
