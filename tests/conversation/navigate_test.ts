import { assertEquals } from "@std/assert";
import { conversation } from "../helpers/server.ts";

const tree = { "/a/b/c.txt": "c", "/file": "f" };

conversation("CWD and CDUP answer exactly 250, and CDUP stays at the root", { files: tree }, async ({ ftp }) => {
  const where = async () => (await ftp.expect("PWD", 257)).text;
  await ftp.expect("CWD a/b", 250);
  assertEquals(await where(), '"/a/b" is the working directory');
  await ftp.expect("CDUP", 250);
  await ftp.expect("CWD ../../../a", 250);
  assertEquals(await where(), '"/a" is the working directory');
  await ftp.expect("CDUP", 250);
  await ftp.expect("CDUP", 250);
  assertEquals(await where(), '"/" is the working directory');
});

conversation("CWD with an empty argument stays where it is", { files: tree }, async ({ ftp }) => {
  await ftp.expect("CWD a", 250);
  await ftp.expect("CWD ", 250);
  assertEquals((await ftp.expect("PWD", 257)).text, '"/a" is the working directory');
  await ftp.expect("CWD", 501);
});

conversation("CWD answers 550 for what is missing or not a directory", { files: tree }, async ({ ftp }) => {
  await ftp.expect("CWD nowhere", 550);
  await ftp.expect("CWD file", 550);
  await ftp.expect("CWD file/below", 550);
});

conversation("PWD doubles quotes", {}, async ({ ftp }) => {
  assertEquals((await ftp.expect('MKD say "hi"', 257)).lines, ['257 "/say ""hi""" created']);
  await ftp.expect('CWD say "hi"', 250);
  assertEquals((await ftp.expect("PWD", 257)).lines, ['257 "/say ""hi""" is the working directory']);
});

conversation("MKD shows the absolute virtual path in quotes", { files: tree }, async ({ ftp, event }) => {
  await ftp.expect("CWD a", 250);
  assertEquals((await ftp.expect("MKD new", 257)).lines, ['257 "/a/new" created']);
  await ftp.expect("MKD new", 550);
  await ftp.expect("MKD /file", 550);
  await ftp.expect("MKD /no/such/parent", 550);
  await ftp.expect("MKD /", 550);
  await ftp.expect("MKD", 501);
  assertEquals((await event("fileChanged")).change, "madeDirectory");
});

conversation("MKD of an existing directory is 257 where devices insist", {
  files: tree,
  options: { mkdExisting: "accept" },
}, async ({ ftp }) => {
  assertEquals((await ftp.expect("MKD a", 257)).lines, ['257 "/a" exists']);
  await ftp.expect("MKD file", 550);
});

conversation("RMD removes an empty directory and nothing else", { files: tree }, async ({ ftp, event }) => {
  await ftp.expect("MKD e", 257);
  await ftp.expect("RMD e", 250);
  assertEquals((await event("fileChanged", ({ change }) => change === "removedDirectory")).path, "/e");
  await ftp.expect("RMD e", 550);
  await ftp.expect("RMD a", 550);
  await ftp.expect("RMD file", 550);
  await ftp.expect("RMD /", 550);
});

conversation(
  "A working directory that somebody has removed is answered 550, and CDUP leads out",
  { files: tree },
  async ({ ftp, connect }) => {
    await ftp.expect("MKD d", 257);
    await ftp.expect("CWD d", 250);
    const other = await connect();
    await other.login();
    await other.expect("RMD d", 250);
    await ftp.expect("SIZE x", 550);
    await ftp.passive();
    await ftp.expect("LIST", 550);
    await ftp.expect("CDUP", 250);
  },
);
