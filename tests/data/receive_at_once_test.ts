import { assert, assertEquals } from "@std/assert";
import { RunningDigest } from "../../lib/data/digest/digest.ts";
import { EventLoop } from "../../lib/data/event_loop.ts";
import { type PumpOptions, receiveBytes } from "../../lib/data/pump.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { MemorySink, patternOf, sha256 } from "./helpers.ts";

const loop = new EventLoop();
const CONTENT = patternOf(4096);

/** What comes next: so many bytes, the end, nothing for now, or a failure. */
type Next = number | null | undefined | Error;

/** A client from whom something comes at once, and the rest to those who wait. */
class NearConnection implements Connection {
  readonly localAddr = { hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr = { hostname: "127.0.0.1", port: 2 };
  waits = 0;
  closed = false;
  readonly #content: Uint8Array;
  readonly #now: Next[];
  #position = 0;

  constructor(content: Uint8Array, now: Next[]) {
    this.#content = content;
    this.#now = now;
  }

  readNow(buffer: Uint8Array): number | null | undefined {
    const next = this.#now.shift();
    if (next instanceof Error) throw next;
    return typeof next === "number" ? this.#take(buffer.subarray(0, next)) : next;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    this.waits++;
    if (this.closed) return Promise.reject(new Deno.errors.BadResource("Closed"));
    return Promise.resolve(this.#take(buffer) || null);
  }

  write(): Promise<number> {
    return Promise.reject(new Error("An upload sends nothing"));
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
  }

  #take(buffer: Uint8Array): number {
    const part = this.#content.subarray(this.#position, this.#position + buffer.length);
    buffer.set(part);
    this.#position += part.length;
    return part.length;
  }
}

/** Counts its writes. */
class CountingSink extends MemorySink {
  writes = 0;

  override write(data: Uint8Array): Promise<void> {
    this.writes++;
    return super.write(data);
  }
}

async function receive(connection: Connection, sink: MemorySink, extra: Partial<PumpOptions> = {}) {
  const progress: number[] = [];
  const result = await receiveBytes(connection, sink, {
    ...{ loop, signal: new AbortController().signal, stallTimeout: 30_000 },
    onProgress: (bytes) => progress.push(bytes),
    ...extra,
  });
  assertEquals(loop.buffers.lentBytes, 0);
  return { result, progress };
}

Deno.test("receiveBytes stores what a quick client sends by one write, and waits for nothing", async () => {
  for (const parts of [[4096, null], [1, 4000, 95, null]]) {
    const connection = new NearConnection(CONTENT, parts);
    const sink = new CountingSink();
    const digest = new RunningDigest();
    const { result, progress } = await receive(connection, sink, { digest });
    assertEquals([result, progress], [{ outcome: "done", bytes: 4096 }, [4096]]);
    assertEquals([connection.waits, sink.writes, sink.bytes], [0, 1, CONTENT]);
    assertEquals(digest.finish()?.get("SHA-256"), await sha256(CONTENT));
  }
});

Deno.test("receiveBytes writes nothing for an upload without a byte", async () => {
  const sink = new CountingSink();
  const { result } = await receive(new NearConnection(CONTENT, [null]), sink);
  assertEquals([result, sink.writes], [{ outcome: "done", bytes: 0 }, 0]);
});

Deno.test("receiveBytes waits for the rest where a client is not quick, and digests all of it once", async () => {
  for (const parts of [[undefined], [1000, undefined]]) {
    const connection = new NearConnection(CONTENT, parts);
    const sink = new MemorySink();
    const digest = new RunningDigest();
    const { result, progress } = await receive(connection, sink, { digest });
    assertEquals([result, progress.at(-1), sink.bytes], [{ outcome: "done", bytes: 4096 }, 4096, CONTENT]);
    assert(connection.waits > 0);
    assertEquals(digest.finish()?.get("SHA-256"), await sha256(CONTENT));
  }
});

Deno.test("receiveBytes goes on where more comes than a small file has", async () => {
  const large = patternOf(300_000);
  const sink = new MemorySink();
  const { result } = await receive(new NearConnection(large, Array(10).fill(10_000)), sink);
  assertEquals(result, { outcome: "done", bytes: large.length });
  assertEquals(await sha256(sink.bytes), await sha256(large));
});

Deno.test("receiveBytes stores what has arrived before a quick client was gone", async () => {
  const sink = new MemorySink();
  const connection = new NearConnection(CONTENT, [1000, new Deno.errors.ConnectionReset("Gone")]);
  const { result } = await receive(connection, sink);
  assertEquals([result.outcome, result.bytes, connection.closed], ["networkFailed", 1000, true]);
  assert(result.error instanceof Deno.errors.ConnectionReset);
  assertEquals(sink.bytes, CONTENT.subarray(0, 1000));
});

Deno.test("receiveBytes says of a small upload that the sink has failed", async () => {
  const connection = new NearConnection(CONTENT, [4096, null]);
  const { result, progress } = await receive(connection, new MemorySink(100));
  assertEquals([result.outcome, result.bytes, connection.closed, progress], ["sinkFailed", 0, true, []]);
});

Deno.test("receiveBytes says of a small upload that it was aborted while it was stored", async () => {
  const abort = new AbortController();
  /** During its write the client sends ABOR. */
  class AbortingSink extends MemorySink {
    override write(data: Uint8Array): Promise<void> {
      abort.abort("ABOR");
      return super.write(data);
    }
  }
  const connection = new NearConnection(CONTENT, [4096, null]);
  const { result } = await receive(connection, new AbortingSink(), { signal: abort.signal });
  assertEquals([result, connection.closed], [{ outcome: "aborted", error: "ABOR", bytes: 4096 }, true]);
});

Deno.test("receiveBytes takes no shortcut with a range, line ends or an abort", async () => {
  for (const extra of [{ limit: 4096 }, { ascii: true }]) {
    const connection = new NearConnection(CONTENT, [4096, null]);
    await receive(connection, new MemorySink(), extra);
    assert(connection.waits > 0);
  }
  const { result } = await receive(new NearConnection(CONTENT, [4096, null]), new MemorySink(), {
    signal: AbortSignal.abort("late"),
  });
  assertEquals(result, { outcome: "aborted", error: "late", bytes: 0 });
});
