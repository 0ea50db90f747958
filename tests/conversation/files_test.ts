import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { resolvePath, ROOT } from "../../lib/vfs/virtual_path.ts";
import { conversation } from "../helpers/server.ts";
import type { Wire } from "../helpers/wire.ts";

const files = { "/a": "0123456789", "/b": "b", "/d/c": "c" };
const SHA256_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

conversation("DELE removes a file and nothing else", { files }, async ({ ftp, event }) => {
  await ftp.expect("DELE a", 250);
  assertEquals((await event("fileChanged")).change, "deleted");
  await ftp.expect("DELE a", 550);
  await ftp.expect("DELE d", 550);
  await ftp.expect("DELE", 501);
});

conversation(
  "RNFR and RNTO rename, also across directories and over a file",
  { files },
  async ({ ftp, files, event }) => {
    await ftp.expect("RNFR a", 350);
    await ftp.expect("RNTO d/moved", 250);
    const { path, to } = await event("fileChanged", ({ change }) => change === "renamed");
    assertEquals([path, to], ["/a", "/d/moved"]);
    await ftp.expect("RNFR b", 350);
    await ftp.expect("RNTO d/moved", 250);
    assertEquals(new TextDecoder().decode(files.read("/d/moved")), "b");
    await ftp.expect("RNFR d", 350);
    await ftp.expect("RNTO e", 250);
    await ftp.expect("SIZE e/c", 213);
  },
);

conversation("RNTO needs RNFR just before it, and spends it", { files }, async ({ ftp }) => {
  await ftp.expect("RNTO x", 503);
  await ftp.expect("RNFR missing", 550);
  await ftp.expect("RNTO x", 503);
  for (const between of ["NOOP", "FROBNICATE", "PWD", "STAT", "RNFR missing"]) {
    await ftp.expect("RNFR a", 350);
    await ftp.say(between);
    await ftp.expect("RNTO x", 503);
  }
  await ftp.expect("RNFR a", 350);
  await ftp.expect("RNTO missing/x", 550);
  await ftp.expect("RNTO x", 503);
  await ftp.expect("RNFR a", 350);
  await ftp.expect("RNTO x", 250);
  await ftp.expect("RNTO y", 503);
});

conversation("RNTO refuses a directory in its place, and a directory into itself", { files }, async ({ ftp }) => {
  await ftp.expect("RNFR a", 350);
  await ftp.expect("RNTO d", 553);
  await ftp.expect("RNFR d", 350);
  await ftp.expect("RNTO d/below", 553);
  await ftp.expect("RNFR d", 350);
  await ftp.expect("RNTO a", 553);
});

conversation("SIZE answers nothing but digits, and 550 for a directory", { files }, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  assertEquals((await ftp.expect("SIZE a", 213)).lines, ["213 10"]);
  await ftp.expect("SIZE d", 550);
  await ftp.expect("SIZE x", 550);
});

conversation("MDTM reports the time in UTC, of directories too, and sets it", { files }, async ({ ftp, event }) => {
  assertMatch((await ftp.expect("MDTM a", 213)).text, /^\d{14}$/);
  await ftp.expect("MDTM d", 213);
  await ftp.expect("MDTM x", 550);
  await ftp.expect("MDTM 20011231235959 a", 213);
  assertEquals((await ftp.expect("MDTM a", 213)).lines, ["213 20011231235959"]);
  assertEquals((await event("fileChanged")).change, "modified");
  await ftp.expect("MDTM 20011331235959 a", 550);
});

/** Every way to tell a time of `a`. */
async function timesOf(ftp: Wire): Promise<string[]> {
  const lines = [(await ftp.expect("MLST a", 250)).lines[1] ?? "", ...await ftp.downloadLines("MLSD")];
  const modify = lines.filter((line) => line.endsWith("a")).map((line) => /modify=([^;]*);/.exec(line)?.[1] ?? "");
  return [(await ftp.expect("MDTM a", 213)).text, ...modify];
}

conversation("MDTM, MLST and MLSD show whole seconds, MFMT and MDTM accept fractions", { files }, async (stage) => {
  const { ftp, files } = stage;
  await ftp.expect("MFMT 20200229010203.952 a", 213);
  assertEquals((await files.stat(resolvePath(ROOT, "a"))).modified, Date.parse("2020-02-29T01:02:03.952Z"));
  assertEquals(await timesOf(ftp), ["20200229010203", "20200229010203", "20200229010203"]);
  await ftp.expect("MDTM 20200229010204.952 a", 213);
  assertEquals((await files.stat(resolvePath(ROOT, "a"))).modified, Date.parse("2020-02-29T01:02:04.952Z"));
});

