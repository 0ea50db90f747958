import { assert, assertEquals } from "@std/assert";
import { bytesOfName, hasRawBytes, isCanonical, nameOfBytes } from "../../lib/vfs/raw_names.ts";
import { Random } from "../helpers/random.ts";

const NAMES: readonly (readonly [claim: string, bytes: readonly number[], name: string])[] = [
  ["ASCII", [0x61, 0x20, 0x7e], "a ~"],
  ["UTF-8", [0xc3, 0xa9, 0xf0, 0x9f, 0x8e, 0x89], "é🎉"],
  ["a byte order mark", [0xef, 0xbb, 0xbf, 0x61], "\ufeffa"],
  ["Latin-1", [0x63, 0x61, 0x66, 0xe9], "caf\uefe9"],
  ["half a character", [0x61, 0xe2, 0x82], "a\uefe2\uef82"],
  ["an overlong slash", [0xc0, 0xaf], "\uefc0\uefaf"],
  ["half a surrogate pair", [0xed, 0xa0, 0x80], "\uefed\uefa0\uef80"],
  ["UTF-8 after a wrong byte", [0xff, 0xc3, 0xa9], "\uefffé"],
  ["a character that means a byte", [0xee, 0xbe, 0x80], "\uefee\uefbe\uef80"],
];

for (const [claim, bytes, name] of NAMES) {
  Deno.test(`nameOfBytes and bytesOfName keep ${claim}`, () => {
    assertEquals(nameOfBytes(new Uint8Array(bytes)), name);
    assertEquals([...bytesOfName(name)], bytes);
    assert(isCanonical(name));
  });
}

Deno.test("bytesOfName returns the bytes of any name, and each has its own text", () => {
  const random = new Random(7);
  const names = new Map<string, string>();
  for (let round = 0; round < 5000; round++) {
    // Bytes of which characters are made, so that right and wrong ones alternate.
    const bytes = Array.from(
      { length: 1 + random.upTo(6) },
      () => random.oneOf([0x61, 0x80, 0xbe, 0xc3, 0xe9, 0xee, 0xf0]),
    );
    const name = nameOfBytes(new Uint8Array(bytes));
    assertEquals([...bytesOfName(name)], bytes);
    assertEquals(names.get(name) ?? bytes.join(), bytes.join());
    assert(name.isWellFormed());
    names.set(name, bytes.join());
  }
});

Deno.test("isCanonical finds names that are UTF-8 but written byte by byte", () => {
  assertEquals(isCanonical("\uefc3\uefa9"), false);
  assertEquals(isCanonical("/a/\uefc3\uefa9/b"), false);
  assertEquals([hasRawBytes("é"), hasRawBytes("caf\uefe9")], [false, true]);
});
