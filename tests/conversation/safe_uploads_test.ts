import { assertEquals } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { VfsError } from "../../lib/vfs/vfs.ts";
import { closeQuietly, writeAll } from "../../lib/net/connection.ts";
import { conversation, plainConversation, rulesOf, type Stage } from "../helpers/server.ts";
import type { Wire } from "../helpers/wire.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const names = async (files: MemoryVfs) => (await Array.fromAsync(files.names("/" as never))).flat().toSorted();

/** Uploads four bytes, waits until they are stored, and aborts. */
async function breakOff(ftp: Wire, line: string): Promise<void> {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin(line);
  await writeAll(data, new TextEncoder().encode("half"));
  while (!(await ftp.say("STAT")).lines.includes(` ${line}: 4 bytes so far`));
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
}

conversation("A broken upload leaves the old file, by default", {
  files: { "/old": "old content" },
}, async ({ ftp, files, event }) => {
  await breakOff(ftp, "STOR old");
  assertEquals([text(files.read("/old")), await names(files)], ["old content", ["old"]]);
  assertEquals((await event("transfer")).complete, false);
  await ftp.upload("STOR old", "new");
  assertEquals(text(files.read("/old")), "new");
});

conversation("A broken upload of a new name can be resumed, by default", {}, async ({ ftp, files }) => {
  await breakOff(ftp, "STOR new");
  assertEquals((await ftp.expect("SIZE new", 213)).text, "4");
  await ftp.expect("REST 4", 350);
  await ftp.upload("STOR new", "whole");
  await breakOff(ftp, "STOR new");
  assertEquals(text(files.read("/new")), "halfwhole");
});

conversation("A broken overwrite cannot be resumed, as the client would find the size of the old file", {
  files: { "/old": "01", "/other": "01" },
}, async ({ ftp, files, connect }: Stage) => {
  await ftp.expect("APPE old", 425);
  await ftp.upload("APPE old", "23");
  await breakOff(ftp, "STOR old");
  // The client comes back, maybe on another connection.
  const again = await connect();
  await again.login();
  for (const wire of [ftp, again]) {
    await wire.expect("TYPE I", 200);
    assertEquals((await wire.expect("SIZE old", 213)).text, "4");
    for (const line of ["STOR old", "APPE old"]) {
      await wire.expect("REST 4", 350);
      closeQuietly(await wire.passive());
      await wire.expect(line, 554);
    }
    closeQuietly(await wire.passive());
    await wire.expect("APPE old", 554);
  }
  await again.upload("APPE other", "2");
  await again.upload("STOR old", "whole");
  await again.upload("APPE old", "!");
  assertEquals([text(files.read("/old")), text(files.read("/other"))], ["whole!", "012"]);
});

let directory = "";

// File systems such as ext4 give the number of a file that was replaced to the next but one.
conversation("A broken overwrite is over with the next whole upload, whatever number and size the file has then", {
  vfs: async () => openDisk(directory = await Deno.makeTempDir()),
}, async ({ ftp }) => {
  try {
    await ftp.upload("STOR old", "0123");
    await breakOff(ftp, "STOR old");
    for (let count = 0; count < 4; count++) {
      await ftp.upload("STOR old", `123${count}`);
      await ftp.upload("APPE old", "");
    }
    assertEquals(await ftp.downloadText("RETR old"), "1233");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

let now = 0;

conversation("An upload that had to give the file to another one says nothing of it when it breaks off", {
  vfs: () => new MemoryVfs({ files: { "/old": "01" }, uploadLocks: { now: () => now } }),
}, async ({ ftp, connect }) => {
  now = 0;
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin("STOR old");
  await writeAll(data, new TextEncoder().encode("half"));
  while (!(await ftp.say("STAT")).lines.includes(" STOR old: 4 bytes so far"));
  now = 6_000;
  const again = await connect();
  await again.login();
  await again.upload("STOR old", "whole");
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
  await again.upload("APPE old", "!");
  assertEquals(await again.downloadText("RETR old"), "whole!");
});

conversation("In place a broken overwrite can be resumed", {
  account: { uploads: "inPlace" },
  files: { "/old": "old content" },
}, async ({ ftp, files }) => {
  await breakOff(ftp, "STOR old");
  await ftp.expect("REST 4", 350);
  await ftp.upload("STOR old", "whole");
  assertEquals(text(files.read("/old")), "halfwhole");
});

conversation("An account that may only add has new files grow under their name, by default", {
  account: { rules: rulesOf(["/", "add"]) },
  files: { "/old": "old content" },
}, async ({ ftp, files }) => {
  await ftp.expect("TYPE I", 200);
  closeQuietly(await ftp.passive());
  await ftp.expect("STOR old", 553);
  await ftp.upload("STOR new", "new");
  await ftp.upload("STOU new", "new");
  assertEquals(await names(files), ["new", "new.1", "old"]);
});

plainConversation("A directory in which no file can be made refuses to replace one, and says what to do", {
  vfs: () => {
    const inner = new MemoryVfs({ files: { "/old": "old content" } });
    const openWrite = inner.openWrite.bind(inner);
    inner.openWrite = (path, options) =>
      options?.exclusive
        ? Promise.reject(new VfsError("denied", "The directory is read-only"))
        : openWrite(path, options);
    return inner;
  },
}, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  closeQuietly(await ftp.passive());
  const { text } = await ftp.expect("STOR old", 550);
  assertEquals(text, "The server may not create files in this directory, which it must to replace one safely");
  assertEquals(await ftp.downloadText("RETR old"), "old content");
  await ftp.upload("APPE old", "!");
});
