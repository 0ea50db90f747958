import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { Entry, VirtualPath } from "../../lib/vfs/vfs.ts";
import { nativeTest } from "../helpers/native.ts";
import { conversation } from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";

/** Directories of these names are closed to the process. */
class ClosedVfs extends MemoryVfs {
  readonly closed = new Set<string>();

  override async stat(path: VirtualPath): Promise<Entry> {
    const entry = await super.stat(path);
    return this.closed.has(path) ? { ...entry, closed: true } : entry;
  }
}

const vfs = new ClosedVfs({ files: { "/shut/a": "a", "/open/b": "b" } });

conversation("CWD into a directory that the process may not enter is 550", { vfs: () => vfs }, async ({ ftp }) => {
  vfs.closed.add("/shut");
  await ftp.expect("CWD open", 250);
  await ftp.expect("CWD ../shut", 550);
  assertEquals((await ftp.expect("PWD", 257)).text, '"/open" is the working directory');
  vfs.closed.clear();
  await ftp.expect("CWD ../shut", 250);
});

conversation("A login whose root cannot be entered is 530, and again 230 when it can be", {
  vfs: () => vfs,
}, async ({ ftp, connect, event }) => {
  await ftp.expect("PWD", 257);
  vfs.closed.add("/");
  const other = await connect();
  await other.expect("USER demo", 331);
  await other.expect("PASS demo", 530);
  await other.expect("PWD", 530);
  assertEquals((await event("problem")).level, "error");
  vfs.closed.clear();
  await other.login();
  await other.expect("PWD", 257);
});

async function withNobody(how: "runtime" | "native"): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-" }));
  for (const name of ["open", "shut", "through"]) await Deno.mkdir(`${root}/${name}`);
  await Deno.symlink("shut", `${root}/link`);
  await Deno.chmod(root, 0o755);
  // To be listed, but not to be entered; and the other way round.
  await Deno.chmod(`${root}/shut`, 0o644);
  await Deno.chmod(`${root}/through`, 0o311);
  const script = fromFileUrl(new URL("./server_as_nobody.ts", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", script, root, how],
    stdin: "piped",
    stdout: "piped",
  });
  const server = command.spawn();
  const reader = server.stdout.getReader();
  try {
    const port = Number(new TextDecoder().decode((await reader.read()).value));
    await using ftp = await Wire.connect(port);
    await ftp.expectReply(220);
    await ftp.login();
    for (const [name, code] of [["open", 250], ["shut", 550], ["link", 550], ["through", 250]] as const) {
      await ftp.expect(`CWD /${name}`, code);
    }
    await Deno.chmod(root, 0o644);
    await using other = await Wire.connect(port);
    await other.expectReply(220);
    await other.expect("USER demo", 331);
    await other.expect("PASS demo", 530);
    await Deno.chmod(root, 0o755);
    await other.login();
  } finally {
    await server.stdin.close();
    await reader.cancel();
    await server.status;
    await Deno.chmod(root, 0o755);
    for (const name of ["shut", "through"]) await Deno.chmod(`${root}/${name}`, 0o755);
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test({
  name: "DiskVfs knows which directories the system lets the process enter",
  ignore: Deno.build.os === "windows",
  fn: () => withNobody("runtime"),
});
nativeTest(
  "DiskVfs knows which directories the system lets the process enter, by the C library",
  () => withNobody("native"),
);
