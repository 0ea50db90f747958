import { assert, assertEquals } from "@std/assert";
import { compileGlob, hasGlob } from "../../lib/protocol/glob.ts";

Deno.test("hasGlob tells patterns from names", () => {
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
    const matches = compileGlob(pattern);
    for (const name of yes) assert(matches(name), `${pattern} should match "${name}"`);
    for (const name of no) assert(!matches(name), `${pattern} should not match "${name}"`);
  });
}

Deno.test("compileGlob takes braces literally when they would give too many patterns", () => {
  const many = "{a,b}".repeat(7);
  assert(compileGlob(many)(many));
  assert(!compileGlob(many)("aaaaaaa"));
  const deep = `${"{".repeat(40)}a,b${"}".repeat(40)}`;
  assert(compileGlob(deep)(deep));
  assert(compileGlob("{a,b}".repeat(6))("ababab"));
});

Deno.test("compileGlob agrees with a regular expression on random patterns", () => {
  let seed = 11;
  const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below;
  const word = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[random(alphabet.length)]).join("");
  for (let round = 0; round < 500; round++) {
    const pattern = word("ab*?", 1 + random(7));
    const expression = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
    const matches = compileGlob(pattern);
    for (let index = 0; index < 20; index++) {
      const name = word("ab", random(9));
      assertEquals(matches(name), expression.test(name), `${pattern} and "${name}"`);
    }
  }
});

Deno.test("compileGlob comes to an end for hostile patterns", () => {
  const name = "a".repeat(255);
  for (
    const pattern of [
      "*a".repeat(4000) + "b",
      "[".repeat(8000),
      "{".repeat(8000),
      "{a,".repeat(2700),
      "?*".repeat(4000),
    ]
  ) {
    assertEquals(compileGlob(pattern)(name), false);
  }
});
