import { assert, assertEquals } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { conversation } from "../helpers/server.ts";

conversation("TYPE takes A, I and L 8, and names what it refuses", {}, async ({ ftp }) => {
  for (const good of ["A", "a", "A N", "A T", "a t", "I", "i", "L 8", "L8", "l 8"]) {
    await ftp.expect(`TYPE ${good}`, 200);
  }
  for (const bad of ["E", "A C", "I N", "L", "L 7", "L 36", "X"]) await ftp.expect(`TYPE ${bad}`, 504);
  for (const wrong of ["", " "]) assert([501, 504].includes((await ftp.say(`TYPE${wrong}`)).code));
  await ftp.expect("TYPE A N N", 501);
});

conversation("TYPE is A until set", {}, async ({ ftp }) => {
  assert((await ftp.expect("STAT", 211)).lines.includes(" TYPE: ASCII; STRU: F; MODE: S"));
  await ftp.expect("TYPE I", 200);
  assert((await ftp.expect("STAT", 211)).lines.includes(" TYPE: binary; STRU: F; MODE: S"));
});

conversation("MODE takes S, STRU takes F, the others are answered 504", {}, async ({ ftp }) => {
  await ftp.expect("MODE S", 200);
  await ftp.expect("MODE s", 200);
  for (const mode of ["B", "C", "Z", "SS"]) await ftp.expect(`MODE ${mode}`, 504);
  await ftp.expect("STRU F", 200);
  for (const structure of ["R", "P", "FF"]) await ftp.expect(`STRU ${structure}`, 504);
});

conversation("ALLO takes any size, as it says nothing of the file", {
  account: { quota: 1000 },
  vfs: () => new MemoryVfs({ capacity: 2000 }),
}, async ({ ftp }) => {
  for (const good of ["100", "0", "100 R 10", "100 r 10", "1001", "999999999999999"]) {
    await ftp.expect(`ALLO ${good}`, 200);
  }
  for (const bad of ["x", "-1", "1 2", "1 R", "1e3"]) await ftp.expect(`ALLO ${bad}`, 501);
});

conversation("REST takes any safe offset in TYPE I, and only 0 in TYPE A", {}, async ({ ftp }) => {
  await ftp.expect("REST 0", 350);
  await ftp.expect("REST 1", 504);
  await ftp.expect("TYPE I", 200);
  await ftp.expect("REST 9007199254740991", 350);
  for (const bad of ["9007199254740992", "-1", "1.5", "x", "1 2", "0x10"]) await ftp.expect(`REST ${bad}`, 501);
});

conversation("RANG takes two ends in TYPE I, and 1 0 takes it back", {}, async ({ ftp }) => {
  await ftp.expect("RANG 1 0", 350);
  await ftp.expect("RANG 0 4", 504);
  await ftp.expect("TYPE I", 200);
  await ftp.expect("RANG 0 4", 350);
  await ftp.expect("RANG 0 0", 350);
  for (const bad of ["4 3", "x 1", "1", "1 2 3", "2 0"]) await ftp.expect(`RANG ${bad}`, 501);
});

conversation("OPTS UTF8 is answered 200 before login, whatever it says", { login: false }, async ({ ftp }) => {
  for (const value of [" ON", " OFF", " on", "", " NLST"]) await ftp.expect(`OPTS UTF8${value}`, 200);
  await ftp.expect("opts utf8 on", 200);
  await ftp.expect("OPTS UTF8 maybe", 501);
});

conversation("OPTS MLST repeats the facts it took", {}, async ({ ftp }) => {
  const answers = [
    ["OPTS MLST Type;Size;", "200 MLST OPTS type;size;"],
    ["OPTS MLST size;nonsense;type", "200 MLST OPTS type;size;"],
    ["OPTS MLST unix.MODE;", "200 MLST OPTS UNIX.mode;"],
    ["OPTS MLST nonsense;", "200 MLST OPTS"],
    ["OPTS MLST", "200 MLST OPTS"],
    ["OPTS MLST ", "200 MLST OPTS"],
  ] as const;
  for (const [line, answer] of answers) assertEquals((await ftp.expect(line, 200)).lines, [answer]);
  await ftp.expect("OPTS MLST type; size;", 501);
});

conversation("OPTS HASH shows the algorithm and chooses it", {}, async ({ ftp }) => {
  assertEquals((await ftp.expect("OPTS HASH", 200)).text, "SHA-256");
  assertEquals((await ftp.expect("OPTS HASH sha-1", 200)).text, "SHA-1");
  assertEquals((await ftp.expect("OPTS HASH", 200)).text, "SHA-1");
  await ftp.expect("OPTS HASH ROT13", 501);
});

conversation("OPTS answers 501 for what has no options", {}, async ({ ftp }) => {
  for (const line of ["OPTS", "OPTS NOOP", "OPTS constructor x", "OPTS __proto__"]) await ftp.expect(line, 501);
});

conversation("CLNT and CSID are taken before login", { login: false }, async ({ ftp }) => {
  await ftp.expect("CLNT FileZilla 3.67", 200);
  const { text } = await ftp.expect("CSID Name=FileZilla; Version=3;", 200);
  assertEquals(text, "Name=denoftpd; OS=Deno; CaseSensitive=1; DirSep=/;");
});

conversation("REST is forgotten by any command but those that may stand before the transfer", {
  files: { "/a": "0123456789" },
}, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  for (
    const [between, text] of [["PWD", "0123456789"], ["FROBNICATE", "0123456789"], ["NOOP", "56789"], [
      "TYPE I",
      "56789",
    ]]
  ) {
    await ftp.expect("REST 5", 350);
    await ftp.say(between ?? "");
    assertEquals(await ftp.downloadText("RETR a"), text);
    assertEquals(await ftp.downloadText("RETR a"), "0123456789");
  }
});
