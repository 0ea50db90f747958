import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  DataConnectionError,
  type ListenRequest,
  type TransferEnd,
  type TransferTraits,
} from "../../lib/data/engine.ts";
import { parsePortRange, PortsExhausted } from "../../lib/data/port_range.ts";
import type { Libc } from "../../lib/native/libc.ts";
import { Patience } from "../../lib/native/native_connection.ts";
import { NativeEngine } from "../../lib/native/native_engine.ts";
import { NativeListener } from "../../lib/native/native_listener.ts";
import { writeAll } from "../../lib/net/connection.ts";
import { patternOf, readToEnd, sha256 } from "../data/helpers.ts";
import { HAS_NATIVE, nativeTest, withLibc } from "../helpers/native.ts";

const HOSTNAME = "127.0.0.1";
const session = {};
const SMALL: TransferTraits = { direction: "download", bytes: 4096, unchanged: true, inCompany: false };
const never = new AbortController().signal;

/** An engine that expects a small download in `session`. */
function withEngine(check: (engine: NativeEngine) => Promise<void>): Promise<void> {
  return withLibc(async (libc) => {
    const engine = new NativeEngine(libc);
    engine.began(session, SMALL);
    await check(engine);
    await engine.settled();
  });
}

async function listen(engine: NativeEngine, extra: Partial<ListenRequest> = {}): Promise<NativeListener> {
  const connector = await engine.listen({ hostname: HOSTNAME, peer: HOSTNAME, timeout: 0, session, ...extra });
  assertInstanceOf(connector, NativeListener);
  return connector;
}

function connect({ port }: { readonly port: number }): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: HOSTNAME, port });
}

nativeTest(
  "NativeEngine takes a client at once that has connected, and sends content and end to it",
  () =>
    withEngine(async (engine) => {
      const ends: string[] = [];
      const connector = await listen(engine, { onEnd: (end) => ends.push(end) });
      assertEquals([connector.hasClient?.(), connector.over], [false, false]);
      using client = await connect(connector);
      assertEquals(connector.hasClient?.(), true);
      const ours = await connector.open(never);
      assertEquals([connector.over, connector.hasClient?.(), ends], [true, false, ["connected"]]);
      assertEquals(ours.remoteAddr.port, (client.localAddr as Deno.NetAddr).port);
      assertEquals(ours.localAddr, { hostname: HOSTNAME, port: connector.port });
      assertEquals(await ours.write(patternOf(4096), true), 4096);
      assertEquals(await readToEnd(client), patternOf(4096));
      assertEquals(ours.hasEnded?.(), false);
      client.close();
      assertEquals(await ours.read(new Uint8Array(10)), null);
      assertEquals(ours.hasEnded?.(), true);
      ours.close();
      await assertRejects(() => ours.read(new Uint8Array(1)), Deno.errors.BadResource);
    }),
);

nativeTest(
  "NativeEngine waits for a client, for what it sends, and until it takes more",
  () =>
    withEngine(async (engine) => {
      const connector = await listen(engine);
      const opening = connector.open(never);
      const client = await connect(connector);
      const ours = await opening;
      const buffer = new Uint8Array(10);
      const reading = ours.read(buffer);
      await client.write(new Uint8Array([1, 2, 3]));
      assertEquals(await reading, 3);
      const content = patternOf(16 * 1024 * 1024);
      let waits = 0;
      ours.beforeWait?.(() => waits++);
      assertEquals(await ours.write(content.subarray(0, 100)), 100);
      assertEquals([waits, await client.read(buffer)], [0, 10]);
      assertEquals(await client.read(new Uint8Array(90)), 90);
      const sending = writeAll(ours, content).then(() => ours.closeWrite());
      assertEquals(await sha256(await readToEnd(client)), await sha256(content));
      await sending;
      assert(waits > 0);
      ours.close();
      client.close();
    }),
);

nativeTest(
  "NativeEngine ends a wait for a client: after the timeout, by an abort, and when it is given back",
  () =>
    withEngine(async (engine) => {
      const late = await listen(engine, { timeout: 1 });
      assertEquals((await assertRejects(() => late.open(never), DataConnectionError)).kind, "timeout");
      const abort = new AbortController();
      const aborted = await listen(engine);
      const opening = aborted.open(abort.signal);
      abort.abort();
      assertEquals((await assertRejects(() => opening, DataConnectionError)).kind, "aborted");
      const closed = await listen(engine);
      const waiting = closed.open(never);
      closed.close();
      assertEquals((await assertRejects(() => waiting, DataConnectionError)).kind, "aborted");
      for (const { port } of [late, aborted, closed]) {
        await assertRejects(() => connect({ port }), Deno.errors.ConnectionRefused);
      }
    }),
);

