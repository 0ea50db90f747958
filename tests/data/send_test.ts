import { assert, assertEquals, assertInstanceOf, assertLess } from "@std/assert";
import { connect } from "node:net";
import { RunningDigest } from "../../lib/data/digest/digest.ts";
import { EventLoop } from "../../lib/data/event_loop.ts";
import { TextSource } from "../../lib/data/text_source.ts";
import { type PumpOptions, sendBytes } from "../../lib/data/pump.ts";
import { RateLimiter } from "../../lib/data/rate_limit.ts";
import { closeQuietly, type Connection, type FileSent, writeAll } from "../../lib/net/connection.ts";
import type { ByteSource } from "../../lib/vfs/vfs.ts";
import {
  connectedPair,
  EndlessSource,
  EndlessWait,
  MemorySource,
  type Pair,
  patternOf,
  readToEnd,
  sha256,
} from "./helpers.ts";

const SIZES = [0, 1, 4095, 4096, 65536, 65537, 1024 * 1024 + 7, 8 * 1024 * 1024];

const loop = new EventLoop();

function options(extra: Partial<PumpOptions> = {}): PumpOptions {
  return { loop, signal: new AbortController().signal, stallTimeout: 30_000, ...extra };
}

/** Sends, ends the stream, and gives back what came out at the other end. */
async function through({ ours, theirs }: Pair, source: ByteSource, extra: Partial<PumpOptions> = {}) {
  const receiving = readToEnd(theirs);
  const result = await sendBytes(source, ours, options(extra));
  closeQuietly(ours);
  return { result, received: await receiving };
}

for (const size of SIZES) {
  Deno.test(`sendBytes delivers ${size} bytes as they are`, async () => {
    using pair = await connectedPair();
    const sent = patternOf(size);
    const { result, received } = await through(pair, new MemorySource(sent));
    assertEquals(result, { outcome: "done", bytes: size });
    assertEquals(await sha256(received), await sha256(sent));
    assertEquals(loop.buffers.lentBytes, 0);
  });
}

