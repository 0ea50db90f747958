import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type ParsedReply,
  ReplyParser,
  type ReplyParserOptions,
  ReplySyntaxError,
} from "../../lib/protocol/reply_parser.ts";

const encoder = new TextEncoder();

function parse(text: string, options?: ReplyParserOptions): ParsedReply[] {
  return new ReplyParser(options).push(encoder.encode(text));
}

const CASES: readonly { title: string; text: string; expected: ParsedReply[] }[] = [
  {
    title: "reads a reply of one line",
    text: "220 Welcome\r\n",
    expected: [{ code: 220, text: "Welcome", lines: ["220 Welcome"] }],
  },
  {
    title: "reads several replies of one packet",
    text: "150 Here it comes\r\n226 Done\r\n",
    expected: [
      { code: 150, text: "Here it comes", lines: ["150 Here it comes"] },
      { code: 226, text: "Done", lines: ["226 Done"] },
    ],
  },
  {
    title: "reads lines up to the one with the same code and a space",
    text: "211-Features:\r\n MLST type*;\r\n226 looks like an end\r\n211-not the end\r\n211 End\r\n",
    expected: [{
      code: 211,
      text: "End",
      lines: ["211-Features:", " MLST type*;", "226 looks like an end", "211-not the end", "211 End"],
    }],
  },
  {
    title: "takes a bare LF for the end of a line",
    text: "230 In\n",
    expected: [{ code: 230, text: "In", lines: ["230 In"] }],
  },
  { title: "takes a code without a text", text: "200\r\n", expected: [{ code: 200, text: "", lines: ["200"] }] },
  {
    title: "skips empty lines between replies",
    text: "\r\n220 Hello\r\n\r\n",
    expected: [{ code: 220, text: "Hello", lines: ["220 Hello"] }],
  },
  {
    title: "keeps an empty line within a reply",
    text: "230-Hi\r\n\r\n230 In\r\n",
    expected: [{ code: 230, text: "In", lines: ["230-Hi", "", "230 In"] }],
  },
];

for (const { title, text, expected } of CASES) {
  Deno.test(`ReplyParser ${title}`, () => assertEquals(parse(text), expected));

  Deno.test(`ReplyParser ${title}, byte by byte`, () => {
    const parser = new ReplyParser();
    const shared = new Uint8Array(1);
    const replies = [...encoder.encode(text)].flatMap((byte) => {
      shared[0] = byte;
      return parser.push(shared);
    });
    assertEquals(replies, expected);
  });
}

for (const text of ["HTTP/1.1 400 Bad Request\r\n", "99 too small\r\n", "600 too large\r\n", "2200 no mark\r\n"]) {
  Deno.test(`ReplyParser refuses "${text.trim()}"`, () => {
    assertThrows(() => parse(text), ReplySyntaxError, "Not the beginning of a reply");
  });
}

Deno.test("ReplyParser refuses a line that does not end", () => {
  assertThrows(() => parse("2".repeat(101), { maxReplySize: 100 }), ReplySyntaxError, "more than 100 bytes");
});

Deno.test("ReplyParser refuses a reply that does not end", () => {
  assertThrows(
    () => parse("211-a\r\n" + " b\r\n".repeat(50), { maxReplySize: 100 }),
    ReplySyntaxError,
    "more than 100",
  );
});

Deno.test("ReplyParser counts each reply anew", () => {
  assertEquals(parse("200 ok\r\n".repeat(50), { maxReplySize: 20 }).length, 50);
});

Deno.test("ReplyParser reports that a reply was cut", () => {
  const parser = new ReplyParser();
  assert(!parser.isMidReply);
  parser.push(encoder.encode("211-Fea"));
  assert(parser.isMidReply);
  parser.push(encoder.encode("tures\r\n"));
  assert(parser.isMidReply);
  parser.push(encoder.encode("211 End\r\n"));
  assert(!parser.isMidReply);
});

Deno.test("ReplyParser reads text in the encoding that it is given", () => {
  const parser = new ReplyParser({ decoder: new TextDecoder("latin1") });
  const bytes = new Uint8Array([...encoder.encode('257 "/caf'), 0xe9, ...encoder.encode('"\r\n')]);
  assertEquals(parser.push(bytes)[0]?.text, '"/café"');
});