nativeTest("NativeEngine gives a port back that no client uses in time", () =>
  withEngine(async (engine) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const connector = await listen(engine, { timeout: 1, onEnd: resolve });
    assertEquals(await promise, "expired");
    assertEquals(connector.over, true);
    await assertRejects(() => connector.open(never), DataConnectionError);
  }));

nativeTest(
  "NativeEngine drops strangers, and takes the client that comes after them",
  () =>
    withEngine(async (engine) => {
      const strangers: string[] = [];
      const connector = await listen(engine, { peer: "127.0.0.2", onStranger: (address) => strangers.push(address) });
      using stranger = await connect(connector);
      assertEquals([connector.hasClient?.(), strangers], [false, [HOSTNAME]]);
      assertEquals(await stranger.read(new Uint8Array(1)), null);
      connector.close();
      const trusting = await listen(engine, { peer: "127.0.0.2", allowForeignPeer: true });
      using client = await connect(trusting);
      assert(client);
      assertEquals(trusting.hasClient(), true);
      trusting.close();
    }),
);

nativeTest(
  "NativeEngine keeps to a range, and gives a port back as soon as its client is taken",
  () =>
    withEngine(async (engine) => {
      const range = parsePortRange("61000-61001");
      const used = await listen(engine, { range });
      const unused = await listen(engine, { range });
      assertEquals([used.port, unused.port].toSorted(), [61000, 61001]);
      assertEquals([range.taken, range.unused.size], [2, 2]);
      await assertRejects(async () => await listen(engine, { range }), PortsExhausted);
      using client = await connect(used);
      assert(client);
      // The client has connected to the older of the two.
      assertEquals(range.unused.dispensableFor({ address: "127.0.0.9", trustsAll: false }), unused);
      assertEquals([range.taken, range.unused.size], [1, 1]);
      const request = { hostname: HOSTNAME, peer: HOSTNAME, timeout: 0, session, range };
      const replaced = await unused.replace(request);
      assertEquals([unused.over, range.taken, range.unused.size], [true, 1, 1]);
      (await used.open(never)).close();
      replaced.close();
      assertEquals([range.taken, range.unused.size], [0, 0]);
    }),
);

nativeTest("NativeEngine reports a client that is gone", () =>
  withEngine(async (engine) => {
    const connector = await listen(engine);
    const client = await connect(connector);
    const ours = await connector.open(never);
    client.close();
    const content = new Uint8Array(1024 * 1024);
    await assertRejects(async () => {
      for (;;) await ours.write(content);
    }, Deno.errors.ConnectionReset);
    ours.close();
  }));

