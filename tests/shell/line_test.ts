import { assertEquals, assertThrows } from "@std/assert";
import { LineError, parseLine, quoteWord, scan } from "../../lib/shell/line.ts";

/** Name, words, and where the output goes. */
function parsed(text: string): unknown {
  const line = parseLine(text);
  if (line.kind !== "command") return line.kind === "local" ? `!${line.command}` : line.kind;
  const { name, words, output, background, mayFail } = line;
  return [
    [name, ...words.map((word) => word.text)],
    ...(output === undefined ? [] : [output]),
    ...(background ? ["&"] : []),
    ...(mayFail ? ["-"] : []),
  ];
}

Deno.test("parseLine separates words at blanks, and keeps what is quoted", () => {
  assertEquals(parsed("  get   a\tb "), [["get", "a", "b"]]);
  assertEquals(parsed(`get "a  b" 'c "d"' e\\ f g"h i"j`), [["get", "a  b", 'c "d"', "e f", "gh ij"]]);
  assertEquals(parsed(`put '\\' "\\"\\\\" ""`), [["put", "\\", '"\\', ""]]);
  assertEquals(parsed("get a#b"), [["get", "a#b"]]);
});

Deno.test("parseLine leaves out empty lines and comments", () => {
  for (const line of ["", "  \t", "# get x", "  # x"]) assertEquals(parsed(line), "empty");
});

Deno.test("parseLine finds where the output goes", () => {
  assertEquals(parsed("ls > 'a b'"), [["ls"], { to: "file", path: "a b", append: false }]);
  assertEquals(parsed("ls -l x>>all"), [["ls", "-l", "x"], { to: "file", path: "all", append: true }]);
  assertEquals(parsed(`cat f | grep "x|y" > out`), [["cat", "f"], { to: "program", command: `grep "x|y" > out` }]);
  assertEquals(parsed("cat f |less"), [["cat", "f"], { to: "program", command: "less" }]);
  assertEquals(parsed(`get "a>b" 'c|d' e\\|f`), [["get", "a>b", "c|d", "e|f"]]);
});

Deno.test("parseLine knows programs, background and lines that may fail", () => {
  assertEquals(parsed("!ls -l | sort > x"), "!ls -l | sort > x");
  assertEquals(parsed("!"), "!");
  assertEquals(parsed("get big &"), [["get", "big"], "&"]);
  assertEquals(parsed("get a&"), [["get", "a&"]]);
  assertEquals(parsed('get "&"'), [["get", "&"]]);
  assertEquals(parsed("-mkdir x"), [["mkdir", "x"], "-"]);
  assertEquals(parsed("- get x"), [["get", "x"], "-"]);
});

Deno.test("parseLine refuses what it cannot read, and says why", () => {
  const refusals: readonly (readonly [string, string])[] = [
    [`get "a`, 'The quote " is not closed'],
    ["get 'a", "The quote ' is not closed"],
    ["get a\\", "nothing follows"],
    ["ls >", "No file after >"],
    ["ls > a b", '"b" after the file'],
    ["ls |  ", "No program after |"],
    ["> a", "instead of a command"],
  ];
  for (const [line, message] of refusals) assertThrows(() => parseLine(line), LineError, message);
});

Deno.test("A word is a pattern only with a wildcard outside quotes", () => {
  const patternOf = (text: string) => scan(text).tokens[0]?.pattern;
  assertEquals(patternOf("*.csv"), "*.csv");
  assertEquals(patternOf(`"a*"`), undefined);
  assertEquals(patternOf("a\\*"), undefined);
  assertEquals(patternOf(`"[1]"*.{a,b}`), "\\[1\\]*.{a,b}");
});

Deno.test("quoteWord makes one word of any text", () => {
  for (const text of ["a", "a b", `"'\\`, "*?[x]{y}", "", "#a", "!a", "&", "-x", "a>b|c", "ä→ "]) {
    const [token, ...others] = scan(quoteWord(text)).tokens;
    assertEquals([token?.text, token?.pattern, token?.operator, others.length], [text, undefined, false, 0]);
  }
});
