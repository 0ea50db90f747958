import { dirname, join } from "@std/path";
import { assertEquals } from "@std/assert";
import { ALICE, ServerUnderTest } from "../clients/server_under_test.ts";
import { Wire } from "../helpers/wire.ts";

for (const workers of [1, 2]) {
  Deno.test({
    name: `serve ends the sessions of an account that is disabled, and no others, with ${workers} event loop(s)`,
    ignore: Deno.build.os === "windows",
  }, async () => {
    await using server = await ServerUnderTest.start({ workers });
    const path = join(dirname(server.root), "users.json");
    const file = JSON.parse(await Deno.readTextFile(path));
    const [alice] = file.accounts;
    await rewrite(path, { ...file, accounts: [alice, { ...alice, name: "bob" }] }, server.pid);
    await using stays = await logIn(server.port, "bob");
    await using ends = await logIn(server.port, ALICE.user);
    await rewrite(path, { ...file, accounts: [{ ...alice, enabled: false }, { ...alice, name: "bob" }] }, server.pid);
    const { code, lines } = await ends.reply();
    assertEquals([code, lines], [421, ["421 This account is closed"]]);
    await stays.expect("NOOP", 200);
  });
}

async function rewrite(path: string, content: unknown, pid: number): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, JSON.stringify(content));
  await Deno.rename(`${path}.new`, path);
  Deno.kill(pid, "SIGHUP");
}

/** Until the server has taken the new file. */
async function logIn(port: number, user: string): Promise<Wire> {
  for (;;) {
    const ftp = await Wire.connect(port);
    await ftp.expectReply(220);
    await ftp.expect(`USER ${user}`, 331);
    if ((await ftp.say(`PASS ${ALICE.password}`)).code === 230) return ftp;
    await ftp[Symbol.asyncDispose]();
  }
}