/** The client of a small upload, with the C library: what it sends leaves from another thread. */
function connectBy(libc: Libc, { port }: { readonly port: number }) {
  const socket = libc.socket(2, 1, 0);
  const address = Uint8Array.of(2, 0, port >> 8, port & 0xff, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  assertEquals(libc.connect(socket, address, address.length), 0);
  return {
    send: (data: Uint8Array<ArrayBuffer>) => libc.writeLater(socket, data, BigInt(data.length)),
    close: () => void libc.close(socket),
  };
}

nativeTest("NativeEngine takes small uploads of a client near by that is alone", () =>
  withLibc(async (libc) => {
    const engine = new NativeEngine(libc);
    const isOurs = async () => {
      const connector = await engine.listen({ hostname: HOSTNAME, peer: HOSTNAME, timeout: 0, session });
      connector.close();
      await Promise.all(engine.closing);
      return connector instanceof NativeListener;
    };
    const upload = async (traits: Partial<TransferTraits & TransferEnd>) => {
      engine.began(session, { ...SMALL, direction: "upload", ...traits });
      assertEquals(await isOurs(), false, "It may be a large one, or break off");
      engine.ended(session, { direction: "upload", bytes: 4096, milliseconds: 1, ...traits });
      return await isOurs();
    };
    assertEquals(await upload({}), true);
    assertEquals(await upload({ bytes: 64 * 1024 }), true);
    assertEquals(await upload({ bytes: 64 * 1024 + 1 }), false);
    assertEquals(await upload({ bytes: 0 }), false);
    assertEquals(await upload({ milliseconds: 30 }), false);
    assertEquals(await upload({ inCompany: true }), false);
    assertEquals(await upload({}), true);
    await engine.settled();
  }));

nativeTest(
  "NativeEngine waits a moment for what a client near by sends, and after a wait in vain not for the next",
  () =>
    withLibc(async (libc) => {
      const engine = new NativeEngine(libc);
      const open = async (owner: object) => {
        engine.began(owner, SMALL);
        const connector = await listen(engine, { session: owner });
        const client = connectBy(libc, connector);
        return { ours: await connector.open(never), client };
      };
      const buffer = new Uint8Array(8192);
      for (let round = 0; round < 20; round++) {
        const owner = {};
        const { ours, client } = await open(owner);
        const sending = client.send(patternOf(4096) as Uint8Array<ArrayBuffer>);
        const count = ours.readNow?.(buffer);
        await sending;
        // On a busy machine the moment may pass first.
        assertEquals(count ?? ours.readNow?.(buffer), 4096);
        assertEquals(buffer.subarray(0, 4096), patternOf(4096));
        client.close();
        assertEquals(await ours.read(buffer), null);
        assertEquals(ours.readNow?.(buffer), null);
        ours.close();
      }
      const { ours, client } = await open(session);
      const timed = () => {
        const began = performance.now();
        assertEquals(ours.readNow?.(buffer), undefined);
        return performance.now() - began;
      };
      assert(timed() >= 1);
      // Not a limit that a busy machine might pass: ten waits would take as many moments.
      const looks = Array.from({ length: 10 }, timed);
      assert(Math.min(...looks) < 1, `${looks}`);
      engine.ended(session, { direction: "upload", bytes: 4096, milliseconds: 1 });
      engine.began(session, { ...SMALL, direction: "upload" });
      engine.ended(session, { direction: "upload", bytes: 4096, milliseconds: 1 });
      const next = await engine.listen({ hostname: HOSTNAME, peer: HOSTNAME, timeout: 0, session });
      assert(!(next instanceof NativeListener));
      next.close();
      await Promise.all(engine.closing);
      for (let uploads = 0; uploads < 8; uploads++) {
        engine.ended(session, { direction: "upload", bytes: 4096, milliseconds: 1 });
      }
      (await listen(engine)).close();
      client.close();
      ours.close();
      await engine.settled();
    }),
);

Deno.test("Patience leaves more and more uploads to the event loop after waits in vain, until one has success", () => {
  const patience = new Patience();
  patience.alone = true;
  const leftAfter = (came: boolean): number => {
    patience.waited(session, came);
    let left = 0;
    for (; !patience.allows(session); left++) patience.passed(session);
    return left;
  };
  assertEquals([leftAfter(false), leftAfter(false), leftAfter(false)], [8, 16, 32]);
  assertEquals([leftAfter(true), leftAfter(false), leftAfter(false)], [0, 8, 16]);
  assertEquals(patience.allows({}), true);
  patience.alone = false;
  assertEquals(patience.allows(session), false);
});

nativeTest(
  "NativeEngine stands still twice at most for a client that sends byte by byte",
  () =>
    withLibc(async (libc) => {
      let polls = 0;
      // As if each byte came just in time.
      const poll: Libc["poll"] = (request) => {
        // That there is something to read.
        if (request instanceof Int32Array) request.set([1 | 1 << 16], 1);
        return ++polls;
      };
      const engine = new NativeEngine({ ...libc, poll });
      engine.began(session, SMALL);
      const connector = await listen(engine);
      using _client = await connect(connector);
      const ours = await connector.open(never);
      for (let times = 0; times < 10; times++) assertEquals(ours.readNow?.(new Uint8Array(100)), undefined);
      assertEquals(polls, 2);
      ours.close();
      await engine.settled();
    }),
);

nativeTest("NativeEngine leaves to the runtime what is no small transfer in clear", () =>
  withEngine(async (engine) => {
    const isLeft = async (extra: Partial<ListenRequest>) => {
      const connector = await engine.listen({ hostname: HOSTNAME, peer: HOSTNAME, timeout: 0, session, ...extra });
      assert(!(connector instanceof NativeListener));
      connector.close();
      await Promise.all(engine.closing);
    };
    await isLeft({ session: {} });
    await isLeft({ secure: true });
    await isLeft({ hostname: "::1", peer: "::1" });
    engine.began(session, { ...SMALL, direction: "upload" });
    await isLeft({});
    engine.began(session, { ...SMALL, bytes: 1024 * 1024 });
    await isLeft({});
    engine.began(session, { ...SMALL, direction: "listing" });
    (await listen(engine)).close();
  }));

Deno.test({
  name: "NativeEngine leaves IPv6 to the runtime where the permission for the network is narrow, too",
  ignore: !HAS_NATIVE,
  permissions: { net: [HOSTNAME, "[::1]"], ffi: "inherit" },
  fn: () =>
    withEngine(async (engine) => {
      const six = await engine.listen({ hostname: "::1", peer: "::1", timeout: 0, session });
      assert(!(six instanceof NativeListener));
      six.close();
      await Promise.all(engine.closing);
      (await listen(engine)).close();
    }),
});
