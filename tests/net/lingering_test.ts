import { assert, assertEquals } from "@std/assert";
import { type Connection, type SocketAddress, writeAll } from "../../lib/net/connection.ts";
import { LingeringConnections } from "../../lib/net/lingering.ts";
import { connectedPair } from "../data/helpers.ts";

/** A peer that says what it is told to, and ends nothing by itself. */
class Peer implements Connection {
  readonly localAddr: SocketAddress = { hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr: SocketAddress = { hostname: "127.0.0.1", port: 2 };
  readonly gone = Promise.withResolvers<void>();
  closed = false;
  read: Connection["read"] = () => this.#end.promise;
  readonly #end = Promise.withResolvers<never>();

  get peerGone(): Promise<void> {
    return this.gone.promise;
  }

  write(): Promise<number> {
    return Promise.reject(new Error("Nothing is written to a connection that lingers"));
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
    this.gone.resolve();
    // Where nobody reads, nobody hears of it.
    this.#end.promise.catch(() => {});
    this.#end.reject(new Deno.errors.BadResource("Connection is closed"));
  }
}

Deno.test("LingeringConnections close when the peer has read all and ended its direction", async () => {
  const all = new LingeringConnections();
  using pair = await connectedPair();
  await writeAll(pair.ours, new Uint8Array(200_000));
  await writeAll(pair.theirs, new Uint8Array(5_000));
  await pair.ours.closeWrite();
  all.add(pair.ours, "one");
  assertEquals(all.count, 1);
  const over = all.over();
  assertEquals((await new Response(pair.theirs.readable).bytes()).length, 200_000);
  await over;
  assertEquals(all.count, 0);
});

Deno.test("LingeringConnections wait for the FIN after a close_notify", async () => {
  const all = new LingeringConnections();
  const peer = new Peer();
  peer.read = () => Promise.resolve(null);
  all.add(peer, "one");
  await new Promise((resolve) => setImmediate(resolve));
  assert(!peer.closed);
  peer.gone.resolve();
  await all.over();
  assert(peer.closed);
});

Deno.test("LingeringConnections close after a while whatever the peer does", async () => {
  const all = new LingeringConnections({ patience: 1 });
  const [silent, open] = [new Peer(), new Peer()];
  open.read = () => Promise.resolve(null);
  all.add(silent, "one");
  all.add(open, "two");
  await all.over();
  assertEquals([silent.closed, open.closed], [true, true]);
});

Deno.test("LingeringConnections close at once where the stream could not be ended", async () => {
  const all = new LingeringConnections();
  const peer = new Peer();
  all.add(peer, "one", Promise.reject(new Deno.errors.NotConnected()));
  await all.over();
  assert(peer.closed);
});

Deno.test("LingeringConnections drop 64 KiB of a peer and no more", async () => {
  const all = new LingeringConnections();
  const peer = new Peer();
  let dropped = 0;
  peer.read = (buffer) => {
    dropped += buffer.length;
    return Promise.resolve(buffer.length);
  };
  all.add(peer, "one");
  await all.over();
  assert(peer.closed);
  assertEquals(dropped, 64 * 1024);
});

Deno.test("LingeringConnections are few for each owner and in all, and the oldest goes first", async () => {
  const all = new LingeringConnections();
  const add = (count: number, owner: string) =>
    Array.from({ length: count }, () => {
      const peer = new Peer();
      all.add(peer, owner);
      return peer;
    });
  const closed = (peers: readonly Peer[]) => peers.filter((peer) => peer.closed).length;
  const [first] = add(1, "first");
  const greedy = add(20, "greedy");
  assertEquals(greedy.map(({ closed }) => closed), [...Array(12).fill(true), ...Array(8).fill(false)]);
  assert(!first?.closed);
  const others = Array.from({ length: 300 }, (_, index) => add(1, `other ${index}`)).flat();
  assertEquals(closed(others), 300 - 256);
  assert(others.slice(44).every((peer) => !peer.closed));
  all.closeAll();
  await all.over();
  assertEquals([closed(others), all.count], [300, 0]);
});
