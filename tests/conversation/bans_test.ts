import { assert, assertEquals, assertMatch } from "@std/assert";
import { Wire } from "../helpers/wire.ts";
import { conversation, plainConversation, type Stage } from "../helpers/server.ts";
import type { FtpServer } from "../../lib/server/server.ts";

const LASTING = 60_000;

/** The text of the 421 that a new connection from `from` gets; `undefined` if it is greeted. */
async function refusalOf(server: FtpServer, from?: string): Promise<string | undefined> {
  await using wire = await Wire.connect(server.address.port, { from });
  const { code, text } = await wire.reply();
  return code === 421 ? text : undefined;
}

async function failTo(ftp: Wire, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await ftp.expect("USER demo", 331);
    await ftp.expect("PASS wrong", 530);
  }
}

conversation("An address that is shut out is an event with its reason and its end, and so is its return", {
  login: false,
  options: { banAfter: 3, banTime: 300 },
}, async ({ ftp, server, event }) => {
  await failTo(ftp, 3);
  const { address, network, reason, until, time, round } = await event("addressBanned");
  assertEquals([address, network, reason, round], ["127.0.0.1", "127.0.0.1", "failed logins (3)", 1]);
  assert(until > time && until <= time + 300);
  assertEquals((await event("addressAllowed")).network, "127.0.0.1");
  assertEquals(await refusalOf(server), undefined);
});

const ABUSES: readonly {
  readonly what: string;
  readonly reason: string;
  readonly options?: { readonly loginTimeout: number };
  readonly act: (stage: Stage) => Promise<unknown>;
}[] = [
  { what: "an endless line", reason: "endless lines (1)", act: ({ ftp }) => ftp.sendRaw("x".repeat(300 * 1024)) },
  { what: "bad commands", reason: "bad commands (1)", act: ({ ftp }) => ftp.sendRaw("NONSENSE\r\n".repeat(10)) },
  { what: "HTTP", reason: "another protocol (1)", act: ({ ftp }) => ftp.sendRaw("GET / HTTP/1.1\r\n\r\n") },
  {
    what: "no login in time",
    reason: "no login in time (1)",
    options: { loginTimeout: 50 },
    act: ({ ftp }) => ftp.expectReply(421),
  },
];

for (const { what, reason, options, act } of ABUSES) {
  // Only the first line can be one of HTTP, and a handshake may take longer than the login may.
  const talk = what === "HTTP" || options ? plainConversation : conversation;
  talk(`An address is shut out for ${what}`, {
    login: false,
    options: { banAfter: 2, banTime: LASTING, ...options },
  }, async (stage) => {
    await act(stage).catch(() => {});
    assertEquals((await stage.event("addressBanned")).reason, reason);
    assertMatch(await refusalOf(stage.server) ?? "", /from your address/);
  });
}

plainConversation("A stranger at a data port is shut out, and the owner of the port is not", {
  files: { "/a": "content" },
  options: { banAfter: 3, banTime: LASTING },
}, async ({ ftp, server, event }) => {
  const { text } = await ftp.expect("EPSV", 229);
  const port = Number(/\|\|\|(\d+)\|/.exec(text)?.[1]);
  for (let knock = 0; knock < 3; knock++) (await Wire.connect(port, { from: "127.0.0.2" })).close();
  assertEquals((await event("addressBanned")).address, "127.0.0.2");
  assertMatch(await refusalOf(server, "127.0.0.2") ?? "", /from your address/);
  assertEquals(await refusalOf(server), undefined);
});

plainConversation("Loopback and exempt networks are not shut out by default", {
  login: false,
  options: { failureDelay: 0, maxLoginFailures: 0 },
}, async ({ ftp, server, events }) => {
  await failTo(ftp, 60);
  assertEquals(await refusalOf(server), undefined);
  assertEquals(events.filter(({ type }) => type === "addressBanned"), []);
});

plainConversation("banExempt keeps a network from being shut out, and no other", {
  login: false,
  options: { banAfter: 2, banTime: LASTING, banExempt: ["127.0.0.1/32"] },
}, async ({ ftp, server, event }) => {
  await failTo(ftp, 4);
  assertEquals(await refusalOf(server), undefined);
  await using other = await Wire.connect(server.address.port, { from: "127.0.0.2" });
  await other.expectReply(220);
  await failTo(other, 2);
  assertEquals((await event("addressBanned")).address, "127.0.0.2");
});

plainConversation("connectRate limits new connections of an address, a third of a minute's at once", {
  login: false,
  options: { connectRate: 6, banAfter: 0 },
}, async ({ server, event }) => {
  // One has greeted already.
  assertEquals(await refusalOf(server), undefined);
  assertMatch(await refusalOf(server) ?? "", /in a short time/);
  assertEquals(await refusalOf(server, "127.0.0.2"), undefined);
  assertMatch((await event("connectionRefused")).reason, /in a short time/);
});

plainConversation("An address that goes on connecting too often is shut out", {
  login: false,
  options: { connectRate: 3, banAfter: 5, banTime: LASTING },
}, async ({ server, event }) => {
  for (let time = 0; time < 5; time++) await refusalOf(server);
  assertEquals((await event("addressBanned")).reason, "too many connections (5)");
});

conversation("maxStrangers limits sessions without a login over all addresses, and a login makes room", {
  login: false,
  options: { maxStrangers: 2 },
}, async ({ ftp, server, connect }) => {
  await using second = await Wire.connect(server.address.port, { from: "127.0.0.2" });
  await second.expectReply(220);
  assertMatch(await refusalOf(server, "127.0.0.3") ?? "", /have not logged in/);
  await ftp.login();
  const third = await connect();
  assertMatch(await refusalOf(server) ?? "", /have not logged in/);
  third.close();
});
