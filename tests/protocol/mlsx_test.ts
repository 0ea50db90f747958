import { assertEquals } from "@std/assert";
import type { ListedEntry } from "../../lib/protocol/list_format.ts";
import {
  type EntryRights,
  FACT_NAMES,
  formatFactFeature,
  formatFacts,
  formatFactSelection,
  parseFactSelection,
  parseFactsLine,
  permFact,
} from "../../lib/protocol/mlsx.ts";

const FILE: ListedEntry = {
  name: "a b.txt",
  kind: "file",
  size: 3,
  modified: Date.parse("2026-02-03T04:05:06Z"),
  mode: 0o644,
  links: 1,
  owner: "alice",
  group: "users",
  unique: "fd01g42",
};

const ALL_RIGHTS: Required<EntryRights> = {
  append: true,
  create: true,
  delete: true,
  enter: true,
  rename: true,
  list: true,
  makeDirectory: true,
  purge: true,
  read: true,
  write: true,
};

for (
  const [argument, expected] of [
    [undefined, []],
    ["", []],
    ["type;size;", ["type", "size"]],
    ["size;type;", ["type", "size"]],
    ["TYPE;Unix.Mode;", ["type", "UNIX.mode"]],
    ["type;size", ["type", "size"]],
    ["type;create;lang;media-type;", ["type"]],
    ["nothing;", []],
    ["type;type;", ["type"]],
    ["type; size;", undefined],
    [" unique type;", undefined],
  ] as const
) {
  Deno.test(`parseFactSelection reads ${JSON.stringify(argument)}`, () => {
    assertEquals(parseFactSelection(argument), expected === undefined ? undefined : [...expected]);
  });
}

Deno.test("formatFactSelection and formatFactFeature show the selection", () => {
  assertEquals(formatFactSelection(["type", "UNIX.mode"]), "MLST OPTS type;UNIX.mode;");
  assertEquals(formatFactSelection([]), "MLST OPTS");
  assertEquals(
    formatFactFeature(["type", "modify"]),
    "MLST type*;size;modify*;perm;unique;UNIX.mode;UNIX.owner;UNIX.group;",
  );
});

Deno.test("parseFactSelection reads back what formatFactSelection says", () => {
  for (const name of FACT_NAMES) {
    const text = formatFactSelection([name]);
    assertEquals(parseFactSelection(text.slice("MLST OPTS ".length)), [name]);
  }
});

Deno.test("formatFacts writes the selected facts, a space and the name", () => {
  assertEquals(
    formatFacts(FILE, FACT_NAMES, { perm: "adfrw" }),
    "type=file;size=3;modify=20260203040506;perm=adfrw;unique=fd01g42;UNIX.mode=0644;UNIX.owner=alice;UNIX.group=users; a b.txt",
  );
  assertEquals(formatFacts(FILE, ["size"]), "size=3; a b.txt");
  assertEquals(formatFacts(FILE, []), " a b.txt");
});

Deno.test("formatFacts leaves out what an entry does not have", () => {
  const { unique: _, ...plain } = FILE;
  assertEquals(formatFacts(plain, ["unique", "perm", "size"]), "size=3; a b.txt");
  assertEquals(formatFacts({ ...FILE, kind: "directory" }, ["type", "size"]), "type=dir; a b.txt");
});

for (
  const [kind, type, expected] of [
    ["directory", "cdir", "type=cdir; a b.txt"],
    ["directory", "pdir", "type=pdir; a b.txt"],
    ["link", undefined, "type=OS.unix=symlink; a b.txt"],
    ["other", undefined, "type=OS.unix=special; a b.txt"],
  ] as const
) {
  Deno.test(`formatFacts writes ${expected.slice(0, -9)}`, () => {
    assertEquals(formatFacts({ ...FILE, kind }, ["type"], type === undefined ? {} : { type }), expected);
  });
}

for (
  const [target, type] of [
    ["../keep", "OS.unix=slink:../keep"],
    ["/a=b", "OS.unix=slink:/a=b"],
    ["two words", "OS.unix=symlink"],
    ["semi;colon", "OS.unix=symlink"],
  ] as const
) {
  Deno.test(`formatFacts writes the type of a link to "${target}" as ${type}`, () => {
    assertEquals(formatFacts({ ...FILE, kind: "link", target }, ["type"]), `type=${type}; a b.txt`);
  });
}

Deno.test("formatFacts shows the size and time of a link's target, as RETR and MDTM do", () => {
  const link: ListedEntry = { ...FILE, kind: "link", size: 7, modified: 0 };
  assertEquals(
    formatFacts({ ...link, leadsTo: { kind: "file", size: 3, modified: FILE.modified } }, ["size", "modify"]),
    "size=3;modify=20260203040506; a b.txt",
  );
  assertEquals(
    formatFacts({ ...link, leadsTo: { kind: "directory", size: 4096, modified: FILE.modified } }, ["size", "modify"]),
    "modify=20260203040506; a b.txt",
  );
  assertEquals(formatFacts(link, ["size", "modify"]), "modify=19700101000000; a b.txt");
});

Deno.test("formatFacts lets no value end its fact", () => {
  const odd = { ...FILE, owner: "a;b c", group: "x=y", unique: "1;2" };
  const line = formatFacts(odd, ["unique", "UNIX.owner", "UNIX.group"]);
  assertEquals(line, "unique=1_2;UNIX.owner=a_b_c;UNIX.group=x=y; a b.txt");
});

Deno.test("permFact returns the letters for the kind, in order", () => {
  assertEquals(permFact("file", ALL_RIGHTS), "adfrw");
  assertEquals(permFact("directory", ALL_RIGHTS), "cdeflmp");
  assertEquals(permFact("link", ALL_RIGHTS), "df");
  assertEquals(permFact("other", ALL_RIGHTS), "df");
  assertEquals(permFact("file", { read: true, write: false, list: true }), "r");
  assertEquals(permFact("directory", {}), "");
});

Deno.test("parseFactsLine reads what formatFacts writes, whatever the name", () => {
  for (const name of ["a", " lead", "trail ", "a; b=c;", '"q"', "-la", "Ünï 日本", "/a/b"]) {
    const read = parseFactsLine(formatFacts({ ...FILE, name }, FACT_NAMES, { perm: "r" }));
    assertEquals(read?.name, name);
    assertEquals([...read?.facts.keys() ?? []], FACT_NAMES.map((fact) => fact.toLowerCase()));
    assertEquals(read?.facts.get("size"), "3");
  }
});

for (
  const [line, expected] of [
    ["Type=OS.unix=slink:/a;Size=1; x", { name: "x", facts: new Map([["type", "OS.unix=slink:/a"], ["size", "1"]]) }],
    ["size=1 x", { name: "x", facts: new Map([["size", "1"]]) }],
    [" x y", { name: "x y", facts: new Map() }],
    ["perm=; x", { name: "x", facts: new Map([["perm", ""]]) }],
    ["", undefined],
    ["size=1;", undefined],
    ["size=1; ", undefined],
    ["=1; x", undefined],
    ["-rw-r--r-- 1 ftp ftp 1 Jan  1 00:00 x", undefined],
  ] as const
) {
  Deno.test(`parseFactsLine reads ${JSON.stringify(line)}`, () => {
    assertEquals(parseFactsLine(line), expected);
  });
}
