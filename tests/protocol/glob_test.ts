import { assert, assertEquals, assertThrows } from "@std/assert";
import { compileGlob, hasGlob } from "../../lib/protocol/glob.ts";

Deno.test("hasGlob distinguishes patterns from names", () => {
  for (const text of ["*", "a?", "[ab]", "{a,b}", "dir/*.txt"]) assertEquals(hasGlob(text), true, text);
  for (const text of ["", "a.txt", "-la", "a b", "a\\b", "a]", "a}", "a,b"]) assertEquals(hasGlob(text), false, text);
});

for (
  const [pattern, yes, no] of [
    ["*", ["a", "a.b", "日本"], [".a", "."]],
    ["", [""], ["a"]],
    ["a.txt", ["a.txt"], ["A.txt", "a_txt", "a.txt2", "ba.txt"]],
    ["*.txt", ["a.txt", "a.b.txt"], [".txt", "a.txt.gz", "atxt"]],
    ["a*b*c", ["abc", "aXbYc", "abbcc", "abcbc"], ["ab", "acb", "abcd"]],
    ["a**b", ["ab", "axxb"], ["a", "ba"]],
    ["*aab", ["aaab", "aabaab"], ["aaba"]],
    ["?", ["a", "é", "🐟"], ["", "ab", "."]],
    ["?.?", ["a.b", "🐟.x"], ["..b", "ab"]],
    ["*🐟", ["🐟", "🐟🐟", "x🐟"], ["🐟x"]],
    [".*", [".", ".a", ".bashrc"], ["a", "a.b"]],
    ["[.]a", [], [".a"]],
    ["?a", ["ba"], [".a"]],
    ["[abc]x", ["ax", "bx", "cx"], ["dx", "x", "[abc]x"]],
    ["[a-c0-9]", ["a", "b", "c", "5"], ["d", "-", "A"]],
    ["[!a-c]", ["d", "-", "🐟"], ["a", "c", ""]],
    ["[^a]", ["b", "^"], ["a"]],
    ["[]a]", ["]", "a"], ["b"]],
    ["[!]a]", ["b"], ["]", "a"]],
    ["[a-]", ["a", "-"], ["b"]],
    ["[-a]", ["a", "-"], ["b"]],
    ["[c-a]", [], ["a", "b", "c"]],
    ["[\\]]", ["]"], ["\\"]],
    ["[ab", ["[ab"], ["a"]],
    ["x[", ["x["], ["x"]],
    ["[日-本]", ["日", "本"], ["a"]],
    ["{a,b}.txt", ["a.txt", "b.txt"], ["c.txt", "{a,b}.txt"]],
    ["x{1,2}{3,4}", ["x13", "x14", "x23", "x24"], ["x12", "x1"]],
    ["{a,b{c,d}}", ["a", "bc", "bd"], ["b", "ac"]],
    ["{,a}b", ["b", "ab"], ["a"]],
    ["{*.txt,*.md}", ["a.txt", "b.md"], ["a.gz", ".md"]],
    ["{a}", ["{a}"], ["a"]],
    ["{}", ["{}"], [""]],
    ["{a,b", ["{a,b"], ["a"]],
    ["a}", ["a}"], ["a"]],
    ["{a\\,b,c}", ["a,b", "c"], ["a", "b"]],
    ["\\*", ["*"], ["a", "\\*"]],
    ["\\a\\[b]", ["a[b]"], ["ab"]],
    ["\\{a,b}", ["{a,b}"], ["a"]],
    ["a\\", ["a\\"], ["a"]],
  ] as const
) {
  Deno.test(`compileGlob matches ${JSON.stringify(pattern)} as a shell does`, () => {
    const glob = compileGlob(pattern);
    for (const name of yes) assert(glob.matches(name), `${pattern} should match "${name}"`);
    for (const name of no) assert(!glob.matches(name), `${pattern} should not match "${name}"`);
  });
}

