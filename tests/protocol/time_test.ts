import { assertEquals } from "@std/assert";
import { formatTimeVal, parseTimeVal, splitTimeAndPath } from "../../lib/protocol/time.ts";

for (
  const [iso, expected] of [
    ["1970-01-01T00:00:00Z", "19700101000000"],
    ["1998-06-15T10:00:45.014Z", "19980615100045.014"],
    ["2024-02-29T23:59:59.100Z", "20240229235959.100"],
    ["0001-02-03T04:05:06Z", "00010203040506"],
    ["1969-12-31T23:59:59.999Z", "19691231235959.999"],
    ["9999-12-31T23:59:59Z", "99991231235959"],
  ] as const
) {
  Deno.test(`formatTimeVal writes ${expected}, and parseTimeVal reads it`, () => {
    assertEquals(formatTimeVal(Date.parse(iso), { fractions: true }), expected);
    assertEquals(formatTimeVal(Date.parse(iso)), expected.slice(0, 14));
    assertEquals(parseTimeVal(expected), Date.parse(iso));
  });
}

Deno.test("formatTimeVal writes every number as fourteen digits", () => {
  assertEquals(formatTimeVal(1.9), "19700101000000");
  assertEquals(formatTimeVal(1.9, { fractions: true }), "19700101000000.001");
  assertEquals(formatTimeVal(NaN), "19700101000000");
  assertEquals(formatTimeVal(Infinity), "99991231235959");
  assertEquals(formatTimeVal(-9e15), "00000101000000");
});

Deno.test("parseTimeVal reads what formatTimeVal writes for any instant", () => {
  for (let index = 0; index < 2000; index++) {
    const instant = index * 86_400_000 * 11.37 - 3e12;
    assertEquals(parseTimeVal(formatTimeVal(instant, { fractions: true })), Math.floor(instant));
    assertEquals(parseTimeVal(formatTimeVal(instant)), Math.floor(instant / 1000) * 1000);
  }
});

for (
  const [text, iso] of [
    ["20161231235960", "2017-01-01T00:00:00Z"],
    ["20161231235960.5", "2017-01-01T00:00:00.500Z"],
    ["20260101000000.1", "2026-01-01T00:00:00.100Z"],
    ["20260101000000.123456789", "2026-01-01T00:00:00.123Z"],
    ["20000229000000", "2000-02-29T00:00:00Z"],
  ] as const
) {
  Deno.test(`parseTimeVal reads ${text}`, () => {
    assertEquals(parseTimeVal(text), Date.parse(iso));
  });
}

Deno.test("parseTimeVal refuses times that do not exist", () => {
  for (
    const text of [
      "",
      "2026010100000",
      "202601010000000",
      "20260101000000.",
      "20260101000000Z",
      " 20260101000000",
      "20260101 00000",
      "20261301000000",
      "20260001000000",
      "20260100000000",
      "20260132000000",
      "20260229000000",
      "19000229000000",
      "20260431000000",
      "20260101240000",
      "20260101006000",
      "20260101000061",
      "-2026010100000",
    ]
  ) assertEquals(parseTimeVal(text), undefined, JSON.stringify(text));
});

for (
  const [argument, expected] of [
    ["20260101000000 a b ", { modified: Date.UTC(2026, 0, 1), path: "a b " }],
    ["20260101000000.5  a", { modified: Date.UTC(2026, 0, 1, 0, 0, 0, 500), path: " a" }],
    ["20260101000000", undefined],
    ["20260101000000 ", undefined],
    ["20260231000000 a", undefined],
    ["a 20260101000000", undefined],
    ["a b", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`splitTimeAndPath reads ${JSON.stringify(argument)}`, () => {
    assertEquals(splitTimeAndPath(argument), expected);
  });
}
