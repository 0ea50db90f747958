/** Behind a balancer: what PROXY headers say of a client counts for everything (`proxyFrom`). */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import type { ServerEvent } from "../../lib/events.ts";
import { closeQuietly, type Connection, writeAll } from "../../lib/net/connection.ts";
import type { PortRange } from "../../lib/data/port_range.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { fixedCertificates } from "../../lib/tls/certificates.ts";
import { createTlsEndpoint } from "../../lib/tls/tls.ts";
import {
  BALANCER,
  Balancer,
  binaryHeader,
  type Ends,
  fromBalancer,
  lineHeader,
  LOCAL_HEADER,
} from "../helpers/balancer.ts";
import { freeRange } from "../helpers/free_range.ts";
import { nativeIo } from "../helpers/native.ts";
import { protect, testCertificate } from "../helpers/tls.ts";
import {
  authenticatorOf,
  conversation,
  nativeConversation,
  plainConversation,
  type Setup,
  type Stage,
} from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";
import { withDataThread } from "../data/thread/stage.ts";

const CLIENT = "192.0.2.7";
const ports = freeRange(12);
const behind: Setup["options"] = { proxyFrom: [BALANCER], passivePorts: ports };

/** As if all clients were at one address. */
const from = (hostname: string) => (ends: Ends) => ({ ...ends, source: { hostname, port: ends.source.port } });

/** A balancer for the ports of `server`. */
function balance(
  server: Pick<FtpServer, "address" | "implicitTlsAddress">,
  header: (ends: Ends) => Uint8Array,
  range: PortRange = ports,
): Balancer {
  const balancer = new Balancer(header);
  balancer.pass(server.address.port, ...server.implicitTlsAddress ? [server.implicitTlsAddress.port] : []);
  balancer.pass(...Array.from({ length: range.size }, (_, index) => range.first + index));
  return balancer;
}

/** Bytes both ways, and a listing. */
async function exchange(ftp: Wire): Promise<void> {
  await ftp.expect("TYPE I", 200);
  for (const size of [0, 5, 3_000_000]) {
    await ftp.upload(`STOR file${size}`, new Uint8Array(size).fill(size & 0xff));
    assertEquals((await ftp.download(`RETR file${size}`)).length, size);
  }
  assertStringIncludes(await ftp.downloadText("NLST"), "file3000000");
}

for (const [version, header] of [[1, lineHeader], [2, binaryHeader]] as const) {
  conversation(`proxyFrom takes clients' addresses from PROXY headers of version ${version}`, {
    options: behind,
  }, async ({ server, connect, event }) => {
    await using _balancer = balance(server, (ends) => header(from(CLIENT)(ends)));
    const ftp = await connect({ hostname: BALANCER });
    await ftp.login();
    await event("sessionOpened", ({ address }) => address === CLIENT);
    await exchange(ftp);
    assertStringIncludes((await ftp.expect("SITE WHO", 211)).lines.join("\n"), CLIENT);
    assertEquals((await server.sessions()).map(({ address }) => address).toSorted(), ["127.0.0.1", CLIENT]);
    await ftp.expect("QUIT", 221);
  });
}

plainConversation("PORT and EPRT through a balancer name what works instead, also after EPSV ALL", {
  options: behind,
}, async ({ ftp: direct, server, connect }) => {
  await using _balancer = balance(server, (ends) => binaryHeader(from(CLIENT)(ends)));
  const ftp = await connect({ hostname: BALANCER });
  await ftp.login();
  const expected = "502 Active mode does not work behind a load balancer: use PASV or EPSV";
  assertEquals((await ftp.say("PORT 192,0,2,7,200,1")).lines, [expected]);
  assertEquals((await ftp.say(`EPRT |1|${CLIENT}|51201|`)).lines, [expected]);
  assert(!(await ftp.expect("FEAT", 211)).lines.includes(" EPRT"));
  await ftp.expect("EPSV ALL", 200);
  await ftp.expect("PASV", 501);
  assertEquals(await ftp.downloadText("NLST"), "");
  // Without the balancer everything is as always.
  assert((await direct.expect("FEAT", 211)).lines.includes(" EPRT"));
  await direct.beginActive("NLST");
  await direct.expectReply(226);
  await ftp.expect("QUIT", 221);
});

plainConversation("PASV through a balancer names the address that the client connected to, or the public one", {
  options: { ...behind, passiveLocalNetworks: [] },
}, async ({ server, connect }) => {
  await using _balancer = balance(server, (ends) => binaryHeader(from(CLIENT)(ends)));
  const ftp = await connect({ hostname: BALANCER });
  await ftp.login();
  assertMatch((await ftp.expect("PASV", 227)).text, /\(127,0,0,9,\d+,\d+\)/);
  await ftp.expect("QUIT", 221);
});

plainConversation("PASV through a balancer names the public address", {
  options: { ...behind, passiveAddress: "203.0.113.5" },
}, async ({ server, connect }) => {
  await using _balancer = balance(server, (ends) => binaryHeader(from(CLIENT)(ends)));
  const ftp = await connect({ hostname: BALANCER });
  await ftp.login();
  assertMatch((await ftp.expect("PASV", 227)).text, /\(203,0,113,5,\d+,\d+\)/);
  await ftp.expect("QUIT", 221);
});