conversation("timeFractions makes MDTM, MLST and MLSD show milliseconds", {
  files,
  options: { timeFractions: true },
}, async ({ ftp }) => {
  await ftp.expect("MFMT 20200229010203.952 a", 213);
  assertEquals(await timesOf(ftp), ["20200229010203.952", "20200229010203.952", "20200229010203.952"]);
});

conversation("MDTM of a file whose name begins with a time reports its time", {
  files: { "/20011231235959 a": "x", "/a": "x" },
}, async ({ ftp, events }) => {
  assertMatch((await ftp.expect("MDTM 20011231235959 a", 213)).text, /^20[2-9]\d/);
  assertEquals(events.some(({ type }) => type === "fileChanged"), false);
});

conversation("MFMT repeats fact and path", { files }, async ({ ftp }) => {
  assertEquals((await ftp.expect("MFMT 20200229010203 a", 213)).lines, ["213 Modify=20200229010203; a"]);
  assertEquals((await ftp.expect("MDTM a", 213)).text, "20200229010203");
  assertEquals((await ftp.expect("MFMT 20200229010203.5 a", 213)).text, "Modify=20200229010203.500; a");
  for (const bad of ["a", "20210229010203 a", "2020 a", "20200229010203"]) await ftp.expect(`MFMT ${bad}`, 501);
  await ftp.expect("MFMT 20200229010203 x", 550);
});

conversation("MFF changes all facts or none", { files }, async ({ ftp }) => {
  const { text } = await ftp.expect("MFF modify=20200101000000;unix.mode=0600; a", 213);
  assertEquals(text, "modify=20200101000000;unix.mode=0600; a");
  assertMatch((await ftp.expect("MLST a", 250)).lines[1] ?? "", /modify=20200101000000;.*UNIX\.mode=0600;/);
  await ftp.expect("MFF Modify=20210101000000;Size=5; a", 504);
  await ftp.expect("MFF Modify=20210101000000;UNIX.mode=9; a", 501);
  for (const bad of ["a", "Modify=20210101000000 a", "Modify; a"]) await ftp.expect(`MFF ${bad}`, 501);
  await ftp.expect("MFF Modify=20210101000000; x", 550);
  assertEquals((await ftp.expect("MDTM a", 213)).text, "20200101000000");
});

conversation(
  "AVBL tells the free bytes",
  { vfs: () => new MemoryVfs({ capacity: 1000, files: { "/a": "x".repeat(400) } }) },
  async ({ ftp }) => {
    assertEquals((await ftp.expect("AVBL", 213)).lines, ["213 600"]);
    assertEquals((await ftp.expect("AVBL /", 213)).text, "600");
  },
);

conversation(
  "HASH answers algorithm, bytes, digest and path",
  { files: { "/abc": "abc", "/empty": "" } },
  async ({ ftp }) => {
    assertEquals((await ftp.expect("HASH abc", 213)).lines, [`213 SHA-256 0-2 ${SHA256_ABC} /abc`]);
    await ftp.expect("OPTS HASH CRC32", 200);
    assertEquals((await ftp.expect("HASH abc", 213)).text, "CRC32 0-2 352441c2 /abc");
    await ftp.expect("TYPE I", 200);
    await ftp.expect("RANG 0 0", 350);
    assertEquals((await ftp.expect("HASH abc", 213)).text, "CRC32 0-0 e8b7be43 /abc");
    assertEquals((await ftp.expect("HASH abc", 213)).text, "CRC32 0-2 352441c2 /abc", "RANG counts once");
    assertEquals((await ftp.expect("HASH empty", 213)).text, "CRC32 0-0 00000000 /empty");
    for (const line of ["HASH x", "HASH /"]) await ftp.expect(line, 550);
  },
);

conversation(
  "XCRC, XMD5 and the XSHA family answer the digest alone",
  { files: { "/abc": "abc" } },
  async ({ ftp }) => {
    const digests = {
      "XCRC abc": "352441c2",
      'XCRC "abc"': "352441c2",
      'XCRC "abc" 0 1': "e8b7be43",
      'XCRC "abc" 1': "e8b7be43",
      "XMD5 abc": "900150983cd24fb0d6963f7d28e17f72",
      "XSHA abc": "a9993e364706816aba3e25717850c26c9cd0d89d",
      "XSHA1 abc": "a9993e364706816aba3e25717850c26c9cd0d89d",
      "XSHA256 abc": SHA256_ABC,
    };
    for (const [line, digest] of Object.entries(digests)) {
      assertEquals(
        (await ftp.expect(line, 250)).text,
        digest,
        line,
      );
    }
    assertEquals((await ftp.expect("XSHA512 abc", 250)).text.length, 128);
    await ftp.expect('XCRC "abc" 3 1', 501);
    await ftp.expect("XCRC x", 550);
  },
);

