/** An account with several directories, from outside: everything a client can try at a mount. */

import { assertEquals, assertMatch } from "@std/assert";
import type { AccountMount } from "../../lib/auth/accounts.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { EMPTY_ROOT } from "../../lib/vfs/root_url.ts";
import { EmptyVfs } from "../../lib/vfs/mounts/empty.ts";
import { conversation, plainConversation, rulesOf, type Setup } from "../helpers/server.ts";

const FILES: Readonly<Record<string, MemoryFiles>> = {
  "/": { "/own": "1", "/sub/file": "22" },
  "memory:archive": { "/2024/report": "333", "/closed/x": "x" },
  "memory:pub": { "/hello": "4444" },
};
type MemoryFiles = Readonly<Record<string, string>>;

function mount(at: string, root: string, rules: AccountMount["rules"], more: Partial<AccountMount> = {}): AccountMount {
  return { at, root, rootPath: root, rules, ...more };
}

const MOUNTS = [
  mount("/archive", "memory:archive", rulesOf(["/", "ro"], ["/closed", "none"], ["/2024", "rw"])),
  mount("/shared/pub", "memory:pub", rulesOf(["/", "rw"]), { quota: 10 }),
];

function setup(account: Setup["account"] = {}): Setup {
  return {
    account: { mounts: MOUNTS, ...account },
    options: {
      fileSystem: ({ rootPath }) =>
        rootPath === EMPTY_ROOT ? new EmptyVfs() : new MemoryVfs({ files: FILES[rootPath] ?? {} }),
    },
  };
}

conversation("mounts are seen in every listing of their parent", setup(), async ({ ftp }) => {
  const names = async (line: string) => (await ftp.downloadLines(line)).map((each) => each.split(" ").at(-1)).sort();
  assertEquals(await names("NLST"), ["archive", "own", "shared", "sub"]);
  assertEquals(await names("LIST"), ["archive", "own", "shared", "sub"]);
  assertEquals(await names("NLST shared"), ["shared/pub"]);
  const facts = await ftp.downloadLines("MLSD");
  const archive = facts.find((line) => line.endsWith(" archive")) ?? "";
  assertMatch(archive, /type=dir;.*perm=el;/);
  assertMatch((await ftp.expect("MLST /shared/pub", 250)).lines.join("\n"), /type=dir;.*perm=celmp;.* \/shared\/pub/);
  assertMatch((await ftp.expect("MLST /sub", 250)).lines.join("\n"), /perm=cdeflmp;/);
  await ftp.expect("SIZE /archive/2024/report", 213);
  await ftp.expect("SIZE /archive", 550);
  await ftp.expect("CWD shared", 250);
  assertEquals(await names("NLST"), ["pub"]);
  await ftp.expect("CWD pub", 250);
  assertEquals(await names("NLST -a"), ["hello"]);
  await ftp.expect("CDUP", 250);
  assertMatch((await ftp.expect("PWD", 257)).lines.join(), /"\/shared"/);
  assertEquals(await ftp.downloadText("RETR /archive/2024/report"), "333");
});

conversation("the rules of a mount are its own, with paths in the mount", setup(), async ({ ftp }) => {
  await ftp.passive().then((data) => data.close());
  await ftp.expect("STOR /archive/new", 550);
  await ftp.expect("MLST /archive/closed/x", 550);
  await ftp.expect("MKD /archive/2024/new", 257);
  await ftp.expect("MKD /new", 257);
  await ftp.expect("MKD /archive/new", 550);
});

plainConversation(
  "the rules of the account end where a mount begins",
  setup({
    rules: rulesOf(["/", "rw"]),
    mounts: [mount("/archive", "memory:archive", rulesOf(["/2024", "ro"]))],
  }),
  async ({ ftp }) => {
    await ftp.expect("MKD /archive/new", 550);
    await ftp.expect("DELE /archive/closed/x", 550);
    assertEquals(await ftp.downloadText("RETR /archive/2024/report"), "333");
  },
);

conversation("nothing is renamed across mounts, and no mount is removed or renamed", setup(), async ({ ftp }) => {
  await ftp.expect("RNFR /own", 350);
  const across = await ftp.expect("RNTO /shared/pub/own", 553);
  assertMatch(across.lines.join(), /another mounted directory.*copy/);
  await ftp.expect("RNFR /shared/pub/hello", 350);
  await ftp.expect("RNTO /shared/pub/moved", 250);
  for (const path of ["/shared/pub", "/shared"]) {
    assertMatch((await ftp.expect(`RMD ${path}`, 550)).lines.join(), /mounted directory cannot be removed/);
    await ftp.expect(`DELE ${path}`, 550);
    await ftp.expect(`RNFR ${path}`, 350);
    assertMatch((await ftp.expect("RNTO /elsewhere", 550)).lines.join(), /mounted directory cannot be removed/);
    await ftp.expect(`MKD ${path}`, 550);
  }
  await ftp.expect("RNFR /sub", 350);
  await ftp.expect("RNTO /shared", 553);
  assertMatch((await ftp.expect("MKD /shared/new", 550)).lines.join(), /exists only for the directories mounted in it/);
});

conversation("a quota counts the files of its own directory", setup({ quota: 20 }), async ({ ftp }) => {
  assertEquals((await ftp.upload("STOR /shared/pub/six", "666666")).code, 226);
  const data = await ftp.begin("STOR /shared/pub/more");
  await data.write(new Uint8Array(1));
  data.close();
  await ftp.expectReply(552);
  assertEquals((await ftp.upload("STOR /ten", "0123456789")).code, 226);
  assertMatch((await ftp.expect("AVBL /", 213)).lines.join(), /213 7$/);
  assertMatch((await ftp.expect("AVBL /shared/pub", 213)).lines.join(), /213 0$/);
});

conversation("digests are those of the file at that place", setup(), async ({ ftp }) => {
  const hash = async (path: string) => (await ftp.expect(`XMD5 ${path}`, 250)).lines.join().split(" ")[1];
  const before = await hash("/shared/pub/hello");
  assertEquals(await hash("/shared/pub/hello"), before);
  await ftp.upload("STOR /shared/pub/hello", "new");
  assertEquals(await hash("/shared/pub/hello") === before, false);
});

plainConversation(
  "an account without a root has its mounts alone",
  setup({ rootPath: EMPTY_ROOT, rules: rulesOf(["/", "ro"]) }),
  async ({ ftp }) => {
    assertEquals((await ftp.downloadLines("NLST")).sort(), ["archive", "shared"]);
    await ftp.expect("MKD /new", 550);
    await ftp.expect("AVBL /", 550);
    assertEquals((await ftp.upload("STOR /shared/pub/a", "5")).code, 226);
    assertEquals(await ftp.downloadText("RETR /shared/pub/a"), "5");
  },
);
