import { assert, assertEquals, assertInstanceOf, assertNotEquals } from "@std/assert";
import { connect } from "node:net";
import { RunningDigest } from "../../lib/data/digest/digest.ts";
import { EventLoop } from "../../lib/data/event_loop.ts";
import { type PumpOptions, receiveBytes } from "../../lib/data/pump.ts";
import { RateLimiter } from "../../lib/data/rate_limit.ts";
import { writeAll } from "../../lib/net/connection.ts";
import { concat, connectedPair, MemorySink, type Pair, patternOf, sha256 } from "./helpers.ts";

const SIZES = [0, 1, 4095, 4096, 65536, 65537, 1024 * 1024 + 7, 8 * 1024 * 1024];

const loop = new EventLoop();

function options(extra: Partial<PumpOptions> = {}): PumpOptions {
  return { loop, signal: new AbortController().signal, stallTimeout: 30_000, ...extra };
}

/** Sends `data` from the client's end, ends the stream there, and receives it into `sink`. */
async function through({ ours, theirs }: Pair, data: Uint8Array, sink: MemorySink, extra: Partial<PumpOptions> = {}) {
  const sending = writeAll(theirs, data).then(() => theirs.closeWrite());
  const result = await receiveBytes(ours, sink, options(extra));
  await sending;
  return result;
}

for (const size of SIZES) {
  Deno.test(`receiveBytes stores ${size} bytes as they are`, async () => {
    using pair = await connectedPair();
    const sent = patternOf(size);
    const sink = new MemorySink();
    assertEquals(await through(pair, sent, sink), { outcome: "done", bytes: size });
    assertEquals(await sha256(sink.bytes), await sha256(sent));
    assertEquals(loop.buffers.lentBytes, 0);
  });
}

Deno.test("receiveBytes lends a sink its buffers only until the write is over", async () => {
  /** Breaks the contract of {@link FileSink.write}: it keeps what it was lent. */
  class KeepingSink extends MemorySink {
    readonly kept: Uint8Array[] = [];

    override write(data: Uint8Array): Promise<void> {
      this.kept.push(data);
      return super.write(data);
    }
  }
  using pair = await connectedPair();
  const sent = patternOf(8 * 1024 * 1024);
  const sink = new KeepingSink();
  assertEquals((await through(pair, sent, sink)).bytes, sent.length);
  assertEquals(await sha256(sink.bytes), await sha256(sent), "copied in time");
  assertNotEquals(await sha256(concat(sink.kept)), await sha256(sent), "kept");
});

Deno.test("receiveBytes stops at the limit, and says whether more came", async () => {
  using pair = await connectedPair();
  const sent = patternOf(100_000);
  const sink = new MemorySink();
  assertEquals(await through(pair, sent, sink, { limit: 70_001 }), {
    outcome: "done",
    bytes: 70_001,
    exceeded: true,
  });
  assertEquals(await sha256(sink.bytes), await sha256(sent.subarray(0, 70_001)));
});

Deno.test("receiveBytes waits for the end of the stream when it has all that was wanted", async () => {
  using pair = await connectedPair();
  const limit = 70_001;
  const sink = new MemorySink();
  const stopping = new AbortController();
  const receiving = receiveBytes(pair.ours, sink, options({ limit, signal: stopping.signal }));
  await writeAll(pair.theirs, patternOf(limit));
  await sink.stored(limit);
  stopping.abort();
  assertEquals((await receiving).outcome, "aborted");
  using ended = await connectedPair();
  assertEquals(await through(ended, patternOf(limit), sink, { limit }), { outcome: "done", bytes: limit });
});

Deno.test("receiveBytes keeps nothing back while the sender pauses", async () => {
  using pair = await connectedPair();
  const sink = new MemorySink();
  const receiving = receiveBytes(pair.ours, sink, options());
  for (const size of [10, 300_000, 1]) {
    const before = sink.bytes.length;
    await writeAll(pair.theirs, patternOf(size));
    await sink.stored(before + size);
  }
  await pair.theirs.closeWrite();
  assertEquals(await receiving, { outcome: "done", bytes: 300_011 });
});

