/** Who is let in at all: `allowFrom` and `denyFrom` of the server. */

import { assertEquals, assertMatch } from "@std/assert";
import type { FtpServer } from "../../lib/server/server.ts";
import { plainConversation } from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";

/** The greeting, or the refusal. */
async function greeting(server: FtpServer, from: string): Promise<string> {
  await using wire = await Wire.connect(server.address.port, { from });
  return (await wire.reply()).lines.join();
}

plainConversation("allowFrom lets in those networks and no other", {
  options: { allowFrom: ["127.0.0.0/30"] },
}, async ({ server, event, events }) => {
  assertMatch(await greeting(server, "127.0.0.2"), /^220 /);
  assertMatch(await greeting(server, "127.0.0.4"), /^421 Connections from your address are not accepted/);
  assertEquals((await event("connectionRefused")).address, "127.0.0.4");
  // It is no offence: the network may belong to people who have a wrong address.
  assertEquals(events.filter(({ type }) => type === "addressBanned"), []);
  assertEquals((await server.sessions()).filter(({ address }) => address === "127.0.0.4"), []);
});

plainConversation("denyFrom wins over allowFrom", {
  options: { allowFrom: ["127.0.0.0/8"], denyFrom: ["127.0.0.5", "10.0.0.0/8"] },
}, async ({ server }) => {
  assertMatch(await greeting(server, "127.0.0.4"), /^220 /);
  assertMatch(await greeting(server, "127.0.0.5"), /^421 /);
});

plainConversation("denyFrom alone lets in everyone else", {
  options: { denyFrom: ["127.0.0.5"] },
}, async ({ ftp, server }) => {
  for (let knock = 0; knock < 20; knock++) assertMatch(await greeting(server, "127.0.0.5"), /^421 /);
  assertMatch(await greeting(server, "127.0.0.6"), /^220 /);
  await ftp.expect("NOOP", 200);
});
