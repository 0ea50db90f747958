import { assert, assertEquals } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { WholeFiles } from "../vfs/whole_files.ts";
import { conversation } from "../helpers/server.ts";
import { sendData } from "../helpers/wire.ts";

const files = { "/a": "0123456789" };

conversation("APPE is answered 502 where the file system cannot append, and is in no list", {
  vfs: () => new WholeFiles(new MemoryVfs({ files })),
}, async ({ ftp }) => {
  await ftp.expect("APPE a", 502);
  assert(!(await ftp.expect("HELP", 214)).lines.join().includes("APPE"));
  assertEquals(await ftp.downloadText("RETR a"), "0123456789");
});

conversation("STOR after REST or RANG is answered 504 where the file system cannot resume", {
  vfs: () => new WholeFiles(new MemoryVfs({ files })),
}, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.expect("EPSV", 229);
  await ftp.expect("REST 4", 350);
  await ftp.expect("STOR a", 504);
  await ftp.expect("EPSV", 229);
  await ftp.expect("RANG 0 3", 350);
  await ftp.expect("STOR a", 504);
  assertEquals(await ftp.downloadText("RETR a"), "0123456789");
  await ftp.expect("REST 4", 350);
  assertEquals(await ftp.downloadText("RETR a"), "456789");
  await ftp.expect("REST 0", 350);
  await ftp.upload("STOR a", "new");
  assertEquals(await ftp.downloadText("RETR a"), "new");
});

conversation("An upload to a file system with atomic writes is visible once it is complete", {
  vfs: () => new WholeFiles(new MemoryVfs({ files })),
  account: { uploads: "atomic", brokenUploads: "delete" },
}, async ({ ftp, connect }) => {
  const other = await connect();
  await other.login();
  const upload = await ftp.begin("STOR new");
  await sendData(upload, "content");
  await ftp.expectReply(226);
  assertEquals(await other.downloadText("RETR new"), "content");
  assertEquals((await other.downloadLines("NLST")).sort(), ["a", "new"]);
});