Deno.test("receiveBytes converts line ends also where two pieces meet, and keeps a last CR", async () => {
  using pair = await connectedPair();
  const text = "x".repeat(65_535) + "\r\na\r\nb\r";
  const sink = new MemorySink();
  const result = await through(pair, new TextEncoder().encode(text), sink, { ascii: true });
  assertEquals(new TextDecoder().decode(sink.bytes), "x".repeat(65_535) + "\na\nb\r");
  assertEquals(result, { outcome: "done", bytes: text.length });
});

Deno.test("receiveBytes digests the file as it is stored", async () => {
  using pair = await connectedPair();
  const digest = new RunningDigest();
  const sink = new MemorySink();
  await through(pair, new TextEncoder().encode("a\r\nb\r\n"), sink, { ascii: true, digest });
  assertEquals(digest.finish()?.get("SHA-256"), await sha256(new TextEncoder().encode("a\nb\n")));
});

Deno.test("receiveBytes stores what had arrived when it is aborted", async () => {
  using pair = await connectedPair();
  const abort = new AbortController();
  const sink = new MemorySink();
  const receiving = receiveBytes(pair.ours, sink, options({ signal: abort.signal }));
  await writeAll(pair.theirs, patternOf(200_000));
  await sink.stored(65_536);
  abort.abort("ABOR");
  const result = await receiving;
  assertEquals([result.outcome, result.error], ["aborted", "ABOR"]);
  assertEquals(result.bytes, sink.bytes.length);
  assertEquals(sink.bytes, patternOf(200_000).subarray(0, result.bytes));
  assertEquals(loop.buffers.lentBytes, 0);
});

Deno.test("receiveBytes stores nothing under an aborted signal", async () => {
  using pair = await connectedPair();
  const sink = new MemorySink();
  const result = await receiveBytes(pair.ours, sink, options({ signal: AbortSignal.abort("late") }));
  assertEquals(result, { outcome: "aborted", bytes: 0, error: "late" });
});

Deno.test("receiveBytes says stalled when nothing comes for too long", async () => {
  using pair = await connectedPair();
  const sink = new MemorySink();
  await writeAll(pair.theirs, patternOf(5));
  const result = await receiveBytes(pair.ours, sink, options({ stallTimeout: 40 }));
  assertEquals(result, { outcome: "stalled", bytes: 5 });
  assertEquals(sink.bytes, patternOf(5));
});

Deno.test("receiveBytes says networkFailed when the peer resets", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peer = connect(listener.addr.port, "127.0.0.1");
  using ours = await listener.accept();
  const closed = new Promise((resolve) => peer.once("close", resolve));
  const sink = new MemorySink();
  const receiving = receiveBytes(ours, sink, options());
  peer.write(patternOf(100_000));
  await sink.stored(65_536);
  peer.resetAndDestroy();
  const result = await receiving;
  assertEquals(result.outcome, "networkFailed");
  assertInstanceOf(result.error, Error);
  assertEquals(result.bytes, sink.bytes.length);
  await closed;
});

Deno.test("receiveBytes says sinkFailed at once when the disk is full, though the peer goes on", async () => {
  using pair = await connectedPair();
  const sink = new MemorySink(100_000);
  const sending = writeAll(pair.theirs, patternOf(300_000)).catch(() => {});
  const result = await receiveBytes(pair.ours, sink, options());
  await sending;
  assertEquals(result.outcome, "sinkFailed");
  assertInstanceOf(result.error, Error);
  assertEquals(result.bytes, sink.bytes.length);
  assert(result.bytes > 0 && result.bytes <= 100_000);
  assertEquals(loop.buffers.lentBytes, 0);
});

Deno.test("receiveBytes keeps to the rate limit", async () => {
  using pair = await connectedPair();
  let now = 0;
  const clock = {
    now: () => now,
    wait: (milliseconds: number) => {
      now += milliseconds;
      return Promise.resolve();
    },
  };
  const sink = new MemorySink();
  const result = await through(pair, patternOf(500_000), sink, { limiter: new RateLimiter(100_000, clock) });
  assertEquals(result, { outcome: "done", bytes: 500_000 });
  assert(Math.abs(now - 4_900) < 3, `${now} ms`);
});
