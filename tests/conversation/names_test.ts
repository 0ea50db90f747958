import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { conversation } from "../helpers/server.ts";
import { Random } from "../helpers/random.ts";
import type { Wire } from "../helpers/wire.ts";

/** Names that have broken servers and clients. */
const ODD = [
  ...[
    "a b",
    " leading",
    "trailing ",
    "two  spaces",
    " ",
    "-dash",
    "--",
    "-la",
    "-l -a",
    "it's",
    '"quoted"',
    '"',
    "semi;colon",
  ],
  ...[
    "a=b; c",
    "back\\slash",
    "[brackets]",
    "{braces}",
    "*",
    "?",
    "a*b?",
    "~",
    "~root",
    "$HOME",
    "`x`",
    "%2e%2e",
    "...",
    ". .",
    ".hidden",
  ],
  ...[
    "äöü",
    "日本語",
    "🦊",
    "e\u0301",
    "\u200b",
    "a\tb",
    "..a",
    "a..",
    "c:",
    "nul",
    "x -> y",
    "20200101000000 a",
    "total 0",
    "#",
    "&|;<>",
  ],
];

const PIECES = [
  " ",
  "-",
  '"',
  "'",
  ";",
  "=",
  "\\",
  "[",
  "]",
  "{",
  "}",
  "*",
  "?",
  ".",
  "~",
  "a",
  "B",
  "1",
  "é",
  "語",
  "🦊",
  "\t",
] as const;

/** Names put together from what is special somewhere; never `.` or `..`. */
function fuzzed(count: number): string[] {
  const random = new Random(1234);
  const names = new Set<string>();
  while (names.size < count) {
    const name = Array.from({ length: 1 + random.upTo(8) }, () => random.oneOf(PIECES)).join("");
    if (!/^\.{1,2}$/.test(name)) names.add(name);
  }
  return [...names];
}

/** Takes one name through every command that can carry it. */
async function roundTrip(ftp: Wire, name: string): Promise<void> {
  await ftp.upload(`STOR ${name}`, name);
  assertEquals(await ftp.downloadLines("NLST"), [name], "NLST");
  const long = await ftp.downloadLines("LIST");
  assert(long.length === 1 && long[0]?.endsWith(` ${name}`), `LIST: ${long}`);
  const facts = (await ftp.downloadLines("MLSD")).slice(2);
  assert(facts.length === 1 && facts[0]?.endsWith(`; ${name}`), `MLSD: ${facts}`);
  assertEquals(await ftp.downloadLines(`NLST ${name}`), [name], "NLST of the name");
  assert((await ftp.expect(`MLST ${name}`, 250)).lines[1]?.endsWith(`; /w/${name}`), "MLST");
  assertEquals(await ftp.downloadText(`RETR ${name}`), name);
  await ftp.expect(`SIZE ${name}`, 213);
  await ftp.expect(`MDTM ${name}`, 213);
  await ftp.expect(`RNFR ${name}`, 350);
  await ftp.expect("RNTO /w/plain", 250);
  await ftp.expect("RNFR plain", 350);
  await ftp.expect(`RNTO ${name}`, 250);
  await ftp.expect(`DELE ${name}`, 250);
  const { lines } = await ftp.expect(`MKD ${name}`, 257);
  assertEquals(lines, [`257 "/w/${name.replaceAll('"', '""')}" created`]);
  await ftp.expect(`CWD ${name}`, 250);
  await ftp.expect("CDUP", 250);
  await ftp.expect(`RMD ${name}`, 250);
}

conversation("Odd names go unharmed through every command", {}, async ({ ftp }) => {
  await ftp.expect("MKD w", 257);
  await ftp.expect("CWD w", 250);
  for (const name of ODD) await roundTrip(ftp, name);
});

conversation("Names made of whatever is special somewhere go unharmed through every command", {}, async ({ ftp }) => {
  await ftp.expect("MKD w", 257);
  await ftp.expect("CWD w", 250);
  for (const name of fuzzed(30)) await roundTrip(ftp, name);
});

conversation("A carriage return or NUL in a name is refused", {}, async ({ ftp, files }) => {
  for (const name of ["a\rb", "a\0b"]) {
    for (const verb of ["STOR", "MKD", "RNTO", "DELE", "CWD"]) {
      await ftp.sendRaw(`${verb} ${name}\r\n`);
      await ftp.expectReply(500);
    }
  }
  assertEquals(await Array.fromAsync(files.names("/" as never)), []);
});

conversation("The way out of the root leads to the root", { files: { "/a": "x" } }, async ({ ftp }) => {
  for (const path of ["/../../a", "../a", "/./a", "//a", "a/../a", "/..//../a/"]) {
    assertEquals(await ftp.downloadText(`RETR ${path}`), "x", path);
  }
});

let root = "";

conversation("A name that is too long for the disk is refused like any other that cannot be", {
  vfs: async () => await openDisk(root = await Deno.makeTempDir()),
}, async ({ ftp }) => {
  try {
    const long = "x".repeat(300);
    await ftp.expect(`MKD ${long}`, 550);
    await ftp.expect(`SIZE ${long}`, 550);
    for (const [verb, code] of [["RETR", 550], ["STOR", 553], ["LIST", 550]] as const) {
      await ftp.expect("EPSV", 229);
      await ftp.expect(`${verb} ${long}`, code);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

async function withBadNames(): Promise<Vfs> {
  root = await Deno.makeTempDir();
  for (const name of ["bad\nname", "bad\rname", "good"]) await Deno.writeTextFile(join(root, name), "x");
  return await openDisk(root);
}

conversation("Names that a listing cannot carry are left out, and break no listing", {
  vfs: withBadNames,
}, async ({ ftp }) => {
  try {
    for (const [verb, others] of [["NLST", 0], ["LIST", 0], ["MLSD", 2]] as const) {
      const lines = await ftp.downloadLines(verb);
      assertEquals(lines.length, others + 1, verb);
      assert(lines.at(-1)?.endsWith("good"), verb);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
