import { assertEquals, assertMatch } from "@std/assert";
import { conversation, rulesOf } from "../helpers/server.ts";
import type { Wire } from "../helpers/wire.ts";

const files = { "/a": "abc", "/d/b": "b", "/in/x": "x" };

/** Says each line with a data port chosen, and insists on its code. */
async function expectAll(ftp: Wire, code: number, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    await ftp.expect("EPSV", 229);
    await ftp.expect(line, code);
  }
}

const CHANGES = [
  ...["STOR new", "STOR a", "APPE a", "STOU", "DELE a", "RNFR a", "MKD new", "RMD d"],
  ...["MFMT 20200101000000 a", "MDTM 20200101000000 a", "MFF Modify=20200101000000; a", "SITE CHMOD 600 a"],
  ...["SITE UTIME 20200101000000 a"],
];

conversation("A read-only account can look and fetch, and change nothing", {
  files,
  account: { rules: rulesOf(["/", "ro"]) },
}, async ({ ftp, files }) => {
  await expectAll(ftp, 550, CHANGES);
  assertEquals(await ftp.downloadText("RETR a"), "abc");
  assertEquals((await ftp.downloadLines("LIST")).length, 3);
  await ftp.expect("SIZE a", 213);
  await ftp.expect("MDTM a", 213);
  await ftp.expect("CWD d", 250);
  await ftp.expect("HASH b", 213);
  assertEquals(new TextDecoder().decode(files.read("/a")), "abc");
});

conversation("A drop box takes files and shows none", {
  files,
  account: { rules: rulesOf(["/", "dropbox"]) },
}, async ({ ftp, files, events }) => {
  await ftp.upload("STOR new", "mine");
  await ftp.upload("STOU", "mine too");
  await ftp.expect("MKD e", 257);
  await ftp.expect("CWD e", 250);
  await ftp.expect("CWD /", 250);
  await expectAll(ftp, 553, ["STOR new", "STOR a"]);
  await expectAll(ftp, 550, [
    "RETR new",
    "LIST",
    "NLST",
    "MLSD",
    "APPE a",
    "DELE new",
    "RNFR new",
    "RMD d",
    "HASH new",
    "XCRC a",
  ]);
  await expectAll(ftp, 550, ["SIZE a", "MDTM a", "MLST a", "STAT a", "LIST a", "SIZE missing"]);
  assertEquals(new TextDecoder().decode(files.read("/new")), "mine");
  assertEquals(events.filter((event) => event.type === "transfer" && event.complete).length, 2);
});

conversation("no-overwrite keeps what is there, whichever way", {
  files,
  account: { rules: rulesOf(["/", "rw no-overwrite"]) },
}, async ({ ftp, files }) => {
  await expectAll(ftp, 553, ["STOR a"]);
  await ftp.upload("STOR new", "n");
  await ftp.expect("RNFR new", 350);
  await ftp.expect("RNTO a", 553);
  await ftp.expect("RNFR new", 350);
  await ftp.expect("RNTO newer", 250);
  await ftp.upload("STOU a", "other");
  assertEquals(new TextDecoder().decode(files.read("/a")), "abc");
  assertEquals(new TextDecoder().decode(files.read("/a.1")), "other");
});

conversation("Rules go by path, the last one that covers it decides", {
  files,
  account: { rules: rulesOf(["/", "ro"], ["/in", "rw"], ["/in/shut", "none"], ["/d", "none"]) },
}, async ({ ftp }) => {
  await expectAll(ftp, 550, [
    "STOR a",
    "STOR in/../a",
    "MKD e",
    "RETR d/b",
    "CWD d",
    "SIZE d/b",
    "LIST d",
    "MKD in/shut/e",
  ]);
  await ftp.upload("STOR in/new", "n");
  await ftp.expect("RNFR in/new", 350);
  await ftp.expect("RNTO /out", 550);
  await ftp.expect("RNFR in/new", 350);
  await ftp.expect("RNTO in/newer", 250);
  await ftp.expect("CWD in", 250);
  await expectAll(ftp, 550, ["STOR ../a", "STOR shut/x"]);
  await ftp.upload("STOR newest", "n");
});

conversation("Rights are those of the verb, one by one", {
  files,
  account: { rules: rulesOf(["/", "list read append mkdir"]) },
}, async ({ ftp, files }) => {
  await expectAll(ftp, 550, ["STOR new", "STOR a", "DELE a", "RNFR a", "RMD d", "APPE new"]);
  await ftp.upload("APPE a", "def");
  await ftp.expect("MKD e", 257);
  assertEquals(new TextDecoder().decode(files.read("/a")), "abcdef");
  await ftp.expect("TYPE I", 200);
  await ftp.expect("REST 1", 350);
  await ftp.upload("STOR a", "X");
  assertEquals(new TextDecoder().decode(files.read("/a")), "aXcdef");
});

conversation("A refusal names no path of the host", {
  files,
  account: { rules: rulesOf(["/", "ro"]), rootPath: "/srv/secret" },
}, async (stage) => {
  const { ftp, events } = stage;
  await expectAll(ftp, 550, CHANGES);
  await ftp.expect("MKD x", 550);
  const replies = events.flatMap((event) => event.type === "reply" ? [event.text] : []);
  for (const text of replies) assertMatch(text, /^(?!.*secret)/s);
});

conversation("A directory can be listed though the one above it is shut", {
  files,
  account: { rules: rulesOf(["/", "none"], ["/in", "ro"]) },
}, async ({ ftp }) => {
  await expectAll(ftp, 550, ["LIST", "MLSD", "CWD /", "SIZE a"]);
  await ftp.expect("CWD in", 250);
  assertEquals((await ftp.downloadLines("MLSD")).map((line) => line.slice(line.indexOf("; ") + 2)), [".", "x"]);
  assertEquals((await ftp.downloadLines("LIST -a")).length, 2);
  assertEquals(await ftp.downloadLines("NLST"), ["x"]);
  await ftp.expect("CDUP", 550);
  assertEquals((await ftp.expect("PWD", 257)).text, '"/in" is the working directory');
});
