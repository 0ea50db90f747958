import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { makeEntry } from "../../lib/vfs/entry.ts";
import type { Entry, VirtualPath } from "../../lib/vfs/vfs.ts";
import { conversation, plainConversation, rulesOf } from "../helpers/server.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2024, 5, 15, 12, 30);
const clock = () => NOW;

/** Files of these ages in days before {@link NOW}; the future is negative. */
const ages = { fresh: 0, recent: 179, old: 181, future: -1 } as const;

async function agedFiles(): Promise<MemoryVfs> {
  const vfs = new MemoryVfs({ clock, files: { "/dir/inner": "x" } });
  for (const [name, days] of Object.entries(ages)) {
    vfs.write(`/${name}`, "12345");
    await vfs.capabilities.setModified?.(`/${name}` as never, NOW - days * DAY);
  }
  return vfs;
}

conversation("LIST prints the lines of ls -l, with the year after six months", {
  vfs: agedFiles,
  options: { clock },
}, async ({ ftp }) => {
  const lines = await ftp.downloadLines("LIST");
  assertEquals(lines.toSorted((a, b) => a.slice(60) < b.slice(60) ? -1 : 1), [
    "drwxr-xr-x    1 ftp      ftp                 0 Jun 15 12:30 dir",
    "-rw-r--r--    1 ftp      ftp                 5 Jun 15 12:30 fresh",
    "-rw-r--r--    1 ftp      ftp                 5 Jun 16  2024 future",
    "-rw-r--r--    1 ftp      ftp                 5 Dec 17  2023 old",
    "-rw-r--r--    1 ftp      ftp                 5 Dec 19 12:30 recent",
  ]);
});

conversation("LIST prints times of the configured zone, MDTM and MLST stay with UTC", {
  vfs: agedFiles,
  options: { clock, timeZone: "America/New_York" },
}, async ({ ftp }) => {
  assertMatch((await ftp.downloadLines("LIST fresh"))[0] ?? "", / Jun 15 08:30 fresh$/);
  assertMatch((await ftp.downloadLines("LIST recent"))[0] ?? "", / Dec 19 07:30 recent$/);
  assertEquals((await ftp.expect("MDTM fresh", 213)).text, "20240615123000");
  assertMatch((await ftp.expect("MLST fresh", 250)).lines[1] ?? "", /modify=20240615123000;/);
});

const tree = {
  "/a.txt": "1",
  "/b.csv": "22",
  "/c.csv": "333",
  "/-la": "dash",
  "/-l x": "dash",
  "/[1].txt": "bracket",
  "/d/e.csv": "4444",
  "/d/f": "",
};

/** The names of a listing of any kind, sorted. */
const sorted = (lines: readonly string[]) => lines.toSorted();

conversation("NLST prints names that RETR takes as they are", { files: tree }, async ({ ftp }) => {
  for (
    const argument of [
      "",
      " d",
      " d/",
      " /d",
      " ./d",
      " *.csv",
      " d/*.csv",
      " a.txt",
      " d/e.csv",
      " -a a.txt",
      " /d/../a.txt",
    ]
  ) {
    const names = await ftp.downloadLines(`NLST${argument}`);
    assert(names.length > 0, `NLST${argument} is empty`);
    for (const name of names) {
      if (argument === "" && name === "d") continue;
      await ftp.download(`RETR ${name}`);
    }
  }
  assertEquals(sorted(await ftp.downloadLines("NLST d")), ["d/e.csv", "d/f"]);
  assertEquals(await ftp.downloadLines("NLST -a d/f"), ["d/f"]);
});

conversation("LIST and NLST take patterns, in the last part of the path", { files: tree }, async ({ ftp }) => {
  const names = async (argument: string) => sorted(await ftp.downloadLines(`NLST ${argument}`));
  assertEquals(await names("*.csv"), ["b.csv", "c.csv"]);
  assertEquals(await names("?.txt"), ["a.txt"]);
  assertEquals(await names("[bc].csv"), ["b.csv", "c.csv"]);
  assertEquals(await names("{a,b}.{txt,csv}"), ["a.txt", "b.csv"]);
  assertEquals(await names("d/*.csv"), ["d/e.csv"]);
  assertEquals(await names("/d/*"), ["/d/e.csv", "/d/f"]);
  assertEquals(await names("*.nothing"), []);
  assertEquals((await ftp.downloadLines("LIST *.csv")).length, 2);
  assertEquals((await ftp.downloadLines("LIST *.nothing")).length, 0);
  assertEquals(await names("[1].txt"), ["[1].txt"], "the file of that very name comes first");
});

