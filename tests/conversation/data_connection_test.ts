import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { connect as connectFrom } from "node:net";
import type { ServerEvent } from "../../lib/events.ts";
import { PortRange } from "../../lib/data/port_range.ts";
import { parseExtendedPassiveText } from "../../lib/protocol/address.ts";
import { resetAtOnce } from "../helpers/reset.ts";
import { conversation, plainConversation } from "../helpers/server.ts";
import { readAll, type Wire } from "../helpers/wire.ts";

const files = { "/a": "hello" };

/** Chooses active mode with `command`, and gives what RETR brings. */
async function retrieveActive(ftp: Wire, hostname: string, command: (port: number) => string): Promise<string> {
  using listener = Deno.listen({ hostname, port: 0 });
  await ftp.expect(command(listener.addr.port), 200);
  await ftp.expect("RETR a", 150);
  const bytes = await readAll(await ftp.protect(await listener.accept()));
  await ftp.expectReply(226);
  return new TextDecoder().decode(bytes);
}

const portCommand = (port: number) => `PORT 127,0,0,1,${port >> 8},${port & 255}`;

async function passivePort(ftp: Wire): Promise<number> {
  return parseExtendedPassiveText((await ftp.expect("EPSV", 229)).text) ?? 0;
}

function isRefused(port: number, hostname = "127.0.0.1"): Promise<unknown> {
  return assertRejects(() => Deno.connect({ hostname, port }), Deno.errors.ConnectionRefused);
}

/** A range of one port that nobody uses. */
function onePort(): PortRange {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return new PortRange(listener.addr.port, listener.addr.port);
}

conversation("PASV names address and port in parentheses, and no other digits", { files }, async ({ ftp }) => {
  const { lines } = await ftp.expect("PASV", 227);
  const [, high = "", low = ""] = /^227 [^0-9]*\(127,0,0,1,(\d+),(\d+)\)[^0-9]*$/.exec(lines[0] ?? "") ?? [];
  const plain = await Deno.connect({ hostname: "127.0.0.1", port: Number(high) * 256 + Number(low) });
  await ftp.expect("RETR a", 150);
  assertEquals(new TextDecoder().decode(await readAll(await ftp.protect(plain))), "hello");
  await ftp.expectReply(226);
});

conversation("EPSV names the port alone, between bars", {}, async ({ ftp }) => {
  assertMatch((await ftp.expect("EPSV", 229)).text, /\(\|\|\|\d+\|\)/);
  await ftp.expect("EPSV 1", 229);
  assertMatch((await ftp.expect("EPSV 2", 522)).text, /\(1\)/);
  assertMatch((await ftp.expect("EPSV 9", 522)).text, /\(1\)/);
  await ftp.expect("EPSV x", 501);
});

conversation("EPSV ALL leaves nothing but EPSV", { files }, async ({ ftp }) => {
  await ftp.expect("epsv all", 200);
  await ftp.expect("PASV", 501);
  await ftp.expect("PORT 127,0,0,1,200,0", 501);
  await ftp.expect("EPRT |1|127.0.0.1|50000|", 501);
  assertEquals(await ftp.downloadText("RETR a"), "hello");
});

conversation("PORT and EPRT make the server connect", { files }, async ({ ftp }) => {
  assertEquals(await retrieveActive(ftp, "127.0.0.1", portCommand), "hello");
  assertEquals(await retrieveActive(ftp, "127.0.0.1", (port) => `EPRT |1|127.0.0.1|${port}|`), "hello");
  assertEquals(await retrieveActive(ftp, "127.0.0.1", (port) => `EPRT !1!127.0.0.1!${port}!`), "hello");
});

conversation(
  "EPSV and EPRT work over IPv6, PASV and PORT answer 522",
  { files, options: { host: "::1" } },
  async ({ ftp }) => {
    assertEquals(await ftp.downloadText("RETR a"), "hello");
    await ftp.expect("EPSV 2", 229);
    assertMatch((await ftp.expect("EPSV 1", 522)).text, /\(2\)/);
    assertMatch((await ftp.expect("PASV", 522)).text, /\(2\)/);
    assertMatch((await ftp.expect("PORT 127,0,0,1,200,0", 522)).text, /\(2\)/);
    assertMatch((await ftp.expect("EPRT |1|127.0.0.1|50000|", 522)).text, /\(2\)/);
    assertEquals(await retrieveActive(ftp, "::1", (port) => `EPRT |2|::1|${port}|`), "hello");
  },
);

