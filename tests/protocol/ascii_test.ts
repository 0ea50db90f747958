import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type AsciiConverter, FromNetworkAscii, NetworkAsciiLength, ToNetworkAscii } from "../../lib/protocol/ascii.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The whole output for input that comes in these pieces. */
function convert(converter: AsciiConverter, pieces: readonly string[]): string {
  let output = "";
  for (const piece of pieces) output += decoder.decode(converter.convert(encoder.encode(piece)));
  return output + decoder.decode(converter.flush());
}

/** The text in one piece, in two at every place, and in single bytes. */
function cuts(text: string): string[][] {
  const two = Array.from({ length: text.length + 1 }, (_, cut) => [text.slice(0, cut), text.slice(cut)]);
  return [[text], ...two, [...text]];
}

for (
  const [file, network] of [
    ["", ""],
    ["abc", "abc"],
    ["a\nb\n", "a\r\nb\r\n"],
    ["\n\n", "\r\n\r\n"],
    ["a\r\nb\r\n", "a\r\nb\r\n"],
    ["a\r\nb\nc\r\n\n", "a\r\nb\r\nc\r\n\r\n"],
    ["a\rb\r", "a\rb\r"],
    ["\r\r\n\r", "\r\r\n\r"],
    ["a\n\r", "a\r\n\r"],
  ] as const
) {
  Deno.test(`ToNetworkAscii makes ${JSON.stringify(network)} of ${JSON.stringify(file)}, wherever it is cut`, () => {
    for (const pieces of cuts(file)) {
      assertEquals(convert(new ToNetworkAscii(), pieces), network, JSON.stringify(pieces));
      const count = new NetworkAsciiLength();
      for (const piece of pieces) count.add(encoder.encode(piece));
      assertEquals(count.length, network.length, JSON.stringify(pieces));
    }
  });
}

for (
  const [network, file] of [
    ["", ""],
    ["abc", "abc"],
    ["a\r\nb\r\n", "a\nb\n"],
    ["a\nb\n", "a\nb\n"],
    ["a\rb\r", "a\rb\r"],
    ["\r\r\n\r", "\r\n\r"],
    ["\r\n\r\n", "\n\n"],
    ["a\r\rb", "a\r\rb"],
    ["\r", "\r"],
  ] as const
) {
  Deno.test(`FromNetworkAscii makes ${JSON.stringify(file)} of ${JSON.stringify(network)}, wherever it is cut`, () => {
    for (const pieces of cuts(network)) {
      assertEquals(convert(new FromNetworkAscii(), pieces), file, JSON.stringify(pieces));
    }
  });
}

Deno.test("FromNetworkAscii reverses ToNetworkAscii for text with lone LFs", () => {
  let seed = 5;
  const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below;
  for (let round = 0; round < 200; round++) {
    const text = Array.from({ length: 40 }, () => "ab\n"[random(3)]).join("");
    const cut = random(40);
    const network = convert(new ToNetworkAscii(), [text.slice(0, cut), text.slice(cut)]);
    assertEquals(convert(new FromNetworkAscii(), [...network]), text);
    assertEquals(network, text.replaceAll("\n", "\r\n"));
  }
});

Deno.test("ToNetworkAscii and FromNetworkAscii hand on a piece without line ends as it is", () => {
  const piece = encoder.encode("x".repeat(1000));
  assertStrictEquals(new ToNetworkAscii().convert(piece), piece);
  assertStrictEquals(new FromNetworkAscii().convert(piece), piece);
});

Deno.test("ToNetworkAscii never writes into the piece and at most doubles it", () => {
  const piece = encoder.encode("\n".repeat(1000));
  const converted = new ToNetworkAscii().convert(piece);
  assertEquals(converted.length, 2000);
  assert(converted.buffer.byteLength <= 2000);
  assertEquals(decoder.decode(piece), "\n".repeat(1000));
});

Deno.test("ToNetworkAscii and FromNetworkAscii use their buffer again", () => {
  for (const converter of [new ToNetworkAscii(), new FromNetworkAscii()]) {
    const first = converter.convert(encoder.encode("a\nb\r\n")).buffer;
    assertStrictEquals(converter.convert(encoder.encode("c\nd\r\n")).buffer, first);
  }
});

Deno.test("AsciiConverter.flush leaves a converter as new", () => {
  for (const converter of [new ToNetworkAscii(), new FromNetworkAscii()]) {
    assertEquals(convert(converter, ["a\r"]), "a\r");
    assertEquals(convert(converter, ["b"]), "b");
  }
  const converter = new ToNetworkAscii();
  convert(converter, ["a\r"]);
  assertEquals(convert(converter, ["\n"]), "\r\n");
});
