import { assert, assertEquals } from "@std/assert";
import { EventLoop } from "../../lib/data/event_loop.ts";
import { type PumpOptions, sendBytes } from "../../lib/data/pump.ts";
import type { Connection } from "../../lib/net/connection.ts";
import type { ByteSource } from "../../lib/vfs/vfs.ts";
import { concat, MemorySource, patternOf } from "./helpers.ts";

const loop = new EventLoop();
const CONTENT = patternOf(4096);

/** A connection that takes so many bytes at once, and the rest later. It tells what was done with it. */
class HastyConnection implements Connection {
  readonly localAddr = { hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr = { hostname: "127.0.0.1", port: 2 };
  readonly calls: string[] = [];
  readonly #taken: Uint8Array[] = [];
  readonly #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  get taken(): Uint8Array {
    return concat(this.#taken);
  }

  read(): Promise<number | null> {
    return Promise.resolve(null);
  }

  write(data: Uint8Array, last?: boolean): Promise<number> {
    this.calls.push(last ? "write the last" : "write");
    this.#taken.push(data.slice());
    return Promise.resolve(data.length);
  }

  writeNow(data: Uint8Array, last?: boolean): number {
    if (this.#room < 0) throw new Deno.errors.ConnectionReset("Gone");
    const part = data.slice(0, this.#room);
    this.calls.push(last ? "write the last now" : "write now");
    this.#taken.push(part);
    return part.length;
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.calls.push("close");
  }
}

/** A file that can be read at once, unless `now` says otherwise. */
class ReadySource extends MemorySource {
  readonly #bytes: Uint8Array;
  readonly #now: (() => number | null | undefined) | undefined;

  constructor(bytes: Uint8Array, now?: () => number | null | undefined) {
    super(bytes);
    this.#bytes = bytes;
    this.#now = now;
  }

  readNow(buffer: Uint8Array): number | null | undefined {
    if (this.#now) return this.#now();
    const part = this.#bytes.subarray(0, buffer.length);
    buffer.set(part);
    this.skip(part.length);
    return part.length || null;
  }
}

async function send(source: ByteSource, connection: Connection, extra: Partial<PumpOptions> = {}) {
  const progress: number[] = [];
  const result = await sendBytes(source, connection, {
    ...{ loop, signal: new AbortController().signal, stallTimeout: 30_000, limit: CONTENT.length },
    onProgress: (bytes) => progress.push(bytes),
    ...extra,
  });
  assertEquals(loop.buffers.lentBytes, 0);
  return { result, progress };
}

Deno.test("sendBytes sends a small file by one read and one write where neither has to wait", async () => {
  const connection = new HastyConnection(Infinity);
  const source = new ReadySource(CONTENT);
  assertEquals(await send(source, connection), { result: { outcome: "done", bytes: 4096 }, progress: [4096] });
  assertEquals([connection.calls, source.reads], [["write the last now"], 0]);
  assertEquals(connection.taken, CONTENT);
});

Deno.test("sendBytes waits with what a connection does not take at once", async () => {
  for (const room of [0, 1, 4095]) {
    const connection = new HastyConnection(room);
    const { result, progress } = await send(new ReadySource(CONTENT), connection);
    assertEquals([result, progress.at(-1)], [{ outcome: "done", bytes: 4096 }, 4096]);
    assertEquals(connection.calls, ["write the last now", "write the last"]);
    assertEquals(connection.taken, CONTENT);
  }
});

Deno.test("sendBytes waits for a file that takes its time", async () => {
  const connection = new HastyConnection(Infinity);
  const { result } = await send(new ReadySource(CONTENT, () => undefined), connection);
  assertEquals([result, connection.calls], [{ outcome: "done", bytes: 4096 }, ["write the last"]]);
  assertEquals(connection.taken, CONTENT);
});

Deno.test("sendBytes goes on to the end of a file that has become shorter", async () => {
  const connection = new HastyConnection(Infinity);
  const { result } = await send(new ReadySource(CONTENT.subarray(0, 1000)), connection);
  assertEquals([result, connection.calls], [{ outcome: "done", bytes: 1000 }, ["write now"]]);
  assertEquals(connection.taken, CONTENT.subarray(0, 1000));
});

Deno.test("sendBytes says of a small file which end has failed", async () => {
  const broken = new ReadySource(CONTENT, () => {
    throw new Error("Disk is broken");
  });
  const connection = new HastyConnection(Infinity);
  const { result: { outcome, bytes, error }, progress } = await send(broken, connection);
  assertEquals([outcome, bytes, progress], ["sourceFailed", 0, []]);
  assert(error instanceof Error && error.message === "Disk is broken");
  assertEquals(connection.calls, []);
  const gone = new HastyConnection(-1);
  const { result } = await send(new ReadySource(CONTENT), gone);
  assertEquals([result.outcome, result.bytes, gone.calls], ["networkFailed", 0, ["close"]]);
});

Deno.test("sendBytes takes no shortcut for a large file, line ends or an abort", async () => {
  const large = patternOf(64 * 1024 + 1);
  const connection = new HastyConnection(Infinity);
  await send(new ReadySource(large), connection, { limit: large.length });
  await send(new ReadySource(CONTENT), connection, { ascii: true });
  assert(connection.calls.every((call) => !call.endsWith("now")), connection.calls.join());
  const aborted = await send(new ReadySource(CONTENT), connection, { signal: AbortSignal.abort("late") });
  assertEquals(aborted.result, { outcome: "aborted", bytes: 0, error: "late" });
});
