import { assert, assertEquals } from "@std/assert";
import { type Line, LineReader } from "../../lib/protocol/line_reader.ts";

const IAC = 0xff;
const INTERRUPT_PROCESS = 0xf4;
const DATA_MARK = 0xf2;

/** Bytes of texts and numbers, in order. */
function bytes(...parts: (string | number)[]): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from(parts.flatMap((part) => typeof part === "number" ? [part] : [...encoder.encode(part)]));
}

/** All lines of the chunks; `undefined` results are not among them. */
function read(chunks: readonly Uint8Array[], reader = new LineReader()): Line[] {
  const lines: Line[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line);
  }
  return lines;
}

function line(text: string): Line {
  return { kind: "line", text };
}

const TOO_LONG: Line = { kind: "tooLong" };

function invalid(reason: "nul" | "carriageReturn"): Line {
  return { kind: "invalid", reason };
}

function notUtf8(text: string): Line {
  return { kind: "notUtf8", text };
}

const CASES: readonly (readonly [title: string, input: Uint8Array, expected: readonly Line[]])[] = [
  ["CR LF ends a line", bytes("NOOP\r\n"), [line("NOOP")]],
  ["a lone LF ends a line", bytes("NOOP\n"), [line("NOOP")]],
  ["CR CR LF ends a line", bytes("NOOP\r\r\n"), [line("NOOP")]],
  ["several lines come in order", bytes("USER a\r\nPASS b\nPWD\r\n"), [line("USER a"), line("PASS b"), line("PWD")]],
  ["an empty line is a line", bytes("\r\n\nPWD\r\n"), [line(""), line(""), line("PWD")]],
  ["a line without its end is not given", bytes("PWD\r\nQUI"), [line("PWD")]],
  ["spaces stay", bytes("RETR  a  \r\n"), [line("RETR  a  ")]],
  ["a byte-order mark stays", bytes("\ufeffUSER\r\n"), [line("\ufeffUSER")]],
  ["UTF-8 is decoded", bytes("RETR Ünï/日本/🐟.txt\r\n"), [line("RETR Ünï/日本/🐟.txt")]],
  ["a long line is decoded", bytes(`RETR ${"x".repeat(3000)}\r\n`), [line(`RETR ${"x".repeat(3000)}`)]],
  ["a long UTF-8 line is decoded", bytes(`RETR ${"é".repeat(3000)}\r\n`), [line(`RETR ${"é".repeat(3000)}`)]],
  ["bytes that are not UTF-8 are refused", bytes("RETR ", 0xe9, "\r\nPWD\r\n"), [notUtf8("RETR \ufffd"), line("PWD")]],
  ["an overlong encoding is refused", bytes("RETR ", 0xc0, 0xaf, "\r\n"), [notUtf8("RETR \ufffd\ufffd")]],
  ["a surrogate is refused", bytes("RETR ", 0xed, 0xa0, 0x80, "\r\n"), [notUtf8("RETR \ufffd\ufffd\ufffd")]],
  ["NUL is refused", bytes("RETR a", 0, "b\r\nPWD\r\n"), [invalid("nul"), line("PWD")]],
  ["CR inside a line is refused", bytes("RETR a\rb\r\nPWD\r\n"), [invalid("carriageReturn"), line("PWD")]],
  ["CR NUL of Telnet is refused", bytes("RETR a\r", 0, "\r\n"), [invalid("nul")]],
  ["IAC WILL, WONT, DO and DONT go with their option", bytes(IAC, 0xfb, 1, "PW", IAC, 0xfe, 0x41, "D\r\n"), [
    line("PWD"),
  ]],
  ["an option may be a line end", bytes(IAC, 0xfd, 10, "PWD\r\n"), [line("PWD")]],
  ["IAC and a command go", bytes(IAC, 0xf1, "NO", IAC, 0xf9, "OP\r\n"), [line("NOOP")]],
  ["IAC IAC is the byte 255", bytes("STOR a", IAC, IAC, "b\r\n"), [notUtf8("STOR a\ufffdb")]],
  ["NUL in what is not UTF-8 is refused", bytes("PASS ", 0xe9, 0, "\r\n"), [invalid("nul")]],
  ["CR LF of an ABOR is one line end", bytes("ABOR\r\nPWD\r\n"), [line("ABOR"), line("PWD")]],
  ["CR CR LF of an ABOR is one line end", bytes("abor\r\r\nPWD\r\n"), [line("abor"), line("PWD")]],
  ["IAC before a letter goes alone", bytes(IAC, "NOOP\r\n"), [line("NOOP")]],
  ["IAC before a line end goes alone", bytes("NOOP", IAC, "\r\n"), [line("NOOP")]],
  ["Synch in full", bytes(IAC, INTERRUPT_PROCESS, IAC, DATA_MARK, "ABOR\r\n"), [line("ABOR")]],
  ["Synch without its data mark", bytes(IAC, INTERRUPT_PROCESS, IAC, "ABOR\r\n"), [line("ABOR")]],
  ["Synch without its last IAC", bytes(IAC, INTERRUPT_PROCESS, DATA_MARK, "ABOR\r\n"), [line("ABOR")]],
  ["Synch without any IAC", bytes(INTERRUPT_PROCESS, DATA_MARK, "ABOR\r\n"), [line("ABOR")]],
  ["Synch behind another line", bytes("PWD\r\n", DATA_MARK, IAC, IAC, INTERRUPT_PROCESS, "STAT\r\n"), [
    line("PWD"),
    line("STAT"),
  ]],
  ["only a leading Synch is forgiven", bytes("RETR ", DATA_MARK, "\r\n"), [notUtf8("RETR \ufffd")]],
];

