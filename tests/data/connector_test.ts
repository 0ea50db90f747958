import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect } from "node:net";
import { DataConnectionError, type DataConnector, type PassiveEnd } from "../../lib/data/engine.ts";
import { LocalEngine } from "../../lib/data/local_engine.ts";
import { PortRange, PortsExhausted } from "../../lib/data/port_range.ts";
import { writeAll } from "../../lib/net/connection.ts";
import { resetAtOnce } from "../helpers/reset.ts";
import { patternOf, readToEnd, sha256 } from "./helpers.ts";

const LOCAL = { hostname: "127.0.0.1", peer: "127.0.0.1", timeout: 30_000 };
const never = new AbortController().signal;
const engine = new LocalEngine();

function dial(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

async function failureOf(opening: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => opening, DataConnectionError)).kind;
}

/** Nobody listens there any more. */
async function assertClosed(port: number): Promise<void> {
  await assertRejects(() => dial(port), Deno.errors.ConnectionRefused);
}

/** A range of the one port that was just free. */
function singlePort(): PortRange {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return new PortRange(listener.addr.port, listener.addr.port);
}

Deno.test("passive port accepts a client that came before the transfer command", async () => {
  const port = await engine.listen(LOCAL);
  using client = await dial(port.port);
  using server = { connection: await port.open(never), [Symbol.dispose]: () => server.connection.close() };
  await writeAll(server.connection, new Uint8Array([7]));
  assertEquals(await client.read(new Uint8Array(1)), 1);
  await assertClosed(port.port);
});

Deno.test("passive port accepts a client that comes after the transfer command", async () => {
  const port = await engine.listen(LOCAL);
  const opening = port.open(never);
  using _client = await dial(port.port);
  (await opening).close();
  await assertClosed(port.port);
});

Deno.test("passive port drops a stranger, reports it and keeps waiting", async () => {
  const strangers: string[] = [];
  const port = await engine.listen({ ...LOCAL, onStranger: (address) => strangers.push(address) });
  const stranger = connect({ host: "127.0.0.1", port: port.port, localAddress: "127.0.0.2" });
  const dropped = new Promise((resolve) => stranger.once("close", resolve));
  await new Promise<void>((resolve) => stranger.once("connect", () => resolve()));
  stranger.resume();
  const opening = port.open(never);
  await dropped;
  using client = await dial(port.port);
  const connection = await opening;
  assertEquals(connection.remoteAddr.port, client.localAddr.port);
  assertEquals(strangers, ["127.0.0.2"]);
  connection.close();
});

Deno.test("passive port goes on waiting when a connection was reset before its turn", async () => {
  const port = await engine.listen(LOCAL);
  resetAtOnce(port.port);
  using client = await dial(port.port);
  const connection = await port.open(never);
  assertEquals(connection.remoteAddr.port, (client.localAddr as Deno.NetAddr).port);
  connection.close();
});

Deno.test("passive port does not wait for long once a connection was reset before its turn", async () => {
  const port = await engine.listen({ ...LOCAL, timeout: 0 });
  resetAtOnce(port.port);
  assertEquals(await failureOf(port.open(never)), "timeout");
});

Deno.test("passive port that no client connects to is given back", async () => {
  const range = singlePort();
  const { promise, resolve } = Promise.withResolvers<PassiveEnd>();
  const port = await engine.listen({ ...LOCAL, range, timeout: 20, onEnd: resolve });
  assertEquals([port.over, range.unused.size], [false, 1]);
  assertEquals(await promise, "expired");
  assertEquals([port.over, range.unused.size], [true, 0]);
  (await engine.listen({ ...LOCAL, range })).close();
  assertEquals(await failureOf(port.open(never)), "failed");
});

Deno.test("passive port is free for others as soon as its client is there", async () => {
  const range = singlePort();
  const { promise, resolve } = Promise.withResolvers<PassiveEnd>();
  const first = await engine.listen({ ...LOCAL, range, onEnd: resolve });
  using client = await dial(first.port);
  assertEquals(await promise, "connected");
  const second = await engine.listen({ ...LOCAL, range });
  const connection = await first.open(never);
  assertEquals(connection.remoteAddr.port, (client.localAddr as Deno.NetAddr).port);
  connection.close();
  second.close();
});

