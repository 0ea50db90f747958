/** What the fields of an account do that limit names, sizes and modes, and that greet it. */

import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import type { NativeIo } from "../../lib/native/native_io.ts";
import { resolvePath, ROOT } from "../../lib/vfs/virtual_path.ts";
import { HAS_NATIVE, nativeIo } from "../helpers/native.ts";
import { conversation, plainConversation } from "../helpers/server.ts";
import type { Wire } from "../helpers/wire.ts";

const FILES = { "/.git/config": "x", "/a.exe": "1", "/A.EXE": "2", "/.hidden.exe": "3", "/plain": "4", "/d/b": "5" };

const names = async (ftp: Wire, line: string) => (await ftp.downloadLines(line)).map((each) => each.split(" ").at(-1));

conversation(
  "hide: names are not listed and not found, and cannot be made",
  { account: { hide: [".git", "*.exe"] }, files: FILES },
  async ({ ftp }) => {
    assertEquals((await names(ftp, "NLST")).sort(), ["d", "plain"]);
    assertEquals((await names(ftp, "MLSD")).sort(), [".", "..", "d", "plain"]);
    assertNotMatch((await ftp.downloadLines("LIST -a")).join("\n"), /git|exe/i);
    assertEquals(await names(ftp, "NLST *.exe"), []);
    for (const line of ["SIZE a.exe", "MDTM A.EXE", "CWD .git", "DELE .git/config", "RNFR a.exe", "MLST .hidden.exe"]) {
      assertMatch((await ftp.expect(line, 550)).lines.join(), /No such file/, line);
    }
    await ftp.passive().then((data) => data.close());
    assertMatch((await ftp.expect("STOR new.EXE", 553)).lines.join(), /not allowed/);
    await ftp.expect("MKD .git/x", 550);
    await ftp.expect("RNFR plain", 350);
    await ftp.expect("RNTO plain.exe", 553);
  },
);

conversation(
  "deny: names are listed, and every use of them is refused",
  { account: { deny: [".git", "*.exe"] }, files: FILES },
  async ({ ftp }) => {
    assertEquals((await names(ftp, "NLST")).sort(), [".git", ".hidden.exe", "A.EXE", "a.exe", "d", "plain"]);
    for (
      const line of ["SIZE a.exe", "RNFR A.EXE", "CWD .git", "DELE .git/config", "DELE .hidden.exe", "MKD new.exe"]
    ) {
      assertMatch((await ftp.expect(line, 550)).lines.join(), /Permission denied/, line);
    }
    await ftp.passive().then((data) => data.close());
    await ftp.expect("RETR a.exe", 550);
    await ftp.passive().then((data) => data.close());
    await ftp.expect("STOR new.Exe", 550);
    await ftp.expect("RNFR plain", 350);
    await ftp.expect("RNTO plain.exe", 550);
    assertEquals(await ftp.downloadText("RETR d/b"), "5");
  },
);

conversation(
  "maxFileSize: no byte more is kept, however a file grows",
  { account: { maxFileSize: 10 }, files: { "/eight": "12345678" } },
  async ({ ftp, files }) => {
    await ftp.expect("TYPE I", 200);
    await ftp.upload("STOR fits", "0123456789");
    const refused = async (line: string, bytes: number) => {
      const data = await ftp.begin(line);
      await data.write(new Uint8Array(bytes));
      data.close();
      assertMatch((await ftp.expectReply(552)).lines.join(), /at most 10 bytes/);
    };
    await refused("STOR large", 11);
    await refused("APPE eight", 3);
    await ftp.expect("REST 8", 350);
    await refused("STOR eight", 3);
    await ftp.expect("SIZE large", 550);
    assertEquals((await files.stat(resolvePath(ROOT, "/eight"))).size, 8);
    await ftp.upload("APPE eight", "90");
    assertMatch((await ftp.expect("ALLO 11", 552)).lines.join(), /too large/);
    await ftp.expect("ALLO 10", 200);
  },
);

conversation(
  "welcome: the lines come with the login, never as lines of another reply",
  { account: { welcome: ["Hello %u", "", "230 not the end", "Bye"] }, login: false },
  async ({ ftp }) => {
    await ftp.expect("USER demo", 331);
    const { lines } = await ftp.expect("PASS demo", 230);
    assertEquals(lines, ["230-Hello demo", " ", " 230 not the end", " Bye", "230 Logged in as demo"]);
    await ftp.expect("NOOP", 200);
  },
);

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

for (const uploads of ["inPlace", "atomic"] as const) {
  for (const native of HAS_NATIVE ? [false, true] : [false]) {
    let io: NativeIo | undefined;
    const dir = Deno.makeTempDirSync({ prefix: "denoftpd-" });
    plainConversation(
      `umask and directoryUmask decide the modes on a disk: ${uploads}${native ? ", with the C library" : ""}`,
      {
        account: { uploads, umask: 0o002, directoryUmask: 0o007 },
        options: { autoMkdir: true },
        vfs: () => {
          if (!native) return openDisk(dir);
          io = nativeIo();
          return openDisk(dir, { readDirectory: io.readDirectory, paths: io.paths });
        },
      },
      async ({ ftp }) => {
        try {
          await Deno.writeTextFile(`${dir}/kept`, "old", { mode: 0o600 });
          await ftp.upload("STOR new", "1");
          await ftp.upload("STOR kept", "1");
          await ftp.expect("MKD d", 257);
          await ftp.upload("STOR d/e/f", "1");
          assertEquals(
            await Promise.all(["new", "d", "kept", "d/e", "d/e/f"].map((path) => modeOf(`${dir}/${path}`))),
            [0o664, 0o770, 0o600, 0o770, 0o664],
          );
          await ftp.expect("SITE UMASK", 200);
        } finally {
          io?.[Symbol.dispose]();
          await Deno.remove(dir, { recursive: true });
        }
      },
    );
  }
}