conversation("LIST takes the options of ls, and a file of that very name first", { files: tree }, async ({ ftp }) => {
  const count = async (argument: string) => (await ftp.downloadLines(`LIST${argument}`)).length;
  const all = Object.keys(tree).length - 1;
  assertEquals(await count(""), all);
  for (const flags of [" -l", " -al", " -a", " -L", " -l -a", " -l --"]) {
    assertEquals(await count(flags), flags.includes("a") ? all + 2 : all, flags);
  }
  assertEquals(await count(" -la d/e.csv"), 1);
  assertEquals(await count(" -a d"), 4);
  assertMatch((await ftp.downloadLines("LIST -la"))[0] ?? "", / -la$/);
  assertMatch((await ftp.downloadLines("LIST -l x"))[0] ?? "", / -l x$/);
  assertEquals(sorted(await ftp.downloadLines("NLST -l *.csv")).every((line) => line.startsWith("-rw")), true);
});

conversation("LIST -a shows the directory and the one above it", { files: tree }, async ({ ftp }) => {
  const [own = "", parent = ""] = await ftp.downloadLines("LIST -a d");
  assertMatch(own, /^d.* \.$/);
  assertMatch(parent, /^d.* \.\.$/);
});

conversation("Listings of an empty directory are empty, and 226", {}, async ({ ftp }) => {
  await ftp.expect("MKD e", 257);
  for (const verb of ["LIST", "NLST", "LIST e", "NLST e", "NLST *"]) {
    assertEquals((await ftp.downloadLines(verb)).length, ["LIST", "NLST", "NLST *"].includes(verb) ? 1 : 0, verb);
  }
  assertEquals((await ftp.downloadLines("MLSD e")).length, 2);
});

conversation("Listings of what is missing are refused before 150", { files: tree }, async ({ ftp }) => {
  for (
    const [line, code] of [["LIST x", 550], ["NLST x", 550], ["MLSD x", 550], ["MLSD a.txt", 501], [
      "LIST a.txt/*",
      550,
    ]] as const
  ) {
    await ftp.passive();
    await ftp.expect(line, code);
  }
});

const facts = (line: string) =>
  new Map(
    line.slice(0, line.indexOf("; ")).split(";").map((fact) => {
      const [name = "", value = ""] = fact.split("=");
      return [name, value];
    }),
  );

conversation("MLSD sends facts, one space and the name, with the directory and its parent", {
  files: tree,
  options: { clock },
}, async ({ ftp }) => {
  const lines = await ftp.downloadLines("MLSD d");
  assertEquals(lines.map((line) => line.slice(line.indexOf("; ") + 2)), [".", "..", "e.csv", "f"]);
  assertEquals(lines.map((line) => facts(line).get("type")), ["cdir", "pdir", "file", "file"]);
  const file = facts(lines[2] ?? "");
  assertEquals(file.get("size"), "4");
  assertMatch(file.get("modify") ?? "", /^\d{14}(\.\d{3})?$/);
  assertEquals(file.get("perm"), "adfrw");
  assertEquals(facts(lines[0] ?? "").get("perm"), "cdeflmp");
  assertEquals(file.get("UNIX.mode"), "0644");
  assert(file.has("unique") && file.get("unique") !== facts(lines[3] ?? "").get("unique"));
  assertEquals(facts(lines[0] ?? "").has("size"), false);
});

conversation("MLSD shows in perm what the account may do", {
  files: tree,
  account: { rules: rulesOf(["/", "ro"], ["/d", "rw no-overwrite"]) },
}, async ({ ftp }) => {
  const perm = async (path: string) =>
    facts(((await ftp.expect(`MLST ${path}`, 250)).lines[1] ?? "").trim()).get("perm");
  assertEquals(await perm("/a.txt"), "r");
  assertEquals(await perm("/"), "el");
  assertEquals(await perm("/d"), "cdeflmp");
  assertEquals(await perm("/d/f"), "adfr");
});

conversation("OPTS MLST chooses the facts of MLSD and MLST, none too", { files: { "/a": "x" } }, async ({ ftp }) => {
  await ftp.expect("OPTS MLST size;type;", 200);
  assertEquals((await ftp.downloadLines("MLSD"))[2], "type=file;size=1; a");
  await ftp.expect("OPTS MLST", 200);
  assertEquals(await ftp.downloadLines("MLSD"), [" .", " ..", " a"]);
  assertEquals((await ftp.expect("MLST a", 250)).lines[1], "  /a");
});