for (const [title, input, expected] of CASES) {
  Deno.test(`LineReader: ${title}`, () => {
    assertEquals(read([input]), expected);
  });
}

Deno.test("LineReader returns the same lines wherever the input is split", () => {
  for (const [title, input, expected] of CASES) {
    for (let cut = 0; cut <= input.length; cut += input.length > 500 ? 97 : 1) {
      assertEquals(read([input.subarray(0, cut), input.subarray(cut)]), expected, `${title}, cut at ${cut}`);
    }
    assertEquals(read([...input].map((byte) => Uint8Array.of(byte))), expected, `${title}, byte by byte`);
  }
});

Deno.test("LineReader returns the same lines for random input split at random", () => {
  const alphabet = bytes("AB \r\n\n", 0, 0xc3, 0xa9, IAC, IAC, 0xfb, INTERRUPT_PROCESS, DATA_MARK);
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below;
  for (let round = 0; round < 300; round++) {
    const input = Uint8Array.from({ length: 120 }, () => alphabet[random(alphabet.length)] ?? 0);
    const chunks: Uint8Array[] = [];
    for (let start = 0; start < input.length;) {
      const end = start + 1 + random(12);
      chunks.push(input.subarray(start, end));
      start = end;
    }
    const whole = read([input], new LineReader({ limit: 16 }));
    assertEquals(read(chunks, new LineReader({ limit: 16 })), whole, `seed of round ${round}`);
  }
});

Deno.test("LineReader reports a line over the limit once, at its end, and goes on", () => {
  for (
    const [title, input, expected] of [
      ["at the limit, CR LF", "12345678\r\nPWD\r\n", [line("12345678"), line("PWD")]],
      ["at the limit, LF", "123456789\nPWD\r\n", [line("123456789"), line("PWD")]],
      ["one over, CR LF", "123456789\r\nPWD\r\n", [TOO_LONG, line("PWD")]],
      ["one over, LF", "1234567890\nPWD\r\n", [TOO_LONG, line("PWD")]],
      ["far over", `${"x".repeat(5000)}\r\nPWD\r\n`, [TOO_LONG, line("PWD")]],
      ["two in a row", `${"x".repeat(50)}\r\n${"y".repeat(50)}\n`, [TOO_LONG, TOO_LONG]],
      ["without an end", "x".repeat(50), []],
    ] as const
  ) {
    const whole = bytes(input);
    for (let cut = 0; cut <= Math.min(whole.length, 80); cut++) {
      const chunks = [whole.subarray(0, cut), whole.subarray(cut)];
      assertEquals(read(chunks, new LineReader({ limit: 10 })), [...expected], `${title}, cut at ${cut}`);
    }
  }
});

Deno.test("LineReader keeps nothing of a line that is over the limit", () => {
  const reader = new LineReader({ limit: 100 });
  for (let round = 0; round < 50; round++) {
    assertEquals(read([bytes("x".repeat(60))], reader), []);
    assert(reader.bufferedLength <= 100);
  }
  assertEquals(reader.bufferedLength, 0);
  assert(reader.pending);
  assertEquals(read([bytes("\r\n")], reader), [TOO_LONG]);
  assert(!reader.pending);
});

Deno.test("LineReader does not count Telnet bytes in the limit", () => {
  const noise = Array.from({ length: 30 }, () => [IAC, 0xf1]).flat();
  assertEquals(read([bytes(...noise, "PWD\r\n")], new LineReader({ limit: 10 })), [line("PWD")]);
});

Deno.test("LineReader has a default limit of 8192 bytes", () => {
  assertEquals(read([bytes("x".repeat(8190) + "\r\n")]), [line("x".repeat(8190))]);
  assertEquals(read([bytes("x".repeat(8191) + "\r\n")]), [TOO_LONG]);
});

Deno.test("LineReader does not need the chunk once next has given all of it", () => {
  const reader = new LineReader();
  const chunk = bytes("PWD\r\nNO");
  reader.push(chunk);
  assertEquals([reader.next(), reader.next()], [line("PWD"), undefined]);
  chunk.fill(0x58);
  reader.push(bytes("OP\r\n"));
  assertEquals([reader.next(), reader.next()], [line("NOOP"), undefined]);
});

