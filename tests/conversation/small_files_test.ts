import { assertEquals } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { FtpServer } from "../../lib/server/server.ts";
import type { NativeIo } from "../../lib/native/native_io.ts";
import { nativeIo, nativeTest } from "../helpers/native.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { readAll, Wire } from "../helpers/wire.ts";
import { withTempDir } from "../vfs/helpers.ts";

const CONTENT = "Hello\n".repeat(1000);

/** A server of a disk with the file `small`. */
async function withDisk(check: (port: number) => Promise<void>, native?: NativeIo): Promise<void> {
  await withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/small`, CONTENT);
    await using server = new FtpServer({
      authenticator: authenticatorOf({ name: "demo" }),
      fileSystem: () => openDisk(dir, { paths: native?.paths, readDirectory: native?.readDirectory }),
      ...(native && { dataEngine: native.dataEngine }),
      port: 0,
    });
    server.listen();
    await check(server.address.port);
  });
}

Deno.test("RETR of a small file answers 150 at once where the client has not connected", () =>
  withDisk(async (port) => {
    await using ftp = await Wire.connect(port);
    await ftp.expectReply(220);
    await ftp.login();
    await ftp.expect("TYPE I", 200);
    const [, passive = ""] = /\|(\d+)\|/.exec((await ftp.expect("EPSV", 229)).lines.join()) ?? [];
    await ftp.expect("RETR small", 150);
    using data = await Deno.connect({ hostname: "127.0.0.1", port: Number(passive) });
    assertEquals(new TextDecoder().decode(await readAll(data)), CONTENT);
    await ftp.expectReply(226);
    await ftp.expect("QUIT", 221);
  }));

nativeTest("Small files go one after the other, in both directions and listed, by the C library", async () => {
  using native = nativeIo();
  await withDisk(async (port) => {
    await using ftp = await Wire.connect(port);
    await ftp.expectReply(220);
    await ftp.login();
    await ftp.expect("TYPE I", 200);
    for (let round = 0; round < 3; round++) {
      assertEquals(await ftp.downloadText("RETR small"), CONTENT);
      assertEquals((await ftp.downloadLines("NLST")).length, round + 1);
      assertEquals((await ftp.upload(`STOR new${round}`, CONTENT)).code, 226);
      assertEquals(await ftp.downloadText(`RETR new${round}`), CONTENT);
    }
    await ftp.expect("QUIT", 221);
  }, native);
});