Deno.test("compileGlob takes braces literally when they would expand to too many patterns", () => {
  const many = "{a,b}".repeat(7);
  assert(compileGlob(many).matches(many));
  assert(!compileGlob(many).matches("aaaaaaa"));
  const deep = `${"{".repeat(40)}a,b${"}".repeat(40)}`;
  assert(compileGlob(deep).matches(deep));
  assert(compileGlob("{a,b}".repeat(6)).matches("ababab"));
});

/** Numbers below `below`, the same in every run. */
function randomness(): (below: number) => number {
  let seed = 11;
  return (below) => (seed = (seed * 48271) % 0x7fffffff) % below;
}

function word(random: (below: number) => number, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[random(alphabet.length)]).join("");
}

Deno.test("compileGlob agrees with a regular expression on random patterns", () => {
  const random = randomness();
  for (let round = 0; round < 500; round++) {
    const pattern = word(random, "ab*?", 1 + random(7));
    const expression = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
    const glob = compileGlob(pattern);
    for (let index = 0; index < 20; index++) {
      const name = word(random, "ab", random(9));
      assertEquals(glob.matches(name), expression.test(name), `${pattern} and "${name}"`);
    }
  }
});

Deno.test("compileGlob agrees with a regular expression on random sets", () => {
  const random = randomness();
  const letters = "abcdefghijklmnopqrstuvwxyz";
  for (let round = 0; round < 500; round++) {
    const members = Array.from({ length: 1 + random(12) }, () => {
      const [low = "a", high = "a"] = [...word(random, letters, 2)].toSorted();
      return random(2) === 0 ? low : `${low}-${high}`;
    });
    const negated = random(3) === 0;
    const glob = compileGlob(`[${negated ? "!" : ""}${members.join("")}]`);
    const expression = new RegExp(`^[${negated ? "^" : ""}${members.join("")}]$`);
    for (const letter of letters) assertEquals(glob.matches(letter), expression.test(letter), expression.source);
  }
});

Deno.test("compileGlob refuses what is longer than a name unless that is permitted", () => {
  assert(compileGlob("a".repeat(255)).matches("a".repeat(255)));
  assertThrows(() => compileGlob("a".repeat(256)), RangeError);
  assert(compileGlob("*a".repeat(200), { longest: 400 }).matches("a".repeat(200)));
});

Deno.test("compileGlob refuses what means thousands of characters", () => {
  assertThrows(() => compileGlob(`{${",".repeat(62)}}${"a".repeat(150)}`), RangeError);
  assert(compileGlob(`{${",".repeat(62)}}${"a".repeat(60)}`).matches("a".repeat(60)));
});

/** Patterns that make as much work as they can. */
const HOSTILE: readonly string[] = [
  "*a".repeat(120) + "b",
  "?*".repeat(127),
  "[".repeat(255),
  "{".repeat(255),
  "{a,".repeat(85),
  `*{${",".repeat(60)}}${"a".repeat(60)}b`,
  `{${",".repeat(40)}}*[${"bdfhjlnprtvxz".repeat(4)}]`,
];

Deno.test("a glob takes a bounded number of steps for a name", () => {
  for (const pattern of HOSTILE) {
    const glob = compileGlob(pattern);
    for (const name of ["a".repeat(255), "ab".repeat(127), "A"]) {
      const before = glob.steps;
      try {
        glob.matches(name);
      } catch (error) {
        assert(error instanceof RangeError);
      }
      assert(glob.steps - before <= 100_000 + 16, `${pattern}: ${glob.steps - before} steps`);
    }
  }
});

Deno.test("a glob that people write takes a few steps for each character", () => {
  for (const pattern of ["*.txt", "report-[0-9][0-9]*.{csv,tsv,xlsx}", "*2024*final*", "[!._]*"]) {
    const glob = compileGlob(pattern);
    glob.matches("a".repeat(255));
    assert(glob.steps < 255 * 8, `${pattern}: ${glob.steps} steps`);
  }
});
