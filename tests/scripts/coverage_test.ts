import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, percentOf, readLcov } from "../../scripts/coverage.ts";

const REPORT = `SF:/project/lib/data/pump.ts
DA:1,5
DA:2,0
DA:3,0
end_of_record
SF:/project/tests/data/pump_test.ts
DA:1,0
end_of_record
SF:/project/lib/data/pump.ts
DA:2,1
DA:3,0
end_of_record
SF:/project/lib/net/ip.ts
DA:7,1
end_of_record
`;

Deno.test("readLcov counts a line of lib once, and as run if any record says so", () => {
  assertEquals(readLcov(REPORT, "/project"), [
    { path: "lib/data/pump.ts", lines: 3, covered: 2 },
    { path: "lib/net/ip.ts", lines: 1, covered: 1 },
  ]);
});

Deno.test("percentOf weighs files by their lines", () => {
  assertEquals(percentOf(readLcov(REPORT, "/project")), 75);
  assertEquals(percentOf([]), 100);
});

Deno.test("describe names what is missing and the whole", () => {
  const text = describe(readLcov(REPORT, "/project"));
  assertStringIncludes(text, "1 of    3  lib/data/pump.ts");
  assertStringIncludes(text, "75.0 % of the lines of lib");
});