Deno.test("passive port that is closed closes the connection that was not asked for", async () => {
  const { promise, resolve } = Promise.withResolvers<PassiveEnd>();
  const port = await engine.listen({ ...LOCAL, onEnd: resolve });
  using client = await dial(port.port);
  await promise;
  port.close();
  assertEquals(await client.read(new Uint8Array(1)), null);
});

Deno.test("passive port lets a stranger in when that is allowed", async () => {
  const port = await engine.listen({ ...LOCAL, allowForeignPeer: true });
  const stranger = connect({ host: "127.0.0.1", port: port.port, localAddress: "127.0.0.2" });
  const closed = new Promise((resolve) => stranger.once("close", resolve));
  const connection = await port.open(never);
  assertEquals(connection.remoteAddr.hostname, "127.0.0.2");
  connection.close();
  stranger.resume();
  await closed;
});

for (
  const [hostname, peer, title] of [
    ["::ffff:127.0.0.1", "127.0.0.1", "an IPv4 client of a dual-stack listener"],
    ["127.0.0.1", "::ffff:127.0.0.1", "a control connection with a mapped address"],
    ["0.0.0.0", "127.0.0.1", "a wildcard address"],
  ] as const
) {
  Deno.test(`passive port knows ${title}`, async () => {
    const port = await engine.listen({ ...LOCAL, hostname, peer });
    using _client = await dial(port.port);
    (await port.open(never)).close();
  });
}

Deno.test("passive port says timeout and stops listening", async () => {
  const port = await engine.listen({ ...LOCAL, timeout: 20 });
  assertEquals(await failureOf(port.open(never)), "timeout");
  await assertClosed(port.port);
});

Deno.test("passive port says aborted and stops listening", async () => {
  const port = await engine.listen(LOCAL);
  const abort = new AbortController();
  const opening = port.open(abort.signal);
  abort.abort();
  assertEquals(await failureOf(opening), "aborted");
  await assertClosed(port.port);
});

Deno.test("a data port under an aborted signal says aborted", async () => {
  assertEquals(await failureOf((await engine.listen(LOCAL)).open(AbortSignal.abort())), "aborted");
  const active = engine.dial({ target: { hostname: "127.0.0.1", port: 9 }, timeout: 1000 });
  assertEquals(await failureOf(active.open(AbortSignal.abort())), "aborted");
});

Deno.test("closing a passive port ends a pending open with aborted", async () => {
  const port = await engine.listen(LOCAL);
  const opening = port.open(never);
  port.close();
  port.close();
  assertEquals(await failureOf(opening), "aborted");
});

Deno.test("a data port is good for one connection", async () => {
  const passive = await engine.listen(LOCAL);
  using _client = await dial(passive.port);
  (await passive.open(never)).close();
  assertEquals(await failureOf(passive.open(never)), "failed");
});

Deno.test("1,000 passive ports opened and closed leave the range as it was", async () => {
  const range = singlePort();
  for (let round = 0; round < 1000; round++) (await engine.listen({ ...LOCAL, range })).close();
  const last = await engine.listen({ ...LOCAL, range });
  assertEquals(range.taken, 1);
  last.close();
});

Deno.test("passive port releases its port of the range once connected", async () => {
  const range = singlePort();
  const first = await engine.listen({ ...LOCAL, range });
  assertThrows(() => engine.listen({ ...LOCAL, range }), PortsExhausted);
  using _client = await dial(first.port);
  const connection = await first.open(never);
  const second = await engine.listen({ ...LOCAL, range });
  assertEquals(second.port, first.port);
  second.close();
  connection.close();
});

/** Runs `use` with an active port to a listener that is there. */
async function withListener(use: (listener: Deno.TcpListener) => Promise<void>): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await use(listener);
}

Deno.test("active port connects when opened and not before", () =>
  withListener(async (listener) => {
    const port: DataConnector = engine.dial({
      target: { hostname: "127.0.0.1", port: listener.addr.port },
      timeout: 30_000,
    });
    assertEquals([port.kind, port.port], ["active", listener.addr.port]);
    const accepting = listener.accept();
    const connection = await port.open(never);
    using client = await accepting;
    assertEquals(client.remoteAddr.port, connection.localAddr.port);
    connection.close();
  }));

