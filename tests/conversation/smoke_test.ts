import { assertEquals } from "@std/assert";
import { conversation } from "../helpers/server.ts";

conversation("STOR then RETR returns the same bytes", {}, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.upload("STOR a b.txt", "hello");
  assertEquals(await ftp.downloadText("RETR a b.txt"), "hello");
  await ftp.expect("QUIT", 221);
});

conversation("ABOR ends a transfer that waits for its data connection", { files: { "/a": "x" } }, async ({ ftp }) => {
  await ftp.expect("EPSV", 229);
  await ftp.expect("RETR a", 150);
  await ftp.expect("ABOR", 426);
  await ftp.expectReply(226);
  await ftp.expect("NOOP", 200);
});
