import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { authenticatorOf, conversation, rulesOf } from "../helpers/server.ts";
import { sendData } from "../helpers/wire.ts";

const files = { "/a": "x", "/b c": "y" };

conversation("SITE HELP lists the SITE commands and explains each", { files }, async ({ ftp }) => {
  const { lines } = await ftp.expect("SITE HELP", 214);
  const verbs = lines.slice(1, -1).flatMap((line) => line.trim().split(/ +/));
  assertEquals(verbs, ["CHMOD", "HELP", "IDLE", "UMASK", "UTIME", "WHO"]);
  for (const verb of verbs) {
    assertMatch((await ftp.expect(`SITE HELP ${verb.toLowerCase()}`, 214)).text, new RegExp(`^${verb}`));
  }
  await ftp.expect("SITE HELP FROBNICATE", 502);
});

conversation("SITE answers 500 for what it does not know, 501 without a command", {}, async ({ ftp }) => {
  await ftp.expect("SITE FROBNICATE", 500);
  await ftp.expect("SITE", 501);
  await ftp.expect("SITE ", 501);
  await ftp.expect("site  umask", 200);
});

conversation("SITE CHMOD answers exactly 200 and changes the mode", { files }, async ({ ftp, event }) => {
  await ftp.expect("SITE CHMOD 640 a", 200);
  await ftp.expect("SITE CHMOD 0600 b c", 200);
  assertMatch((await ftp.expect("MLST a", 250)).lines[1] ?? "", /UNIX\.mode=0640;/);
  assertMatch((await ftp.expect("MLST b c", 250)).lines[1] ?? "", /UNIX\.mode=0600;/);
  assertEquals((await event("fileChanged")).change, "modified");
  for (const bad of ["", " 640", " a", " 888 a", " u+x a"]) await ftp.expect(`SITE CHMOD${bad}`, 501);
  await ftp.expect("SITE CHMOD 600 missing", 550);
});

conversation("SITE CHMOD, MFF and SITE UMASK leave a directory the rights of its owner", {}, async ({ ftp }) => {
  const mode = async (path: string) =>
    /UNIX\.mode=(\d+);/.exec((await ftp.expect(`MLST ${path}`, 250)).lines[1] ?? "")?.[1];
  await ftp.expect("MKD d", 257);
  await ftp.expect("SITE CHMOD 000 d", 200);
  assertEquals(await mode("d"), "0700");
  await ftp.expect("MFF UNIX.mode=055; d", 213);
  assertEquals(await mode("d"), "0755");
  await ftp.expect("SITE UMASK 777", 200);
  await ftp.expect("MKD e", 257);
  assertEquals(await mode("e"), "0700");
});

conversation("SITE UTIME takes both of its forms", { files }, async ({ ftp }) => {
  await ftp.expect("SITE UTIME 20200102030405 a", 200);
  assertEquals((await ftp.expect("MDTM a", 213)).text, "20200102030405");
  await ftp.expect("SITE UTIME 202001020304 b c", 200);
  assertEquals((await ftp.expect("MDTM b c", 213)).text, "20200102030400");
  await ftp.expect("SITE UTIME b c 20200101000000 20210101000000 20220101000000 UTC", 200);
  assertEquals((await ftp.expect("MDTM b c", 213)).text, "20210101000000");
  for (const bad of ["", " a", " 2020 a", " 20209901000000 a"]) await ftp.expect(`SITE UTIME${bad}`, 501);
  await ftp.expect("SITE UTIME 20200102030405 missing", 550);
});

conversation("SITE UMASK shows and sets the mask", {}, async ({ ftp }) => {
  assertMatch((await ftp.expect("SITE UMASK", 200)).text, /server/);
  await ftp.expect("SITE UMASK 022", 200);
  assertMatch((await ftp.expect("SITE UMASK", 200)).text, /\b022$/);
  for (const bad of ["8", "1000", "x", "-1"]) await ftp.expect(`SITE UMASK ${bad}`, 501);
});

/** As a store that keeps neither modes nor times, and does not know how full it is. */
class BareVfs extends MemoryVfs {
  override readonly capabilities = {};
}

conversation("What the file system cannot do is answered 502, and is in no list", {
  vfs: () => new BareVfs({ files }),
}, async ({ ftp }) => {
  for (
    const line of [
      "MFMT 20200101000000 a",
      "MFF Modify=20200101000000; a",
      "AVBL",
      "SITE CHMOD 600 a",
      "SITE UTIME 20200101000000 a",
    ]
  ) {
    await ftp.expect(line, 502);
  }
  await ftp.expect("MDTM 20200101000000 a", 550);
  const feat = (await ftp.expect("FEAT", 211)).lines.join();
  for (const feature of ["MFMT", "MFF", "AVBL"]) assert(!feat.includes(feature), feature);
  assert(!(await ftp.expect("SITE HELP", 214)).lines.join().includes("CHMOD"));
  assert(!(await ftp.expect("HELP", 214)).lines.join().includes("MFMT"));
  await ftp.upload("STOR new", "works");
});

conversation("SITE WHO names no files to those who may not list them", {
  account: { rules: rulesOf(["/", "rw"], ["/inbox", "dropbox"]) },
}, async ({ ftp, connect }) => {
  const other = await connect();
  await other.login();
  const upload = await other.begin("STOR whistle-blower.pdf");
  const text = (await ftp.expect("SITE WHO", 211)).lines.join();
  assertMatch(text, /STOR \(0 bytes\)/);
  assert(!text.includes("whistle-blower"));
  await sendData(upload, "x");
  await other.expectReply(226);
  await other.expect("SIZE whistle-blower.pdf", 213);
  assert(!(await ftp.expect("SITE WHO", 211)).lines.join().includes("whistle-blower"));
});

conversation("SITE WHO shows the files of transfers to those who may list them", {}, async ({ ftp, connect }) => {
  const other = await connect();
  await other.login();
  const upload = await other.begin("STOR report.pdf");
  assertMatch((await ftp.expect("SITE WHO", 211)).lines.join(), /STOR \/report\.pdf \(0 bytes\)/);
  await sendData(upload, "x");
  await other.expectReply(226);
});

conversation("SITE WHO is not available to anonymous users", {
  login: false,
  options: { authenticator: authenticatorOf({ name: "anonymous" }) },
}, async ({ ftp }) => {
  await ftp.login("anonymous", "anonymous");
  await ftp.expect("SITE WHO", 550);
});