conversation("MLST answers with one line of facts, which begins with a space", { files: tree }, async ({ ftp }) => {
  const { lines } = await ftp.expect("MLST d/e.csv", 250);
  assertEquals([lines.length, lines[0], lines[2]], [3, "250-Listing /d/e.csv", "250 End"]);
  assertMatch(lines[1] ?? "", /^ type=file;size=4;modify=\d+(\.\d+)?;.*; \/d\/e\.csv$/);
  assertMatch((await ftp.expect("MLST", 250)).lines[1] ?? "", /^ type=dir;.*; \/$/);
  await ftp.expect("MLST x", 550);
});

conversation("MLSD and MLST take no patterns", { files: tree }, async ({ ftp }) => {
  await ftp.expect("MLST *.csv", 550);
  await ftp.passive();
  await ftp.expect("MLSD *", 550);
});

conversation(
  "STAT with a path gives the lines of LIST in one reply",
  { files: tree, options: { clock } },
  async ({ ftp }) => {
    const status = await ftp.expect("STAT d", 212);
    assertEquals([status.lines[0], status.lines.at(-1)], ["212-Status of /d", "212 End of status"]);
    assertEquals(status.lines.slice(1, -1).map((line) => line.slice(1)), await ftp.downloadLines("LIST d"));
    const file = await ftp.expect("STAT a.txt", 213);
    assertEquals(file.lines.slice(1, -1).map((line) => line.slice(1)), await ftp.downloadLines("LIST a.txt"));
    assertEquals((await ftp.expect("STAT -la d", 212)).lines.length, 6);
    assertEquals((await ftp.expect("STAT *.csv", 212)).lines.length, 4);
    await ftp.expect("STAT x", 550);
  },
);

conversation("STAT with a path needs a login", { login: false }, async ({ ftp }) => {
  await ftp.expect("STAT", 211);
  await ftp.expect("STAT /", 530);
});

const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`/many/file-${index}`, ""]));

conversation("Listings of 5,000 entries are complete", { files: many }, async ({ ftp }) => {
  for (const verb of ["LIST many", "NLST many", "MLSD many"]) {
    const names = new Set((await ftp.downloadLines(verb)).map((line) => line.slice(line.lastIndexOf("file-"))));
    assertEquals([...names].filter((name) => name.startsWith("file-")).length, 5000, verb);
  }
});

conversation("LIST can be aborted in the middle", { vfs: endless }, async ({ ftp, event }) => {
  const data = await ftp.begin("LIST");
  await data.read(new Uint8Array(1000));
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
  assertEquals((await event("transfer")).reason, "aborted");
});

/** A directory that has no end: whoever collected a listing before sending it would never begin. */
function endless(): MemoryVfs {
  const vfs = new MemoryVfs({ files: many });
  const list = vfs.list.bind(vfs);
  vfs.list = async function* (path) {
    for (;;) yield* list("/many" as typeof path);
  };
  return vfs;
}

/** Tells how many listings are under way. */
class CountingVfs extends MemoryVfs {
  open = 0;

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    this.open++;
    try {
      yield* super.list(path);
    } finally {
      this.open--;
    }
  }
}

for (const verb of ["LIST", "MLSD", "NLST -l"]) {
  const vfs = new CountingVfs({ files: tree });
  const options = { dataTimeout: 300 };
  conversation(
    `${verb} closes what it reads from when no client connects`,
    { vfs: () => vfs, options },
    async ({ ftp }) => {
      // At once, as the port is waited for only so long before the command, too.
      await ftp.sendRaw(`EPSV\r\n${verb}\r\n`);
      assertEquals(await ftp.codes(3), [229, 150, 425]);
      assertEquals(vfs.open, 0);
      assertEquals((await ftp.downloadLines(verb)).length > 0, true);
      assertEquals(vfs.open, 0);
    },
  );
}

conversation("A pattern that matches nothing delays no other session, and can be aborted", {
  vfs: endless,
}, async ({ ftp, connect, event }) => {
  const other = await connect();
  await other.login();
  await ftp.begin("LIST nothing*");
  for (let round = 0; round < 3; round++) await other.expect("NOOP", 200);
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
  assertEquals((await event("transfer")).reason, "aborted");
});