/** Counts how often a file is opened for reading. */
class CountingVfs extends MemoryVfs {
  opened = 0;

  override openRead(...args: Parameters<MemoryVfs["openRead"]>): ReturnType<MemoryVfs["openRead"]> {
    this.opened++;
    return super.openRead(...args);
  }
}

/** One instant for everything, so that no time of a file can tell one content from another. */
const frozen = () => Date.UTC(2024, 0, 1);
const counting = () => new CountingVfs({ clock: frozen });

{
  let vfs: CountingVfs;
  const claim = "HASH right after STOR reads no file, once the session has asked for a digest";
  conversation(claim, { vfs: () => vfs = counting() }, async ({ ftp }) => {
    await ftp.upload("STOR first", "abc");
    await ftp.expect("HASH first", 213);
    assertEquals(vfs.opened, 1, "few sessions ever ask: until then uploads do not pay for it");
    await ftp.upload("STOR a", "abc");
    assertMatch((await ftp.expect("HASH a", 213)).text, new RegExp(` ${SHA256_ABC} `));
    assertEquals((await ftp.expect("XCRC a", 250)).text, "352441c2");
    assertEquals((await ftp.expect("XSHA256 a", 250)).text, SHA256_ABC);
    assertEquals(vfs.opened, 1);
    await ftp.expect("XMD5 a", 250);
    assertEquals(vfs.opened, 2, "another algorithm reads it once");
    await ftp.expect("XMD5 a", 250);
    assertEquals(vfs.opened, 2);
  });
}

conversation("HASH after a change is of the new content", { vfs: counting }, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  const crc = async () => (await ftp.expect("XCRC a", 250)).text;
  await ftp.upload("STOR a", "abd");
  const other = await crc();
  await ftp.upload("STOR a", "ab");
  await ftp.upload("APPE a", "c");
  assertEquals(await crc(), "352441c2");
  await ftp.expect("REST 2", 350);
  await ftp.upload("STOR a", "d");
  assertEquals(await crc(), other, "the same size at the same time, but not the same bytes");
  await ftp.upload("STOR b", "abc");
  await ftp.expect("RNFR b", 350);
  await ftp.expect("RNTO a", 250);
  assertEquals(await crc(), "352441c2");
  await ftp.expect("DELE a", 250);
  await ftp.upload("STOR a", "abd");
  assertEquals(await crc(), other);
});

conversation("HASH after an interrupted upload is of what is stored", { vfs: counting }, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.upload("STOR a", "abd");
  await ftp.expect("RANG 0 8", 350);
  const data = await ftp.begin("STOR a");
  await data.write(new TextEncoder().encode("abc"));
  await data.closeWrite();
  await ftp.expectReply(426);
  assertEquals((await ftp.expect("XCRC a", 250)).text, "352441c2");
});

conversation("HASH after RETR is not of content that has been replaced since", {
  vfs: () => new MemoryVfs({ clock: frozen, files: { "/a": "x".repeat(4 << 20) } }),
  options: { digests: "always" },
}, async ({ ftp, connect }) => {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin("RETR a");
  const other = await connect();
  await other.login();
  await other.upload("STOR a", "y".repeat(4 << 20));
  for (const buffer = new Uint8Array(65536); await data.read(buffer) !== null;);
  await ftp.expectReply(226);
  await other.expect("OPTS HASH MD5", 200);
  const md5 = (await other.expect("XMD5 a", 250)).text;
  await other.upload("STOR b", "y".repeat(4 << 20));
  assertEquals((await other.expect("XMD5 b", 250)).text, md5);
  assertEquals((await ftp.expect("XSHA256 a", 250)).text, (await ftp.expect("XSHA256 b", 250)).text);
});

conversation("RETR takes the digest of what it sends where digests are wanted", {
  files: { "/abc": "abc" },
}, async ({ ftp, event }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.download("RETR abc");
  assertEquals((await event("transfer")).sha256, SHA256_ABC);
});

conversation("Digests can be switched off", { options: { digests: "off" } }, async ({ ftp, event }) => {
  await ftp.upload("STOR a", "abc");
  assert(!("sha256" in await event("transfer")));
  assertMatch((await ftp.expect("HASH a", 213)).text, new RegExp(SHA256_ABC));
});
