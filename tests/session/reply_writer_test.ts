import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { LINE_BUFFER, LineBuffers } from "../../lib/data/buffers.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { ReplyWriter } from "../../lib/session/control_connection.ts";

/** Takes at most so many bytes at a time, and only when it is let. */
class SlowConnection implements Connection {
  readonly localAddr = { hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr = { hostname: "127.0.0.1", port: 2 };
  readonly writes: string[] = [];
  gate: Promise<void> = Promise.resolve();

  async write(data: Uint8Array): Promise<number> {
    await this.gate;
    const taken = data.subarray(0, 16);
    this.writes.push(new TextDecoder().decode(taken));
    return taken.length;
  }

  read = () => Promise.resolve(null);
  closeWrite = () => Promise.resolve();
  close(): void {}
}

Deno.test("ReplyWriter sends the replies to pipelined commands in one write", async () => {
  const connection = new SlowConnection();
  const writer = new ReplyWriter(connection, new LineBuffers());
  assertEquals(writer.flush(), undefined);
  writer.add({ code: 200, text: "A" });
  writer.add({ code: 250, text: "B" });
  await writer.flush();
  assertEquals(connection.writes, ["200 A\r\n250 B\r\n"]);
  assertEquals(writer.flush(), undefined);
});

Deno.test("ReplyWriter keeps the order during a write, and reports since when it runs", async () => {
  const connection = new SlowConnection();
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.gate = promise;
  const writer = new ReplyWriter(connection, new LineBuffers());
  writer.add({ code: 150, text: "first" });
  const began = performance.now();
  const first = writer.flush();
  writer.add({ code: 226, text: "second" });
  const both = writer.flush();
  assert((writer.writingSince ?? 0) >= began);
  resolve();
  await Promise.all([first, both]);
  assertEquals(connection.writes, ["150 first\r\n", "226 second\r\n"]);
  assertEquals(writer.writingSince, undefined);
});

Deno.test("ReplyWriter sends all of a reply that the socket takes in pieces", async () => {
  const connection = new SlowConnection();
  const writer = new ReplyWriter(connection, new LineBuffers());
  writer.add({ code: 214, text: "x".repeat(100) });
  await writer.flush();
  assertEquals(connection.writes.join(""), `214 ${"x".repeat(100)}\r\n`);
});

Deno.test("ReplyWriter sends replies that are longer than the memory it is lent, in any language", async () => {
  for (const text of ["x".repeat(LINE_BUFFER), "é".repeat(LINE_BUFFER / 2), "é".repeat(LINE_BUFFER)]) {
    let written = "";
    const connection = new SlowConnection();
    connection.write = (data) => {
      written += new TextDecoder().decode(data);
      return Promise.resolve(data.length);
    };
    const writer = new ReplyWriter(connection, new LineBuffers());
    writer.add({ code: 257, text });
    await writer.flush();
    assertEquals(written, `257 ${text}\r\n`);
  }
});

Deno.test("ReplyWriter gives back the memory of a write, but not of one that has failed", async () => {
  const connection = new SlowConnection();
  const lender = new LineBuffers();
  const lent = lender.take();
  lender.give(lent);
  const writer = new ReplyWriter(connection, lender);
  writer.add({ code: 200, text: "A" });
  await writer.flush();
  assertStrictEquals(lender.take(), lent);
  lender.give(lent);
  connection.gate = Promise.reject(new Deno.errors.BrokenPipe("gone"));
  writer.add({ code: 200, text: "B" });
  await assertRejects(() => Promise.resolve(writer.flush()), Deno.errors.BrokenPipe);
  assert(lender.take() !== lent);
});

Deno.test("ReplyWriter rejects when the peer is gone", async () => {
  const connection = new SlowConnection();
  connection.gate = Promise.reject(new Deno.errors.BrokenPipe("gone"));
  const writer = new ReplyWriter(connection, new LineBuffers());
  writer.add({ code: 200, text: "A" });
  await assertRejects(() => Promise.resolve(writer.flush()), Deno.errors.BrokenPipe);
  assertEquals(writer.writingSince, undefined);
});

Deno.test("ReplyWriter goes on over another connection", async () => {
  const [clear, secure] = [new SlowConnection(), new SlowConnection()];
  const writer = new ReplyWriter(clear, new LineBuffers());
  writer.add({ code: 234, text: "TLS" });
  await writer.flush();
  writer.moveTo(secure);
  writer.add({ code: 200, text: "PBSZ" });
  await writer.flush();
  assertEquals([clear.writes.length, secure.writes], [1, ["200 PBSZ\r\n"]]);
});

Deno.test("A reply that is added just as a write ends is written too", async () => {
  for (let turns = 0; turns < 12; turns++) {
    let written = "";
    const writer = new ReplyWriter({
      localAddr: { hostname: "127.0.0.1", port: 21 },
      remoteAddr: { hostname: "127.0.0.1", port: 1024 },
      read: () => Promise.resolve(null),
      write: (data) => {
        written += new TextDecoder().decode(data);
        return Promise.resolve(data.length);
      },
      closeWrite: () => Promise.resolve(),
      close: () => {},
    }, new LineBuffers());
    writer.add({ code: 200, text: "first" });
    const flushed = writer.flush();
    for (let turn = 0; turn < turns; turn++) await undefined;
    writer.add({ code: 200, text: "second" });
    await writer.flush();
    assertEquals(written, "200 first\r\n200 second\r\n", `after ${turns} turns`);
    await flushed;
  }
});