Deno.test("LineReader takes ABOR and CR for a line where nothing follows, with what a Synch leaves before it", () => {
  for (const before of [[], [IAC, INTERRUPT_PROCESS, IAC, DATA_MARK], [INTERRUPT_PROCESS, DATA_MARK], [IAC, IAC]]) {
    const reader = new LineReader();
    assertEquals(read([bytes(...before, "ABOR\r")], reader), [line("ABOR")]);
    assert(!reader.pending);
    assertEquals(read([bytes("\nPWD\r\n")], reader), [line("PWD")]);
    assertEquals(read([bytes(...before, "ABOR\r"), bytes("PWD\r\n")], reader), [line("ABOR"), line("PWD")]);
    assertEquals(read([bytes("\r\n")], reader), [line("")]);
  }
  for (const other of ["ABOR x\r", "NOOP\r", "STAT\r", " ABOR\r"]) assertEquals(read([bytes(other)]), [], other);
});

Deno.test("LineReader assumes an ABOR if a read ends at the mark of a Synch, and drops the ABOR itself", () => {
  const abort = bytes(DATA_MARK, "ABOR\r\n");
  for (const start of [bytes(IAC, INTERRUPT_PROCESS), bytes("PWD\r\n", IAC, INTERRUPT_PROCESS, IAC)]) {
    const reader = new LineReader();
    const push = (chunk: Uint8Array, marked: boolean) => {
      reader.push(chunk, marked);
      return Array.from({ length: 3 }, () => reader.next()).filter((each) => each !== undefined);
    };
    assertEquals(push(start, true).at(-1), line("ABOR"));
    assertEquals(push(abort, false), []);
    assertEquals(push(abort, false), [line("ABOR")]);
    assertEquals(push(start, true).at(-1), line("ABOR"));
    assertEquals(push(bytes(DATA_MARK, "STAT\r\nABOR\r\n"), false), [line("STAT"), line("ABOR")]);
    assertEquals(push(start, true).at(-1), line("ABOR"));
    assertEquals(push(bytes(DATA_MARK, "ABOR\r"), true), []);
    assertEquals(push(bytes("\nNOOP\r\n"), false), [line("NOOP")]);
    assertEquals(push(start, false).length, start.length > 3 ? 1 : 0, "not where the read was full");
    assertEquals(push(abort, false), [line("ABOR")]);
    for (const other of [bytes("RETR a", IAC, INTERRUPT_PROCESS), bytes(IAC, INTERRUPT_PROCESS, "x"), bytes(IAC)]) {
      assertEquals(push(other, true), []);
      push(bytes("\r\n"), false);
    }
  }
});

Deno.test("LineReader refuses every Telnet option that is offered or asked for, and nothing else", () => {
  const reader = new LineReader();
  const [will, wont, doIt, dont] = [0xfb, 0xfc, 0xfd, 0xfe];
  const input = bytes(IAC, doIt, 1, "NO", IAC, will, 31, IAC, wont, 5, IAC, dont, 6, "OP\r\n", IAC, will);
  assertEquals(read([input], reader), [line("NOOP")]);
  assertEquals(reader.takeRefusals(), bytes(IAC, wont, 1, IAC, dont, 31));
  assertEquals(reader.takeRefusals(), undefined);
  assertEquals(read([bytes(10)], reader), []);
  assertEquals(reader.takeRefusals(), bytes(IAC, dont, 10));
});

Deno.test("LineReader reports a line without an end once, as soon as it is far over the limit", () => {
  const reader = new LineReader({ limit: 10, mostDiscarded: 100 });
  const chunks = Array.from({ length: 8 }, () => bytes("x".repeat(30)));
  assertEquals(read(chunks.slice(0, 3), reader), []);
  assertEquals(read(chunks, reader), [{ kind: "endless" }]);
  assertEquals(reader.bufferedLength, 0);
});

Deno.test("LineReader.pending reports whether anything has not been handed out", () => {
  const reader = new LineReader();
  assert(!reader.pending);
  reader.push(bytes("PWD\r\n"));
  assert(reader.pending);
  reader.next();
  assert(!reader.pending);
  assertEquals(read([bytes("PW")], reader), []);
  assert(reader.pending);
  assertEquals(reader.bufferedLength, 2);
  assertEquals(read([bytes("D\r\n", IAC)], reader), [line("PWD")]);
  assert(reader.pending);
});

Deno.test("LineReader.reset drops lines, the start of a line, an over-long line and a Telnet command", () => {
  for (
    const before of [bytes("USER a\r\nPASS b\r\n"), bytes("USER a\r\nPAS"), bytes("x".repeat(99)), bytes(IAC, 0xfb)]
  ) {
    const reader = new LineReader({ limit: 40 });
    reader.push(before);
    reader.reset();
    assert(!reader.pending);
    assertEquals(reader.bufferedLength, 0);
    assertEquals(read([bytes("PWD\r\n")], reader), [line("PWD")]);
  }
});
