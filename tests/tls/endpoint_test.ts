import { once } from "node:events";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { closeQuietly, type Connection, type SocketAddress, writeAll } from "../../lib/net/connection.ts";
import { TlsError } from "../../lib/tls/tls.ts";
import {
  captureClientHello,
  encode,
  endpoint,
  loopback,
  nodeClient,
  payload,
  readAll,
  readText,
  ROUTES,
  selfSigned,
  sha256,
  startTls,
} from "./helpers.ts";

for (const route of ROUTES) {
  Deno.test(`TlsEndpoint (${route}) upgrades a connection in mid-stream`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    await client.write(encode("AUTH TLS\r\n"));
    assertEquals(await readText(server, 10), "AUTH TLS\r\n");
    await server.write(encode("234\r\n"));
    assertEquals(await readText(client, 5), "234\r\n");
    const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
    assertEquals(secured.protocol, "TLSv1.3");
    assert(secured.cipher.startsWith("TLS_"), secured.cipher);
    assertEquals(secured.serverName, "localhost");
    assertEquals(secured.tls.resumed, false);
    assertEquals(secured.remoteAddr.port, peer.localAddr.port);
    await peer.write(encode("PBSZ 0\r\n"));
    assertEquals(await readText(secured, 8), "PBSZ 0\r\n");
    await secured.write(encode("200\r\n"));
    assertEquals(await readText(peer, 5), "200\r\n");
    secured.close();
    peer.close();
  });

  Deno.test(`TlsEndpoint (${route}) echoes 8 MiB unchanged in both directions at once`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
    const sent = payload(8 * 1024 * 1024);
    const echo = async (): Promise<void> => {
      const buffer = new Uint8Array(1 << 20);
      for (let count = await secured.read(buffer); count !== null; count = await secured.read(buffer)) {
        await writeAll(secured, buffer.subarray(0, count));
      }
      await secured.closeWrite();
    };
    const send = async (): Promise<void> => {
      await writeAll(peer, sent);
      await peer.closeWrite();
    };
    const [received] = await Promise.all([readAll(peer), echo(), send()]);
    assertEquals(await sha256(received), await sha256(sent));
    assertEquals(secured.tls.cleanClose, true);
    secured.close();
    peer.close();
  });

  Deno.test(`TlsEndpoint (${route}) sends close_notify and everything before it`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
    const sent = payload(3_000_001);
    const send = async (): Promise<void> => {
      await writeAll(secured, sent);
      await secured.closeWrite();
      secured.close();
    };
    // The reader rejects an end without close_notify.
    const [received] = await Promise.all([readAll(peer), send()]);
    assertEquals(await sha256(received), await sha256(sent));
    peer.close();
  });

  Deno.test(`TlsEndpoint (${route}) still writes after the peer's close_notify`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
    await peer.write(encode("last"));
    await peer.closeWrite();
    assertEquals(new TextDecoder().decode(await readAll(secured)), "last");
    assertEquals(secured.tls.cleanClose, true);
    await secured.write(encode("226\r\n"));
    await secured.closeWrite();
    assertEquals(new TextDecoder().decode(await readAll(peer)), "226\r\n");
    secured.close();
    peer.close();
  });

  Deno.test(`TlsEndpoint (${route}) distinguishes an end without close_notify from a clean one`, async () => {
    using tls = await endpoint({ route });
    for (const size of [0, 5, 2_000_000]) {
      const { client, server } = await loopback();
      const peer = nodeClient(client).resume();
      const [secured] = await Promise.all([tls.secure(server), once(peer, "secureConnect")]);
      const sent = payload(size);
      const sendAndCut = async (): Promise<void> => {
        if (size > 0) await new Promise((resolve) => peer.write(sent, resolve));
        await client.closeWrite();
      };
      const [received] = await Promise.all([readAll(secured), sendAndCut()]);
      assertEquals(await sha256(received), await sha256(sent));
      assertEquals(secured.tls.cleanClose, false);
      secured.close();
      peer.destroy();
    }
  });

  Deno.test(`TlsEndpoint (${route}) leaves cleanClose open until a read gave null`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
    await peer.write(encode("x"));
    assertEquals(await secured.read(new Uint8Array(8)), 1);
    assertEquals(secured.tls.cleanClose, undefined);
    secured.close();
    peer.close();
  });

  Deno.test(`TlsEndpoint (${route}) loses nothing of a peer that sends, closes and reads nothing`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const left = Promise.withResolvers<void>();
    const sent = payload(500_000);
    const send = async (): Promise<void> => {
      const peer = nodeClient(client).on("error", () => {});
      await once(peer, "secureConnect");
      await new Promise((resolve) => peer.write(sent, resolve));
      client.close();
      left.resolve();
    };
    // Bit by bit, as over a long way: whatever is sent meanwhile is answered with a reset.
    const late = readingLate(server, { until: left.promise, atMost: 8192 });
    const [secured] = await Promise.all([tls.secure(late), send()]);
    assertEquals(await sha256(await readAll(secured)), await sha256(sent));
    await secured.closeWrite().catch(() => {});
    secured.close();
  });

  Deno.test(`TlsEndpoint (${route}) takes the end of a handshake together with data, close_notify and FIN`, async () => {
    using tls = await endpoint({ route });
    for (const size of [0, 5, 4096, 100_000]) {
      const { client, server } = await loopback();
      const left = Promise.withResolvers<void>();
      const sent = payload(size);
      const send = async (): Promise<Deno.TlsConn> => {
        const peer = await startTls(client);
        await peer.handshake();
        if (size > 0) await writeAll(peer, sent);
        await peer.closeWrite();
        left.resolve();
        return peer;
      };
      const [secured, peer] = await Promise.all([tls.secure(readingLate(server, { until: left.promise })), send()]);
      assertEquals(await sha256(await readAll(secured)), await sha256(sent), `${size} bytes`);
      assertEquals(secured.tls.cleanClose, true);
      secured.close();
      peer.close();
    }
  });

  Deno.test(`TlsEndpoint (${route}) takes no reset for an end, unless close_notify came before it`, async () => {
    using tls = await endpoint({ route });
    for (const clean of [true, false]) {
      const { client, server } = await loopback();
      const reset = Promise.withResolvers<void>();
      // A reset is seen by a reader who has had all that came before it, as over a long way.
      const breaking = readingLate(server, {
        until: Promise.resolve(),
        atEnd: async () => {
          await reset.promise;
          throw new Deno.errors.ConnectionReset("Connection reset by peer");
        },
      });
      const send = async (): Promise<void> => {
        const peer = nodeClient(client).on("error", () => {}).resume();
        await once(peer, "secureConnect");
        await new Promise<void>((resolve) =>
          clean ? peer.end("all of it", resolve) : peer.write("all of", () => resolve())
        );
        closeQuietly(client);
      };
      const [secured] = await Promise.all([tls.secure(breaking), send()]);
      assertEquals(await readText(secured, 6), "all of");
      reset.resolve();
      if (clean) {
        assertEquals(new TextDecoder().decode(await readAll(secured)), " it");
        assertEquals(secured.tls.cleanClose, true);
      } else await assertRejects(() => secured.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
      secured.close();
    }
  });

  Deno.test(`TlsEndpoint (${route}) rejects bytes that are not TLS`, async () => {
    using tls = await endpoint({ route });
    for (const garbage of ["USER anonymous\r\nPASS x\r\n", "\x16\x03\x01\x00\x05hello", "\x00".repeat(100)]) {
      const { client, server } = await loopback();
      await client.write(Uint8Array.from(garbage, (char) => char.charCodeAt(0)));
      const error = await assertRejects(() => tls.secure(server), TlsError, "TLS handshake failed");
      assertEquals(error.reason, "protocol");
      await assertClosed(client);
    }
  });

  Deno.test(`TlsEndpoint (${route}) ends a handshake the peer leaves half open`, async () => {
    using tls = await endpoint({ route });
    const hello = await captureClientHello();
    for (const length of [0, 1, 6, hello.length]) {
      const { client, server } = await loopback();
      if (length > 0) await client.write(hello.subarray(0, length));
      const error = await assertRejects(() => tls.secure(server, { handshakeTimeout: 30 }), TlsError, "30 ms");
      assertEquals(error.reason, "timeout");
      await assertClosed(client);
    }
  });

  Deno.test(`TlsEndpoint (${route}) notices a peer that leaves during the handshake`, async () => {
    using tls = await endpoint({ route });
    const hello = await captureClientHello();
    const leave: ((client: Deno.TcpConn) => void | Promise<void>)[] = [
      (client) => client.close(),
      (client) => client.write(new Uint8Array([0x16, 0x03])).then(() => client.close()),
      (client) => client.write(hello).then(() => client.close()),
      (client) => client.closeWrite(),
    ];
    for (const act of leave) {
      const { client, server } = await loopback();
      const [error] = await Promise.all([assertRejects(() => tls.secure(server), TlsError), act(client)]);
      assertEquals(error.reason, "closed");
      if (act === leave.at(-1)) client.close();
    }
  });

  Deno.test(`TlsEndpoint (${route}) reports a peer that does not trust the certificate`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const peer = await startTls(client, []);
    const [secured, refused] = await Promise.allSettled([tls.secure(server), peer.handshake()]);
    assertEquals(refused.status, "rejected");
    // Under TLS 1.3 the server is done before the client judges; then the first read tells.
    if (secured.status === "fulfilled") {
      await assertRejects(() => secured.value.read(new Uint8Array(1)), Error);
      secured.value.close();
    } else assertInstanceOf(secured.reason, TlsError);
    peer.close();
  });

  Deno.test(`TlsEndpoint (${route}) abandons a handshake when the signal is aborted`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const abort = new AbortController();
    const outcome = assertRejects(() => tls.secure(server, { signal: abort.signal }), TlsError);
    abort.abort();
    assertEquals((await outcome).reason, "aborted");
    await assertClosed(client);
    const second = await loopback();
    const late = await assertRejects(() => tls.secure(second.server, { signal: abort.signal }), TlsError);
    assertEquals(late.reason, "aborted");
    await assertClosed(second.client);
  });

  Deno.test(`TlsEndpoint (${route}) rejects reads after a broken record`, async () => {
    using tls = await endpoint({ route });
    for (const garbage of ["USER anonymous\r\n", "\x17\x03\x03\x00\x13not encrypted at all"]) {
      const { client, server } = await loopback();
      // The alert that answers is an error for the client too.
      const peer = nodeClient(client).resume().on("error", () => {});
      const [secured] = await Promise.all([tls.secure(server), once(peer, "secureConnect")]);
      await client.write(encode(garbage));
      await assertRejects(() => secured.read(new Uint8Array(8)), Error);
      secured.close();
      peer.destroy();
    }
  });

  Deno.test(`TlsEndpoint (${route}) rejects writes once the peer has vanished`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
    await secured.write(payload(100_000));
    // Closing with unread bytes sends a reset.
    peer.close();
    await assertRejects(async () => {
      for (;;) await writeAll(secured, payload(1_000_000));
    }, Error);
    await secured.closeWrite().catch(() => {});
    secured.close();
  });

  Deno.test(`TlsEndpoint (${route}) rejects with a TlsError when its own certificate is of no use`, async () => {
    using tls = await endpoint({ route }, { ...selfSigned, privateKey: "nonsense" });
    const { client, server } = await loopback();
    await client.write(await captureClientHello());
    await assertRejects(() => tls.secure(server), TlsError);
    await assertClosed(client);
  });

  Deno.test(`TlsEndpoint (${route}) frees a pending read when the connection is closed`, async () => {
    using tls = await endpoint({ route });
    const { client, server } = await loopback();
    const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
    const pending = secured.read(new Uint8Array(8)).then(() => "ended", () => "rejected");
    secured.close();
    assert(["ended", "rejected"].includes(await pending));
    await peer.read(new Uint8Array(1)).catch(() => null);
    peer.close();
  });

  Deno.test(`TlsEndpoint (${route}) does 40 handshakes at once`, async () => {
    using tls = await endpoint({ route });
    await Promise.all(Array.from({ length: 40 }, async (_, index) => {
      const { client, server } = await loopback();
      const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
      const text = `session ${String(index).padStart(2, "0")}`;
      await peer.write(encode(text));
      assertEquals(await readText(secured, text.length), text);
      secured.close();
      peer.close();
    }));
  });
}

