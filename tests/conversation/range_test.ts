import { assertEquals, assertMatch } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { conversation, rulesOf } from "../helpers/server.ts";
import { readAll, sendData } from "../helpers/wire.ts";

const ten = { "/a": "0123456789" };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

conversation("RANG limits one transfer to its bytes, both ends included", { files: ten }, async ({ ftp, files }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.expect("RANG 2 4", 350);
  const data = await ftp.passive();
  assertMatch((await ftp.expect("RETR a", 150)).text, /\(3 bytes\)$/);
  assertEquals(text(await readAll(await ftp.protect(data))), "234");
  await ftp.expectReply(226);
  assertEquals(await ftp.downloadText("RETR a"), "0123456789");
  await ftp.expect("RANG 8 100", 350);
  assertEquals(await ftp.downloadText("RETR a"), "89");
  await ftp.expect("RANG 0 0", 350);
  assertEquals(await ftp.downloadText("RETR a"), "0");
  await ftp.expect("RANG 2 4", 350);
  await ftp.expect("RANG 1 0", 350);
  assertEquals(await ftp.downloadText("RETR a"), "0123456789");
  await ftp.expect("RANG 2 4", 350);
  await ftp.upload("STOR a", "xyz");
  assertEquals(text(files.read("/a")), "01xyz56789");
});

conversation("RANG never cuts a file, from the first byte neither", {
  files: { "/a": "Hello, World!", "/b": "Hello, World!" },
}, async ({ ftp, files, event }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.expect("HASH a", 213);
  await ftp.expect("RANG 0 0", 350);
  await ftp.upload("STOR a", "h");
  assertEquals(text(files.read("/a")), "hello, World!");
  assertEquals((await event("transfer")).sha256, undefined, "only a part of the file went through");
  const { text: whole } = await ftp.expect("HASH a", 213);
  await ftp.download("RETR a");
  assertEquals((await ftp.expect("HASH a", 213)).text, whole);
  await ftp.expect("RANG 7 16", 350);
  await ftp.upload("STOR b", "everybody.");
  assertEquals(text(files.read("/b")), "Hello, everybody.", "a range may add to the file");
  await ftp.expect("RANG 0 2", 350);
  await ftp.upload("STOR new", "new");
  assertEquals(text(files.read("/new")), "new");
  await ftp.upload("STOR a", "whole");
  assertEquals(text(files.read("/a")), "whole", "RANG counts once");
});

for (const [amount, content] of [["more", "12345678901"], ["one more", "123456"], ["fewer", "1234"], ["none", ""]]) {
  conversation(`STOR answers 426 to ${amount} bytes than RANG has said`, {
    files: { "/a": "Hello, World!" },
    account: { brokenUploads: "delete" },
  }, async ({ ftp, files, event }) => {
    await ftp.expect("TYPE I", 200);
    await ftp.expect("RANG 5 9", 350);
    // The server hangs up at the first byte too many, maybe before everything is sent.
    await sendData(await ftp.begin("STOR a"), content ?? "").catch(() => {});
    await ftp.expectReply(426);
    const { complete, reason } = await event("transfer");
    assertEquals([complete, reason], [false, "sizeMismatch"]);
    const stored = (content ?? "").slice(0, 5);
    assertEquals(text(files.read("/a")), `Hello${stored}${", World!".slice(stored.length)}`);
    await ftp.expect("RANG 0 4", 350);
    await ftp.upload("STOR a", "12345");
  });
}

conversation("APPE and STOU refuse a range, from the first byte too", { files: ten }, async ({ ftp, files }) => {
  await ftp.expect("TYPE I", 200);
  for (const line of ["APPE a", "STOU a", "STOU"]) {
    for (const range of ["0 0", "0 4", "5 9"]) {
      await ftp.expect(`RANG ${range}`, 350);
      await ftp.passive();
      await ftp.expect(line, 450);
    }
  }
  assertEquals(text(files.read("/a")), "0123456789");
  assertEquals(await ftp.downloadText("RETR a"), "0123456789", "RANG counts once");
});

conversation("A range asks for the rights of an append", {
  files: { ...ten, "/sealed/a": "0123456789" },
  account: { rules: rulesOf(["/", "list,read,write"], ["/sealed", "list,write,append,no-overwrite"]) },
}, async ({ ftp, files }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.expect("RANG 0 2", 350);
  await ftp.passive();
  await ftp.expect("STOR a", 550);
  assertEquals(text(files.read("/a")), "0123456789");
  await ftp.expect("RANG 0 2", 350);
  await ftp.upload("STOR new", "new");
  await ftp.expect("RANG 0 2", 350);
  await ftp.passive();
  await ftp.expect("STOR sealed/a", 553);
  assertEquals(text(files.read("/sealed/a")), "0123456789");
});

conversation("RANG holds for files that have content and yet no size", { vfs: sizeless }, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  const content = "0123456789".repeat(1000);
  assertEquals(await ftp.downloadText("RETR a"), content);
  await ftp.expect("RANG 0 99", 350);
  assertEquals(await ftp.downloadText("RETR a"), content.slice(0, 100));
  await ftp.expect("RANG 0 99999", 350);
  assertEquals(await ftp.downloadText("RETR a"), content);
});

/** As /proc: nothing is known of the size before all is read. */
function sizeless(): Vfs {
  const vfs = new MemoryVfs({ files: { "/a": "0123456789".repeat(1000) } });
  const openRead = vfs.openRead.bind(vfs);
  vfs.openRead = async (path, offset) => {
    const source = await openRead(path, offset);
    return { size: 0, read: (buffer) => source.read(buffer), close: () => source.close() };
  };
  return vfs;
}
