import { assertEquals } from "@std/assert";
import { conversation } from "../helpers/server.ts";

conversation("disconnect ends an idle session with 421, and no other one", {}, async (stage) => {
  const { ftp, server, connect, event } = stage;
  const other = await connect();
  const [info] = server.sessions();
  assertEquals(server.disconnect(info?.id ?? ""), true);
  assertEquals((await ftp.expectReply(421)).text, "Disconnected by an administrator");
  assertEquals(await ftp.closed(), "");
  assertEquals((await event("sessionClosed")).reason, "disconnected");
  await other.expect("NOOP", 200);
});

conversation("disconnect ends a transfer with 426, and then the session with the text given", {
  files: { "/big": "x".repeat(32 << 20) },
}, async ({ ftp, server, event }) => {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin("RETR big");
  await data.read(new Uint8Array(1000));
  const { session } = await event("transferStarted");
  assertEquals(server.disconnect(session, "Maintenance\r\n230 Welcome"), true);
  await ftp.expectReply(426);
  assertEquals((await ftp.expectReply(421)).text, "Maintenance??230 Welcome");
  assertEquals(await ftp.closed(), "");
  const { complete, reason } = await event("transfer");
  assertEquals([complete, reason], [false, "disconnected"]);
});

conversation("disconnect ends a session that waits for its login", {
  login: false,
  options: {
    authenticator: {
      authenticate: ({ signal }) => new Promise((_, reject) => signal?.addEventListener("abort", reject)),
    },
  },
}, async ({ ftp, server, event }) => {
  await ftp.expect("USER demo", 331);
  await ftp.send("PASS demo");
  const { session } = await event("command", ({ line }) => line.startsWith("PASS"));
  assertEquals(server.disconnect(session), true);
  await ftp.expectReply(421);
  assertEquals(await ftp.closed(), "");
});

conversation("disconnect knows no session that has ended", {}, async ({ ftp, server, event }) => {
  await ftp.expect("QUIT", 221);
  const { session } = await event("sessionClosed");
  assertEquals(server.disconnect(session), false);
  assertEquals(server.sessions(), []);
});
