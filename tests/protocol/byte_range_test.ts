import { assertEquals } from "@std/assert";
import { parseDigestArgument, parseOffset, parseRange } from "../../lib/protocol/byte_range.ts";

Deno.test("parseOffset reads digits up to the largest safe integer", () => {
  assertEquals(parseOffset("0"), 0);
  assertEquals(parseOffset("0042"), 42);
  assertEquals(parseOffset("9007199254740991"), Number.MAX_SAFE_INTEGER);
  for (const text of ["", "-1", "+1", "1.5", "1e3", "0x10", " 1", "1 ", "9007199254740992", "9".repeat(400), "١"]) {
    assertEquals(parseOffset(text), undefined, JSON.stringify(text));
  }
});

for (
  const [argument, start, end] of [
    ["0 0", 0, 1],
    ["802816 1000000", 802816, 1000001],
    ["1 1", 1, 2],
    ["0 9007199254740990", 0, Number.MAX_SAFE_INTEGER],
  ] as const
) {
  Deno.test(`parseRange reads ${argument}, the last byte included`, () => {
    assertEquals(parseRange(argument), { kind: "range", range: { start, end } });
  });
}

Deno.test("parseRange reads 1 0 as a wish for the whole file", () => {
  assertEquals(parseRange("1 0"), { kind: "clear" });
});

Deno.test("parseRange refuses an invalid range", () => {
  for (const argument of ["", "1", "2 1", "2 0", "0 ", " 0 1", "0  1", "0 1 2", "a b", "-1 0", "0 9007199254740991"]) {
    assertEquals(parseRange(argument), { kind: "syntaxError" }, JSON.stringify(argument));
  }
});

for (
  const [argument, path, range] of [
    ["a.txt", "a.txt", undefined],
    ["a b 0 100", "a b 0 100", undefined],
    ['"a b"', "a b", undefined],
    ['"a b" 100', "a b", { start: 0, end: 100 }],
    ['"a b" 10 100', "a b", { start: 10, end: 100 }],
    ['"a b" 0 0', "a b", { start: 0, end: 0 }],
    ['"a ""b"" c" 1 2', 'a "b" c', { start: 1, end: 2 }],
    ['a"b"', 'a"b"', undefined],
  ] as const
) {
  Deno.test(`parseDigestArgument reads ${argument}`, () => {
    assertEquals(parseDigestArgument(argument), { path, range });
  });
}

Deno.test("parseDigestArgument refuses other forms", () => {
  for (const argument of ["", '""', '"a', '"a" x', '"a" 1 2 3', '"a" 2 1', '"a"1', '"a" ', '"a" 99999999999999999']) {
    assertEquals(parseDigestArgument(argument), undefined, JSON.stringify(argument));
  }
});