conversation("A pattern that is longer than any name is refused before 150", { files: tree }, async ({ ftp }) => {
  for (const pattern of [`*${"a".repeat(255)}`, `*{${",".repeat(60)}}[${"bdfhjlnprtvxz".repeat(300)}]`]) {
    for (const verb of ["LIST", "NLST", "LIST d/../", "STAT"]) {
      if (verb !== "STAT") await ftp.passive();
      await ftp.expect(`${verb}${verb.endsWith("/") ? "" : " "}${pattern}`, 550);
    }
  }
  await ftp.passive();
  await ftp.expect(`LIST {${",".repeat(62)}}${"a".repeat(150)}`, 550);
  assertEquals(await ftp.downloadLines(`NLST *${"*".repeat(200)}.csv`).then(sorted), ["b.csv", "c.csv"]);
});

const longNames = Object.fromEntries(["x", "y", "z"].map((end) => [`/${"a".repeat(254)}${end}`, ""]));

conversation("A pattern that takes too long for a name is refused", { files: longNames }, async ({ ftp }) => {
  const costly = `*{${",".repeat(60)}}${"a".repeat(60)}b`;
  await ftp.expect(`STAT ${costly}`, 550);
  await ftp.passive();
  await ftp.expect(`LIST ${costly}`, 550);
  assertEquals((await ftp.downloadLines("NLST *a*a*a*a*x")).length, 1);
});

/** Sizes 3, 1 and 2; times in the order of the names backwards. */
async function sortable(): Promise<MemoryVfs> {
  const vfs = new MemoryVfs({ clock });
  for (const [index, name] of ["a", "b", "c"].entries()) {
    vfs.write(`/${name}`, "x".repeat([3, 1, 2][index] ?? 0));
    await vfs.capabilities.setModified?.(`/${name}` as never, NOW - (3 - index) * DAY);
  }
  return vfs;
}

conversation("LIST and NLST sort as ls does with -t, -S and -r", { vfs: sortable }, async ({ ftp }) => {
  const orders = { "-t": "cba", "-tr": "abc", "-S": "acb", "-Sr": "bca", "-r": "cba", "-St": "cba", "-lct": "cba" };
  for (const [flags, order] of Object.entries(orders)) {
    const names = (await ftp.downloadLines(`LIST ${flags}`)).map((line) => line.at(-1)).join("");
    assertEquals(names, order, flags);
    assertEquals((await ftp.downloadLines(`NLST ${flags}`)).map((line) => line.at(-1)).join(""), order, flags);
  }
  assertEquals((await ftp.downloadLines("NLST -t [ab]")).join(), "b,a");
});

conversation("A directory with too many entries for sorting is listed whole, as it comes", {
  files: Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`/f${index}`, ""])),
}, async ({ ftp }) => {
  assertEquals(new Set(await ftp.downloadLines("NLST -t")).size, 10_001);
});

conversation("LIST -R lists every directory below, after its name", {
  files: { "/a/b/c/deep": "1", "/a/x": "2", "/d/e": "3", "/closed/secret": "4", "/top": "5" },
  account: { rules: rulesOf(["/", "rw"], ["/closed", "none"]) },
}, async ({ ftp }) => {
  const short = (lines: readonly string[]) => lines.map((line) => line.split(" ").at(-1));
  assertEquals(short(await ftp.downloadLines("LIST -Rr")), [
    ...["top", "d", "closed", "a"],
    ...["", "d:", "e", "", "closed:", "", "a:", "x", "b", "", "a/b:", "c", "", "a/b/c:", "deep"],
  ]);
  assertEquals(short(await ftp.downloadLines("LIST -Rr a")), ["x", "b", "", "b:", "c", "", "b/c:", "deep"]);
  assertEquals((await ftp.downloadLines("LIST -R top")).length, 1);
});

/** A tree without an end: each directory has two more. */
class Forest extends MemoryVfs {
  override async *list(): AsyncGenerator<readonly Entry[], void> {
    await Promise.resolve();
    yield ["one", "two"].map((name) => makeEntry({ name, kind: "directory" }));
  }
}

plainConversation("LIST -R ends a tree that is too large with an error, never as if it were whole", {
  vfs: () => new Forest(),
}, async ({ ftp }) => {
  const data = await ftp.begin("LIST -R");
  const buffer = new Uint8Array(65536);
  while (await data.read(buffer) !== null);
  assertMatch((await ftp.expectReply(451)).lines.join(), /LIST -R ends after 50000 entries/);
});