Deno.test("sendBytes reads a real file to its end", async () => {
  using pair = await connectedPair();
  const path = await Deno.makeTempFile();
  try {
    const sent = patternOf(3_000_001);
    await Deno.writeFile(path, sent);
    using file = await Deno.open(path);
    const { result, received } = await through(pair, file);
    assertEquals(result, { outcome: "done", bytes: sent.length });
    assertEquals(await sha256(received), await sha256(sent));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("sendBytes reads a small file of known size once", async () => {
  using pair = await connectedPair();
  const source = new MemorySource(patternOf(4096));
  const { result } = await through(pair, source, { limit: 4096 });
  assertEquals(result, { outcome: "done", bytes: 4096 });
  assertEquals(source.reads, 1);
});

Deno.test("sendBytes stops at the limit", async () => {
  using pair = await connectedPair();
  const sent = patternOf(500_000);
  const { result, received } = await through(pair, new MemorySource(sent), { limit: 300_001 });
  assertEquals(result, { outcome: "done", bytes: 300_001 });
  assertEquals(await sha256(received), await sha256(sent.subarray(0, 300_001)));
});

Deno.test("sendBytes sends nothing with limit 0", async () => {
  using pair = await connectedPair();
  const source = new MemorySource(patternOf(10));
  const { result } = await through(pair, source, { limit: 0 });
  assertEquals(result, { outcome: "done", bytes: 0 });
  assertEquals(source.reads, 0);
});

Deno.test("sendBytes reports progress up to the last byte", async () => {
  using pair = await connectedPair();
  const seen: number[] = [];
  await through(pair, new MemorySource(patternOf(1_000_000)), { onProgress: (bytes) => seen.push(bytes) });
  assertEquals(seen.at(-1), 1_000_000);
  assertEquals(seen, seen.toSorted((a, b) => a - b));
});

Deno.test("sendBytes converts line ends also where two pieces meet", async () => {
  using pair = await connectedPair();
  // CR LF cut by the border of the first piece of 64 KiB must not become CR CR LF.
  const head = "x".repeat(65_535) + "\r";
  const { result, received } = await through(pair, new MemorySource(new TextEncoder().encode(`${head}\na\nb`)), {
    ascii: true,
  });
  assertEquals(new TextDecoder().decode(received), `${head}\na\r\nb`);
  assertEquals(result, { outcome: "done", bytes: received.length });
});

Deno.test("sendBytes digests the file and not its converted form", async () => {
  using pair = await connectedPair();
  const text = new TextEncoder().encode("a\nb\n");
  const digest = new RunningDigest();
  await through(pair, new MemorySource(text), { ascii: true, digest });
  assertEquals(digest.finish()?.get("SHA-256"), await sha256(text));
});

Deno.test("sendBytes says sourceFailed with the error and the bytes before it", async () => {
  using pair = await connectedPair();
  const { result, received } = await through(pair, new MemorySource(patternOf(900_000), 200_000));
  assertEquals(result.outcome, "sourceFailed");
  assertInstanceOf(result.error, Error);
  assertEquals(result.bytes, received.length);
  assertLess(199_999, received.length);
});

Deno.test("sendBytes ends with aborted while the peer takes nothing", async () => {
  using pair = await connectedPair();
  const abort = new AbortController();
  const { promise: moving, resolve } = Promise.withResolvers<void>();
  const sending = sendBytes(
    new EndlessSource(),
    pair.ours,
    options({ signal: abort.signal, onProgress: () => resolve() }),
  );
  await moving;
  abort.abort("ABOR");
  const result = await sending;
  assertEquals([result.outcome, result.error], ["aborted", "ABOR"]);
  assertEquals((await readToEnd(pair.theirs)).length, result.bytes);
  assertEquals(loop.buffers.lentBytes, 0);
});

Deno.test("sendBytes ends with aborted though closing does not end a write", async () => {
  using pair = await connectedPair();
  const abort = new AbortController();
  const { promise: writing, resolve } = Promise.withResolvers<void>();
  const connection: Connection = {
    localAddr: pair.ours.localAddr,
    remoteAddr: pair.ours.remoteAddr,
    read: () => Promise.resolve(null),
    write: () => new Promise(() => resolve()),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  const sending = sendBytes(new EndlessSource(), connection, options({ signal: abort.signal }));
  await writing;
  abort.abort("ABOR");
  assertEquals(await sending, { outcome: "aborted", bytes: 0, error: "ABOR" });
  assertEquals(loop.buffers.lentBytes, 0);
});

Deno.test("sendBytes ends with aborted while a read of the source hangs", async () => {
  using pair = await connectedPair();
  const abort = new AbortController();
  const sending = sendBytes(new EndlessWait(), pair.ours, options({ signal: abort.signal }));
  abort.abort("ABOR");
  assertEquals(await sending, { outcome: "aborted", bytes: 0, error: "ABOR" });
  assertEquals(loop.buffers.lentBytes, 0);
});

Deno.test("sendBytes does nothing under an aborted signal", async () => {
  using pair = await connectedPair();
  const source = new MemorySource(patternOf(10));
  const result = await sendBytes(source, pair.ours, options({ signal: AbortSignal.abort("late") }));
  assertEquals(result, { outcome: "aborted", bytes: 0, error: "late" });
  assertEquals(source.reads, 0);
});

Deno.test("sendBytes says stalled when the peer takes nothing for too long", async () => {
  using pair = await connectedPair();
  const result = await sendBytes(new EndlessSource(), pair.ours, options({ stallTimeout: 40 }));
  assertEquals(result.outcome, "stalled");
  assertEquals((await readToEnd(pair.theirs)).length, result.bytes);
});

Deno.test("sendBytes says stalled when the source has nothing for too long", async () => {
  using pair = await connectedPair();
  const result = await sendBytes(new EndlessWait(), pair.ours, options({ stallTimeout: 40 }));
  assertEquals(result, { outcome: "stalled", bytes: 0 });
});

Deno.test("sendBytes says networkFailed when the peer resets", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peer = connect(listener.addr.port, "127.0.0.1");
  using ours = await listener.accept();
  const closed = new Promise((resolve) => peer.once("close", resolve));
  const result = await sendBytes(
    new EndlessSource(),
    ours,
    options({ onProgress: () => peer.destroyed || peer.resetAndDestroy() }),
  );
  assertEquals(result.outcome, "networkFailed");
  assertInstanceOf(result.error, Error);
  await closed;
});

Deno.test("sendBytes keeps to the rate limit, and a rest is not a stall", async () => {
  using pair = await connectedPair();
  const waits: number[] = [];
  let now = 0;
  const clock = {
    now: () => now,
    wait: (milliseconds: number) => {
      waits.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
  };
  const limiter = new RateLimiter(100_000, clock);
  const { result } = await through(pair, new MemorySource(patternOf(1_000_000)), { limiter });
  assertEquals(result, { outcome: "done", bytes: 1_000_000 });
  // A million bytes at 100,000 a second are ten seconds, less the burst of a tenth.
  assert(Math.abs(now - 9_900) < 1, `${now} ms`);
  assert(Math.max(...waits) <= 101, "pieces are a tenth of a second at most");
});

Deno.test("sendBytes sends a listing and closing the source ends its producer", async () => {
  using pair = await connectedPair();
  let ended = false;
  async function* lines() {
    try {
      for (let index = 0;; index++) yield [`line ${index}\r\n`, "ä\r\n"];
    } finally {
      ended = true;
    }
  }
  const source = new TextSource(lines());
  const abort = new AbortController();
  const sending = sendBytes(source, pair.ours, options({ signal: abort.signal, onProgress: () => abort.abort() }));
  assertEquals((await sending).outcome, "aborted");
  source.close();
  await Promise.resolve();
  assert(ended);
});

Deno.test("sendBytes leaves the connection open when done", async () => {
  using pair = await connectedPair();
  await sendBytes(new MemorySource(patternOf(3)), pair.ours, options());
  await writeAll(pair.ours, patternOf(2));
  pair.ours.close();
  assertEquals((await readToEnd(pair.theirs)).length, 5);
});

/** A source in a file that a connection may send by itself. */
function located(bytes: Uint8Array): ByteSource {
  const source = new MemorySource(bytes);
  return {
    location: { path: "/file", device: 1, inode: 1, offset: 0 },
    read: (buffer) => source.read(buffer),
    skip: (bytes) => source.skip(bytes),
    close: () => source.close(),
  };
}

/** `connection`, which sends no file by itself but says what it is told to, after reporting `progress`. */
function scripted(
  connection: Connection,
  outcome: FileSent | Error | undefined,
  progress: readonly number[] = [],
): Connection {
  return {
    localAddr: connection.localAddr,
    remoteAddr: connection.remoteAddr,
    read: (buffer) => connection.read(buffer),
    write: (data) => connection.write(data),
    closeWrite: () => connection.closeWrite(),
    close: () => connection.close(),
    async sendFile(_part, { onProgress }) {
      for (const bytes of progress) {
        onProgress(bytes);
        await Promise.resolve();
      }
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
}

const LIMIT = 1_000_000;
const broken = new Error("Broken");

for (
  const { claim, sent, progress, result, received } of [
    { claim: "counts what the connection sends", sent: { bytes: LIMIT }, result: ["done", LIMIT], received: 0 },
    {
      claim: "counts no byte twice that the connection reports",
      sent: { bytes: LIMIT },
      progress: [300_000, 900_000],
      result: ["done", LIMIT],
      received: 0,
    },
    {
      claim: "sends the file itself where the connection cannot",
      sent: undefined,
      result: ["done", LIMIT],
      received: LIMIT,
    },
    {
      claim: "sends the rest that the connection leaves",
      sent: { bytes: 600_000 },
      progress: [600_000],
      result: ["done", LIMIT],
      received: 400_000,
    },
    {
      claim: "names the network that failed the connection",
      sent: { bytes: 600_000, failure: { of: "network", error: broken } },
      result: ["networkFailed", 600_000],
      received: 0,
    },
    {
      claim: "names the file that failed the connection",
      sent: { bytes: 600_000, failure: { of: "file", error: broken } },
      result: ["sourceFailed", 600_000],
      received: 0,
    },
    {
      claim: "takes a rejection of the connection for the network's",
      sent: broken,
      progress: [600_000],
      result: ["networkFailed", 600_000],
      received: 0,
    },
  ] as const
) {
  Deno.test(`sendBytes ${claim}`, async () => {
    using pair = await connectedPair();
    const ours = scripted(pair.ours, sent, progress);
    const { result: ended, received: bytes } = await through({ ...pair, ours }, located(patternOf(LIMIT)), {
      limit: LIMIT,
    });
    assertEquals([ended.outcome, ended.bytes, bytes.length], [...result, received]);
  });
}

Deno.test("sendBytes asks for no file where it is small, or its bytes must be seen", async () => {
  for (
    const extra of [
      { limit: 1000 },
      { limit: LIMIT, ascii: true },
      { limit: LIMIT, limiter: new RateLimiter(2 ** 30) },
      { limit: LIMIT, digest: new RunningDigest() },
    ]
  ) {
    using pair = await connectedPair();
    const ours = scripted(pair.ours, broken);
    const { result } = await through({ ...pair, ours }, located(new Uint8Array(extra.limit)), extra);
    assertEquals(result, { outcome: "done", bytes: extra.limit });
  }
});

Deno.test("sendBytes that is aborted sends no more of what the connection leaves", async () => {
  using pair = await connectedPair();
  const abort = new AbortController();
  const ours = scripted(pair.ours, { bytes: 600_000 }, [600_000]);
  const { result, received } = await through({ ...pair, ours }, located(patternOf(LIMIT)), {
    limit: LIMIT,
    signal: abort.signal,
    onProgress: () => abort.abort("enough"),
  });
  assertEquals([result, received.length], [{ outcome: "aborted", bytes: 600_000, error: "enough" }, 0]);
});

Deno.test("sendBytes names the source that cannot skip what the connection has sent", async () => {
  using pair = await connectedPair();
  const ours = scripted(pair.ours, { bytes: 600_000 });
  const rigid: ByteSource = {
    ...located(patternOf(LIMIT)),
    skip: () => {
      throw new Error("Cannot seek");
    },
  };
  const { result } = await through({ ...pair, ours }, rigid, { limit: LIMIT });
  assertEquals([result.outcome, result.bytes], ["sourceFailed", 600_000]);
});