conversation(
  "PASV works for an IPv4 client of a listener for both families",
  { files, options: { host: "::" } },
  async ({ connect }) => {
    const ftp = await connect({ hostname: "127.0.0.1" });
    await ftp.login();
    assertMatch((await ftp.expect("PASV", 227)).text, /\(127,0,0,1,/);
    await ftp.expect("EPSV 1", 229);
    assertEquals(await ftp.downloadText("RETR a"), "hello");
    assertEquals(await retrieveActive(ftp, "127.0.0.1", portCommand), "hello");
    const other = await connect({ hostname: "::1" });
    await other.login();
    assertEquals(await other.downloadText("RETR a"), "hello");
  },
);

conversation(
  "PASV names the address that the client came in on",
  { files, options: { host: "0.0.0.0" } },
  async ({ connect }) => {
    const ftp = await connect({ hostname: "127.0.0.2" });
    await ftp.login();
    assertMatch((await ftp.expect("PASV", 227)).text, /\(127,0,0,2,/);
  },
);

conversation("PORT and EPRT refuse other addresses, privileged ports and nonsense", {}, async ({ ftp }) => {
  const bounce = await ftp.expect("PORT 127,0,0,2,200,0", 501);
  assertMatch(bounce.text, /passive/);
  await ftp.expect("EPRT |1|10.1.2.3|50000|", 501);
  await ftp.expect("PORT 127,0,0,1,3,255", 501);
  await ftp.expect("EPRT |1|127.0.0.1|1023|", 501);
  for (const bad of ["1,2,3", "127,0,0,1,256,1", "a,b,c,d,e,f", "127,0,0,1,1,1,1"]) {
    await ftp.expect(`PORT ${bad}`, 501);
  }
  for (const bad of ["|1|127.0.0.1|x|", "|1|localhost|5000|", "1,127", "|1|127.0.0.1|99999|"]) {
    await ftp.expect(`EPRT ${bad}`, 501);
  }
  assertMatch((await ftp.expect("EPRT |2|::1|50000|", 522)).text, /\(1\)/);
  assertMatch((await ftp.expect("EPRT |3|x|50000|", 522)).text, /\(1\)/);
  await ftp.expect("LIST", 425);
});

/** Resolves once somebody at 127.0.0.2 was turned away at `port`. */
async function comeAsStranger(port: number): Promise<void> {
  const stranger = connectFrom({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
  await new Promise<void>((resolve) => stranger.on("error", () => {}).on("close", () => resolve()).resume());
}

plainConversation("EPSV turns a stranger away and goes on waiting", { files }, async ({ ftp, event }) => {
  const port = await passivePort(ftp);
  await ftp.expect("RETR a", 150);
  await comeAsStranger(port);
  const data = await Deno.connect({ hostname: "127.0.0.1", port });
  assertEquals(new TextDecoder().decode(await readAll(data)), "hello");
  await ftp.expectReply(226);
  assertMatch((await event("problem")).message, /a data connection from 127\.0\.0\.2/);
});

plainConversation("EPSV reports any number of strangers at once", { files }, async ({ ftp, event, events }) => {
  const port = await passivePort(ftp);
  await ftp.expect("RETR a", 150);
  for (let count = 0; count < 5; count++) await comeAsStranger(port);
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
  const isWarning = (each: ServerEvent) => each.type === "problem" && each.level === "warning";
  assertMatch((await event("problem", isWarning)).message, /5 data connections, the first from 127\.0\.0\.2/);
  assertEquals(events.filter(isWarning).length, 1);
});

conversation("A passive port that no client connects to is released, and 425 says what is missing", {
  files,
  options: { passivePorts: onePort(), dataTimeout: 20 },
}, async ({ ftp, connect }) => {
  await passivePort(ftp);
  const other = await connect();
  await other.login();
  let code = 425;
  for (let tries = 0; tries < 2000 && code === 425; tries++) ({ code } = await other.say("EPSV"));
  assertEquals(code, 229);
  assertMatch((await ftp.expect("RETR a", 425)).text, /EPSV/);
});

conversation("A data connection that was reset before it was accepted is 425, without a long wait", {
  files,
  options: { dataTimeout: 0 },
}, async ({ ftp }) => {
  resetAtOnce(await passivePort(ftp));
  await ftp.expect("RETR a", 150);
  await ftp.expectReply(425);
});

plainConversation(
  "EPSV takes a stranger where that is allowed",
  { files, options: { allowForeignDataPeer: true } },
  async ({ ftp }) => {
    const port = await passivePort(ftp);
    const friend = connectFrom({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
    const received = new Promise<string>((resolve) => {
      let text = "";
      friend.on("data", (chunk) => text += String(chunk)).on("close", () => resolve(text));
    });
    await ftp.expect("RETR a", 150);
    await ftp.expectReply(226);
    assertEquals(await received, "hello");
    await ftp.expect("PORT 127,0,0,2,200,0", 200);
  },
);

const range = onePort();
conversation("EPSV uses the ports of the range, answers 425 when all are in use, and releases them", {
  files,
  options: { passivePorts: range },
}, async ({ ftp, connect, event }) => {
  const other = await connect();
  await other.login();
  assertEquals(await passivePort(ftp), range.first);
  assertEquals(await passivePort(ftp), range.first, "the former choice is given back first");
  assertMatch((await other.expect("EPSV", 425)).text, /port/);
  await other.expect("PASV", 425);
  assertEquals((await event("problem")).level, "warning");
  await ftp.expect("QUIT", 221);
  await event("sessionClosed");
  assertEquals(await other.downloadText("RETR a"), "hello");
  assertEquals(range.taken, 0);
  using _foreign = Deno.listen({ hostname: "127.0.0.1", port: range.first });
  await other.expect("EPSV", 425);
});

conversation("PASV ten thousand times without a connection leaves one listener", {}, async ({ ftp }) => {
  const batch = 500;
  let former = 0;
  let last = 0;
  for (let sent = 0; sent < 10_000; sent += batch) {
    await ftp.sendRaw("EPSV\r\n".repeat(batch));
    for (let index = 0; index < batch; index++) {
      former = last;
      last = parseExtendedPassiveText((await ftp.expectReply(229)).text) ?? 0;
    }
  }
  assertNotEquals(former, last);
  // The system has it back a turn of the event loop later.
  await ftp.expect("NOOP", 200);
  await isRefused(former);
  (await Deno.connect({ hostname: "127.0.0.1", port: last })).close();
});

for (
  const ending of [
    "PORT 127,0,0,1,200,0",
    "ABOR",
    "REIN",
    "USER demo",
    "QUIT",
    "RETR missing",
    "LIST missing",
    "MLSD a",
  ]
) {
  conversation(`EPSV is given back by ${ending}`, { files }, async ({ ftp }) => {
    const port = await passivePort(ftp);
    const { code } = await ftp.say(ending);
    assert(code !== 150, `${ending} began a transfer`);
    // Pipelined behind it, so that what the command leaves to do is done.
    if (ending === "QUIT") await ftp.closed();
    else await ftp.expect("NOOP", 200);
    await isRefused(port);
  });
}

conversation("EPSV is given back when the client vanishes", {}, async ({ ftp, event, connect }) => {
  const port = await passivePort(ftp);
  ftp.close();
  await event("sessionClosed");
  // The system has the port back a turn of the event loop later.
  await connect();
  await isRefused(port);
});

conversation("RETR answers 425 when no data connection comes", {
  files,
  options: { dataTimeout: 300 },
}, async ({ ftp, event }) => {
  const port = await passivePort(ftp);
  await ftp.expect("RETR a", 150);
  await ftp.expectReply(425);
  assertEquals((await event("transfer")).reason, "dataNotOpened");
  await isRefused(port);
  await ftp.expect("RETR a", 425);
});

conversation("RETR answers 425 when the client's port is closed", { files }, async ({ ftp }) => {
  let port;
  {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    port = listener.addr.port;
  }
  await ftp.expect(portCommand(port), 200);
  await ftp.expect("RETR a", 150);
  await ftp.expectReply(425);
});

conversation("Every transfer without a chosen port is answered 425", { files }, async ({ ftp }) => {
  for (const line of ["RETR a", "STOR b", "APPE b", "STOU", "LIST", "NLST", "MLSD"]) await ftp.expect(line, 425);
});

plainConversation("PASV names the public address to clients from elsewhere", {
  options: { passiveAddress: "192.0.2.7", passiveLocalNetworks: [] },
}, async ({ ftp }) => void assertMatch((await ftp.expect("PASV", 227)).text, /\(192,0,2,7,/));

plainConversation("PASV names the local address to clients of local networks", {
  options: { passiveAddress: "192.0.2.7", passiveLocalNetworks: ["127.0.0.0/8"] },
}, async ({ ftp }) => void assertMatch((await ftp.expect("PASV", 227)).text, /\(127,0,0,1,/));

plainConversation("PASV names the address of a DNS name", {
  options: { passiveAddress: "localhost", passiveLocalNetworks: [] },
}, async ({ ftp }) => void assertMatch((await ftp.expect("PASV", 227)).text, /\(127,0,0,1,/));
