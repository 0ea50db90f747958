import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { ALICE, ServerUnderTest } from "../clients/server_under_test.ts";
import { Wire } from "../helpers/wire.ts";

/** The records of a log of JSON lines. */
function recordsOf(log: string): Record<string, unknown>[] {
  return log.trimEnd().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

async function talk(server: ServerUnderTest): Promise<void> {
  await using ftp = await Wire.connect(server.port);
  await ftp.expectReply(220);
  await ftp.login(ALICE.user, "wrong").catch(() => {});
  await ftp.login(ALICE.user, ALICE.password);
  await ftp.expect("TYPE I", 200);
  await ftp.upload("STOR a", "12345");
  assertEquals(await ftp.downloadText("RETR a"), "12345");
  await ftp.expect("QUIT", 221);
}

for (const workers of [1, 2]) {
  Deno.test(`serve logs how it begins, and how it ends and what it did, with ${workers} event loop(s)`, async () => {
    await using server = await ServerUnderTest.start({
      ...{ logLevel: "info", tls: true, workers },
      flags: ["--log-format", "json", "--passive-ports", "40000-40020"],
    });
    await talk(server);
    await server.untilLogged(/"event":"sessionClosed"/);
    await server.stop();
    const records = recordsOf(server.log());
    const started = records.find(({ event }) => event === "started");
    assert(started);
    const { version, address, implicitTls, tls, certificates, passivePorts, accounts, accountsFile } = started;
    assertEquals([version, address, tls, passivePorts, accounts, started.workers], [
      ...["0.1.0", `127.0.0.1:${server.port}`, "optional", "40000-40020", 1, workers],
    ]);
    assertMatch(String(implicitTls), /^127\.0\.0\.1:\d+$/);
    assertMatch(String(accountsFile), /users\.json$/);
    assertMatch(JSON.stringify(certificates), /^\[\{"names":\["localhost".*\],"daysLeft":\d+\}\]$/);
    const stopped = records.at(-1) ?? {};
    const { event, reason, signal, sessions, logins, failedLogins, transfers, bytesSent, bytesReceived } = stopped;
    assertEquals([event, reason, signal], ["stopped", "signal", "SIGTERM"]);
    assertEquals([sessions, logins, failedLogins, transfers, bytesSent, bytesReceived], [1, 1, 1, 2, 5, 5]);
    assertEquals(records.filter((record) => record.event === "login").map(({ protection }) => protection), [
      "clear",
      "clear",
    ]);
  });
}

Deno.test("serve logs as text what it begins and ends with, each on one line", async () => {
  await using server = await ServerUnderTest.start({ logLevel: "info" });
  await talk(server);
  await server.untilLogged(/Session closed/);
  await server.stop();
  const log = server.log();
  const [first, last] = [/^.* serves at .*$/m, /^.* Stopped .*\n$/m].map((line) => line.exec(log)?.[0] ?? "");
  const setting = 'no TLS, passive ports: any, 1 account of "[^"]+users.json", 1 worker';
  assertMatch(first ?? "", new RegExp(`^\\S+ info {4}denoftpd 0\\.1\\.0 serves at 127\\.0\\.0\\.1:\\d+, ${setting}$`));
  assertMatch(last ?? "", /^\S+ info {4}Stopped by SIGTERM after \d+ seconds?, 1 session, 1 login \(1 failed\), /);
});

Deno.test("serve says what the system refused: the code and the real path, in the log alone", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using server = await ServerUnderTest.start({ logLevel: "info" });
  // A link that leads nowhere else than to itself: root fails at it, too.
  await Deno.symlink("loop", join(server.root, "loop"));
  await using ftp = await Wire.connect(server.port);
  await ftp.expectReply(220);
  await ftp.login(ALICE.user, ALICE.password);
  await ftp.passive();
  const { text } = await ftp.expect("RETR loop", 550);
  assertEquals(text.includes(server.root), false);
  assertMatch(
    await server.untilLogged(/Refused "RETR loop"/),
    /Refused "RETR loop" in "\/" with 550 .*root\/loop/,
  );
});