/** The port of EPSV. */
async function passivePort(ftp: Wire): Promise<number> {
  return Number(/\|(\d+)\|/.exec((await ftp.expect("EPSV", 229)).text)?.[1]);
}

/** A connection of the balancer that begins with `bytes`. */
async function knock(port: number, bytes: Uint8Array | string): Promise<Connection> {
  const connection = await fromBalancer(port);
  const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  if (data.length > 0) await writeAll(connection, data);
  return connection;
}

/** Reads until the server has closed `connection`; what came before. */
async function untilClosed(connection: Connection): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(1024);
  try {
    for (let count; (count = await connection.read(buffer)) !== null;) {
      text += new TextDecoder().decode(buffer.subarray(0, count));
    }
  } catch {
    // Reset, as bytes were left unread.
  }
  closeQuietly(connection);
  return text;
}

plainConversation("A data connection through a balancer is its client's alone, whatever else arrives at the port", {
  options: { ...behind, proxyHeaderTimeout: 60_000 },
}, async ({ ftp: direct, server, connect, event }) => {
  await using _balancer = balance(server, (ends) => binaryHeader(from(CLIENT)(ends)));
  const ftp = await connect({ hostname: BALANCER });
  await ftp.login();
  const port = await passivePort(ftp);
  const ends = (hostname: string): Ends => ({
    source: { hostname, port: 40000 },
    destination: { hostname: BALANCER, port },
  });
  // Another client, one that says nothing, one without a header, the balancer itself, and one that came around it.
  const others = await Promise.all([
    knock(port, binaryHeader(ends("192.0.2.66"))),
    knock(port, ""),
    knock(port, "USER demo\r\nPASS demo\r\n"),
    knock(port, LOCAL_HEADER),
    Deno.connect({ hostname: "127.0.0.1", port }),
  ]);
  assertEquals((await event("proxyHeaderRefused")).fault, "missing");
  const own = await Deno.connect({ hostname: BALANCER, port });
  await ftp.expect("NLST", 150);
  assertEquals(await untilClosed(own), "");
  await ftp.expectReply(226);
  const { message } = await event("problem", ({ message }) => message.startsWith("Rejected"));
  assertMatch(message, /^Rejected 2 data connections, the first from (192\.0\.2\.66|127\.0\.0\.1)$/);
  for (const other of others) assertEquals(await untilClosed(other), "");
  assertEquals(await direct.downloadText("NLST"), "");
  await ftp.expect("QUIT", 221);
});

plainConversation("A header from any other address is no header", {
  options: behind,
}, async ({ connect, event }) => {
  const wire = await connect();
  await wire.sendRaw(lineHeader({
    source: { hostname: CLIENT, port: 1 },
    destination: { hostname: BALANCER, port: 21 },
  }));
  assertMatch((await wire.expectReply(500)).text, /Unknown command "PROXY"/);
  await event("sessionOpened", ({ address }) => address === "127.0.0.1");
  // Version 2 was made so that others take it for nonsense and QUIT.
  const other = await connect();
  await other.sendRaw(binaryHeader({
    source: { hostname: CLIENT, port: 1 },
    destination: { hostname: BALANCER, port: 21 },
  }));
  assertMatch(await other.closed(), /^(500 .*\r\n)*221 /);
});

for (
  const [fault, bytes] of [
    ["missing", "USER demo\r\nPASS demo\r\n"],
    ["malformed", "PROXY TCP4 192.0.2.7 nowhere 1 2\r\n"],
    ["tooLong", `PROXY TCP4 ${"1".repeat(200)}`],
    ["late", "PROXY TCP4 "],
  ] as const
) {
  conversation(`A connection of a balancer with a header that is ${fault} is closed and reported`, {
    options: { ...behind, proxyHeaderTimeout: fault === "late" ? 20 : 60_000 },
  }, async ({ ftp, server, event, events }) => {
    for (const { port } of [server.address, server.implicitTlsAddress].filter((each) => each !== undefined)) {
      assertEquals(await untilClosed(await knock(port, bytes)), "");
    }
    const { balancer } = await event("proxyHeaderRefused", (refused) => refused.fault === fault);
    assertEquals(balancer, BALANCER);
    // Once a minute.
    assertEquals(events.filter(({ type }) => type === "proxyHeaderRefused").length, 1);
    assertEquals((await server.sessions()).length, 1);
    await ftp.expect("NOOP", 200);
  });
}

conversation("A balancer that looks whether the server lives is greeted, and is no session", {
  options: { ...behind, banner: "alive", maxSessions: 1 },
}, async ({ ftp, server, events }) => {
  const { address, implicitTlsAddress } = server;
  for (const header of [LOCAL_HEADER, "PROXY UNKNOWN\r\n"]) {
    assertEquals(await untilClosed(await knock(address.port, header)), "220 alive\r\n");
    if (implicitTlsAddress) assertEquals(await untilClosed(await knock(implicitTlsAddress.port, header)), "");
  }
  const probe = await knock(address.port, "");
  closeQuietly(probe);
  const isSession = ({ type }: ServerEvent) => type === "sessionOpened" || type === "connectionRefused";
  assertEquals(events.filter(isSession).length, 1);
  await ftp.expect("NOOP", 200);
});

