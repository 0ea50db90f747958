import { assertEquals, assertThrows } from "@std/assert";
import { VfsError } from "../../lib/vfs/vfs.ts";
import {
  depthOf,
  isListable,
  isWithin,
  joinPath,
  nameOf,
  parentOf,
  resolvePath,
  ROOT,
} from "../../lib/vfs/virtual_path.ts";
import { at } from "./helpers.ts";

const RESOLVED: readonly (readonly [cwd: string, argument: string, path: string])[] = [
  ["/", "", "/"],
  ["/a/b", "", "/a/b"],
  ["/a/b", "c", "/a/b/c"],
  ["/a/b", "/c", "/c"],
  ["/a/b", "./c/.", "/a/b/c"],
  ["/a/b", "../c", "/a/c"],
  ["/a/b", "../../../../c", "/c"],
  ["/a", "//b///c//", "/b/c"],
  ["/", "..", "/"],
  ["/", "../etc/passwd", "/etc/passwd"],
  ["/a", "b/../../..", "/"],
  ["/a", "...", "/a/..."],
  ["/a", " b ", "/a/ b "],
  ["/a", '-x "y" [z] ~', '/a/-x "y" [z] ~'],
  ["/a", "..\\..\\b", "/a/..\\..\\b"],
  ["/a", "日本語/🎉", "/a/日本語/🎉"],
];

for (const [cwd, argument, path] of RESOLVED) {
  Deno.test(`resolvePath takes ${JSON.stringify(argument)} in ${cwd} for ${path}`, () => {
    assertEquals(resolvePath(at(cwd), argument), at(path));
    assertEquals(String(resolvePath(at(cwd), argument)), path);
  });
}

const REFUSED: readonly (readonly [claim: string, argument: string])[] = [
  ["CR", "a\rb"],
  ["LF", "a\nb"],
  ["NUL", "a\0b"],
  ["half a surrogate pair", "a\uD800b"],
  ["a name of 256 bytes", "x".repeat(256)],
  ["a name of 86 characters and 258 bytes", "日".repeat(86)],
  ["a path of 101 names", "d/".repeat(101)],
  ["a path of 4097 bytes", `/${"x".repeat(99)}`.repeat(41)],
];

for (const [claim, argument] of REFUSED) {
  Deno.test(`resolvePath refuses ${claim}`, () => {
    assertEquals(assertThrows(() => resolvePath(ROOT, argument), VfsError).kind, "badName");
  });
}

Deno.test("resolvePath counts bytes, not characters, up to the limits", () => {
  assertEquals(nameOf(resolvePath(ROOT, "日".repeat(85))), "日".repeat(85));
  assertEquals(nameOf(resolvePath(ROOT, "x".repeat(255))), "x".repeat(255));
  assertEquals(resolvePath(ROOT, `/${"x".repeat(127)}`.repeat(32)).length, 4096);
});

Deno.test("resolvePath counts the names that are left", () => {
  const deepest = at("d/".repeat(100));
  assertEquals(resolvePath(deepest, "x/../.."), parentOf(deepest));
  assertEquals(assertThrows(() => resolvePath(deepest, "d"), VfsError).kind, "badName");
});

Deno.test("resolvePath forgets a name that .. takes back", () => {
  assertEquals(resolvePath(ROOT, "a/../b"), at("/b"));
});

Deno.test("parentOf and nameOf take a path apart", () => {
  assertEquals([parentOf(at("/a/b")), nameOf(at("/a/b"))], [at("/a"), "b"]);
  assertEquals([parentOf(at("/a")), nameOf(at("/a"))], [ROOT, "a"]);
  assertEquals([parentOf(ROOT), nameOf(ROOT)], [ROOT, "/"]);
});

Deno.test("joinPath takes one name and nothing else", () => {
  assertEquals(joinPath(at("/a"), "b c"), at("/a/b c"));
  assertEquals(joinPath(ROOT, "b"), at("/b"));
  for (const name of ["", ".", "..", "a/b", "/", "a\nb"]) {
    assertEquals(assertThrows(() => joinPath(ROOT, name), VfsError).kind, "badName");
  }
});

Deno.test("joinPath goes deeper than a client may ask for, to what was listed there", () => {
  const deepest = at("d/".repeat(100));
  assertEquals(depthOf(joinPath(deepest, "d")), 101);
  const long = at(`/${"x".repeat(127)}`.repeat(32));
  assertEquals(assertThrows(() => joinPath(long, "x"), VfsError).kind, "badName");
});

Deno.test("isWithin is about names, not about beginnings of names", () => {
  assertEquals(isWithin(at("/a/b"), at("/a")), true);
  assertEquals(isWithin(at("/a"), at("/a")), true);
  assertEquals(isWithin(at("/ab"), at("/a")), false);
  assertEquals(isWithin(at("/a"), at("/a/b")), false);
  assertEquals(isWithin(at("/a"), ROOT), true);
});

Deno.test("isListable leaves out what a listing cannot carry", () => {
  assertEquals(["a b", "-l", "tab\t", "é"].map(isListable), [true, true, true, true]);
  assertEquals(["a\nb", "a\rb", "a\0b", "a/b"].map(isListable), [false, false, false, false]);
});