for (const [localAddress, port] of [["127.0.0.1", undefined], ["127.0.0.3", undefined], ["127.0.0.1", 0]] as const) {
  Deno.test(`active port comes from ${localAddress}${port === undefined ? "" : ", bound"}`, () =>
    withListener(async (listener) => {
      const target = { hostname: "127.0.0.1", port: listener.addr.port };
      const active = engine.dial({ target, timeout: 30_000, localAddress, localPort: port });
      const accepting = listener.accept();
      const connection = await active.open(never);
      using client = await accepting;
      assertEquals(client.remoteAddr.hostname, localAddress);
      assertEquals(connection.localAddr, {
        ...connection.localAddr,
        hostname: localAddress,
        port: client.remoteAddr.port,
      });
      connection.close();
    }));
}

Deno.test("active port from a chosen address carries bytes both ways to the end", () =>
  withListener(async (listener) => {
    const target = { hostname: "127.0.0.1", port: listener.addr.port };
    const accepting = listener.accept();
    const ours = await engine.dial({ target, timeout: 30_000, localAddress: "127.0.0.3" }).open(never);
    using theirs = await accepting;
    const sent = patternOf(3_000_000);
    const receiving = readToEnd(theirs);
    await writeAll(ours, sent);
    await ours.closeWrite();
    assertEquals(await sha256(await receiving), await sha256(sent));
    const back = readToEnd(ours);
    await writeAll(theirs, sent);
    await theirs.closeWrite();
    assertEquals(await sha256(await back), await sha256(sent));
    ours.close();
  }));

Deno.test("active port from a chosen address: closing ends a pending read", () =>
  withListener(async (listener) => {
    const target = { hostname: "127.0.0.1", port: listener.addr.port };
    const accepting = listener.accept();
    const ours = await engine.dial({ target, timeout: 30_000, localAddress: "127.0.0.3" }).open(never);
    using theirs = await accepting;
    const reading = assertRejects(() => ours.read(new Uint8Array(10)), Deno.errors.BadResource);
    ours.close();
    await reading;
    assertEquals(await theirs.read(new Uint8Array(10)), null);
  }));

for (const localAddress of [undefined, "127.0.0.3"]) {
  Deno.test(`active port ${localAddress ? "from a chosen address " : ""}says refused`, async () => {
    const { first } = singlePort();
    const active = engine.dial({ target: { hostname: "127.0.0.1", port: first }, timeout: 30_000, localAddress });
    assertEquals(await failureOf(active.open(never)), "refused");
  });
}

Deno.test("active port says failed when the source address is not ours", () =>
  withListener(async (listener) => {
    const target = { hostname: "127.0.0.1", port: listener.addr.port };
    const active = engine.dial({ target, timeout: 30_000, localAddress: "192.0.2.1" });
    assertEquals(await failureOf(active.open(never)), "failed");
  }));

for (const localAddress of [undefined, "127.0.0.3"]) {
  Deno.test(`active port ${localAddress ? "from a chosen address " : ""}gives up on a client that does not answer`, async () => {
    // The queue of this listener is full, so the kernel leaves further clients without an answer.
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    using _first = await dial(listener.addr.port);
    using _second = await dial(listener.addr.port);
    const target = { hostname: "127.0.0.1", port: listener.addr.port };
    assertEquals(await failureOf(engine.dial({ target, timeout: 20, localAddress }).open(never)), "timeout");
    const port = engine.dial({ target, timeout: 30_000, localAddress });
    const opening = port.open(never);
    port.close();
    assertEquals(await failureOf(opening), "aborted");
  });
}

Deno.test("a passive port is replaced where it was, though its range has no other", async () => {
  const range = singlePort();
  await engine.listen({ ...LOCAL, range });
  assertThrows(() => engine.listen({ ...LOCAL, range }), PortsExhausted);
  const victim = range.unused.dispensableFor({ address: "192.0.2.1", trustsAll: false });
  const next = await victim?.replace({ ...LOCAL, range });
  assertEquals([victim?.over, next?.over, next?.port], [true, false, range.first]);
  next?.close();
});

Deno.test("engines of two servers do not wait for each other's listeners", async () => {
  const other = new LocalEngine();
  for (let count = 0; count < 100; count++) (await engine.listen(LOCAL)).close();
  const listening = other.listen(LOCAL);
  assertEquals(listening instanceof Promise, false);
  (await listening).close();
});