plainConversation("Limits, networks and bans count the clients behind a balancer, not the balancer", {
  options: { ...behind, maxSessionsPerIp: 1, banAfter: 1, denyFrom: ["198.51.100.0/24"], maxLoginFailures: 1 },
  login: false,
}, async ({ server, event }) => {
  let client = CLIENT;
  await using _balancer = balance(server, (ends) => binaryHeader(from(client)(ends)));
  const answer = async (hostname: string) => {
    client = hostname;
    const wire = await Wire.connect(server.address.port, { hostname: BALANCER });
    return { wire, line: (await wire.reply()).lines.join() };
  };
  const first = await answer(CLIENT);
  assertMatch(first.line, /^220 /);
  const second = await answer(CLIENT);
  assertMatch(second.line, /^421 Too many sessions from your address/);
  const denied = await answer("198.51.100.9");
  assertMatch(denied.line, /^421 Connections from your address are not accepted/);
  const guesser = await answer("192.0.2.66");
  await guesser.wire.expect("USER demo", 331);
  await guesser.wire.send("PASS wrong");
  assertEquals((await event("addressBanned")).address, "192.0.2.66");
  const again = await answer("192.0.2.66");
  assertMatch(again.line, /^421 Too many failed logins/);
  const other = await answer("192.0.2.8");
  assertMatch(other.line, /^220 /);
  for (const { wire } of [first, second, denied, guesser, again, other]) wire.close();
});

plainConversation("A server that shuts down waits for no header", { options: behind }, async ({ server }) => {
  const { port } = server.address;
  const silent = await Promise.all([1, 2, 3].map(() => knock(port, "PROXY ")));
  await server.shutdown({ grace: 0 });
  for (const each of silent) assertEquals(await untilClosed(each), "");
  await assertRejects(() => fromBalancer(port));
});

Deno.test("The TLS of older runtimes takes the headers of balancers, also before the first byte of TLS", async () => {
  const range = freeRange(12);
  using endpoint = await createTlsEndpoint(fixedCertificates(await testCertificate()), { route: "relay" });
  const files = new MemoryVfs();
  await using server = new FtpServer({
    ...{ authenticator: authenticatorOf({ name: "demo" }), fileSystem: () => files, port: 0 },
    ...{ proxyFrom: [BALANCER], passivePorts: range, tls: { endpoint, implicitPort: 0 } },
  });
  server.listen();
  await using _balancer = balance(server, (ends) => binaryHeader(from(CLIENT)(ends)), range);
  const { port } = server.implicitTlsAddress ?? { port: 0 };
  await using implicit = await Wire.connect(port, { hostname: BALANCER, protect });
  await implicit.expectReply(220);
  await using explicit = await Wire.connect(server.address.port, { hostname: BALANCER });
  await explicit.expectReply(220);
  await explicit.startTls(protect);
  for (const ftp of [implicit, explicit]) {
    await ftp.login();
    await exchange(ftp);
    assertStringIncludes((await ftp.expect("SITE WHO", 211)).lines.join("\n"), CLIENT);
    await ftp.expect("QUIT", 221);
  }
});

Deno.test("Data threads take the headers of balancers", async () => {
  const range = freeRange(12);
  const options = { proxyFrom: [BALANCER], passivePorts: range };
  await withDataThread({ options }, async ({ server, event, asked }) => {
    await using _balancer = balance(server, (ends) => binaryHeader(from(CLIENT)(ends)), range);
    await using ftp = await Wire.connect(server.address.port, { hostname: BALANCER });
    await ftp.expectReply(220);
    await ftp.login();
    const before = asked.count;
    await exchange(ftp);
    const port = await passivePort(ftp);
    assertEquals(await untilClosed(await knock(port, "USER demo\r\nPASS demo\r\n")), "");
    assertEquals((await event("proxyHeaderRefused")).balancer, BALANCER);
    assert(asked.count > before);
    await ftp.expect("QUIT", 221);
  });
});

/** Downloads and listings in a row, which the C library would serve. */
async function small({ server, connect }: Pick<Stage, "server" | "connect">): Promise<void> {
  await using _balancer = balance(server, (ends) => lineHeader(from(CLIENT)(ends)));
  const ftp = await connect({ hostname: BALANCER });
  await ftp.login();
  await ftp.upload("STOR small", "content");
  for (let times = 0; times < 5; times++) {
    assertEquals(await ftp.downloadText("NLST"), "small\r\n");
    assertEquals(await ftp.downloadText("RETR small"), "content");
  }
  await exchange(ftp);
  await ftp.expect("QUIT", 221);
}

let native: ReturnType<typeof nativeIo> | undefined;
nativeConversation("The engine of the C library takes the headers of balancers", {
  options: {
    ...behind,
    get dataEngine() {
      return (native ??= nativeIo()).dataEngine;
    },
  },
}, small);