Deno.test("TlsEndpoint (relay) has the listener that encrypts prepared, once for all connections", async () => {
  const seen: SocketAddress[] = [];
  using tls = await endpoint({ route: "relay", prepareListener: (address) => seen.push(address) > 0 });
  for (let count = 0; count < 2; count++) {
    const { client, server } = await loopback();
    const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
    secured.close();
    peer.close();
  }
  assertEquals(seen.map(({ hostname }) => hostname), ["127.0.0.1"]);
});

Deno.test("createTlsEndpoint finds a route that works by itself", async () => {
  using tls = await endpoint({});
  const { client, server } = await loopback();
  const [secured, peer] = await Promise.all([tls.secure(server), startTls(client)]);
  await peer.write(encode("NOOP\r\n"));
  assertEquals(await readText(secured, 6), "NOOP\r\n");
  secured.close();
  peer.close();
});

/** What {@link readingLate} waits for, and how it reads. */
interface LateReading {
  /** Reads wait for it, but the first one, which is that of ClientHello. */
  readonly until: Promise<void>;
  /** Bytes a read, and one read a turn of the event loop. Default: as many as there are, as soon as they are. */
  readonly atMost?: number;
  /** What is done in place of telling the end. */
  readonly atEnd?: () => Promise<never>;
}

/** The server's end of a connection whose bytes arrive when the test says so. */
function readingLate(server: Deno.TcpConn, { until, atMost = Infinity, atEnd }: LateReading): Connection {
  let reads = 0;
  return {
    localAddr: server.localAddr,
    remoteAddr: server.remoteAddr,
    read: async (buffer) => {
      if (reads++ > 0) await until;
      if (atMost < Infinity) await new Promise((resolve) => setTimeout(resolve, 0));
      const count = await server.read(buffer.subarray(0, Math.min(buffer.length, atMost)));
      return count === null && atEnd ? await atEnd() : count;
    },
    write: (data) => server.write(data),
    closeWrite: () => server.closeWrite(),
    close: () => server.close(),
  };
}

/** The peer is gone: end of stream or reset, after whatever alert it still sent. */
async function assertClosed(client: Deno.TcpConn): Promise<void> {
  await readAll(client).catch(() => {});
  client.close();
}
