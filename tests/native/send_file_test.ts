import { assert, assertEquals } from "@std/assert";
import type { DataEngine } from "../../lib/data/engine.ts";
import { EventLoop } from "../../lib/data/event_loop.ts";
import { type PumpOptions, type PumpResult, sendBytes } from "../../lib/data/pump.ts";
import { closeQuietly, type Connection, type FilePart } from "../../lib/net/connection.ts";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { concat, connectedPair, type Pair, patternOf, readToEnd } from "../data/helpers.ts";
import { nativeIo, nativeTest } from "../helpers/native.ts";
import { at, withTempDir } from "../vfs/helpers.ts";

const CONTENT = patternOf(3_000_000);
/** More than both ends of a connection hold on the way. */
const HUGE = 256 * 2 ** 20;

const never = new AbortController().signal;
const quiet = { last: true, onProgress: () => {} };

/** A pair whose first end is of `engine`. */
async function pairOf(engine: DataEngine, hostname = "127.0.0.1"): Promise<Pair> {
  const connector = await engine.listen({ hostname, peer: hostname, timeout: 0 });
  const theirs = await Deno.connect({ hostname, port: connector.port });
  const ours = await connector.open(never);
  return {
    ours,
    theirs,
    [Symbol.dispose]() {
      closeQuietly(ours);
      closeQuietly(theirs);
    },
  };
}

/** What was sent without the runtime. */
interface Sent {
  begun: number;
  bytes: number;
  /** Resolves when one of them is over. */
  readonly over: Promise<void>;
}

/** `connection`, and what it sends by itself. */
function watched(connection: Connection): { ours: Connection; sent: Sent } {
  const over = Promise.withResolvers<void>();
  const sent: Sent = { begun: 0, bytes: 0, over: over.promise };
  const ours: Connection = {
    localAddr: connection.localAddr,
    remoteAddr: connection.remoteAddr,
    read: (buffer) => connection.read(buffer),
    write: (data) => connection.write(data),
    closeWrite: () => connection.closeWrite(),
    close: () => connection.close(),
    async sendFile(part, options) {
      sent.begun++;
      const result = await connection.sendFile?.(part, options);
      sent.bytes += result?.bytes ?? 0;
      over.resolve();
      return result;
    },
  };
  return { ours, sent };
}

/** What a test works with. */
interface Stage {
  readonly dir: string;
  readonly sent: Sent;
  readonly pair: Pair;
  /** Sends `file` of `dir` from `offset` on to the end that it had when it was opened. */
  send(options?: Partial<PumpOptions>, offset?: number): Promise<PumpResult>;
}

function sendTest(name: string, test: (stage: Stage) => Promise<void>): void {
  nativeTest(name, () =>
    withTempDir(async (dir) => {
      await Deno.writeFile(`${dir}/file`, CONTENT);
      const vfs = await openDisk(dir);
      const loop = new EventLoop();
      using native = nativeIo();
      using pair = await pairOf(native.dataEngine);
      const { ours, sent } = watched(pair.ours);
      const send: Stage["send"] = async (options, offset = 0) => {
        const source = await vfs.openRead(at("/file"), offset);
        try {
          const limit = source.size - offset;
          return await sendBytes(source, ours, { loop, signal: never, stallTimeout: 0, limit, ...options });
        } finally {
          source.close();
        }
      };
      await test({ dir, sent, pair, send });
      assertEquals(descriptorsOf(`${dir}/file`), 0);
    }));
}

/** Runs `test` with a file of its own, all of which is to be sent. */
function withPart(test: (part: FilePart) => Promise<void>): Promise<void> {
  return withTempDir(async (dir) => {
    const path = `${dir}/file`;
    await Deno.writeFile(path, CONTENT);
    const { dev, ino } = await Deno.stat(path);
    await test({ path, device: dev, inode: ino ?? 0, offset: 0, limit: CONTENT.length });
  });
}

/** How often this process has `path` open. */
function descriptorsOf(path: string): number {
  return Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`) === path;
    } catch {
      return false; // That of the reading itself.
    }
  }).filter(Boolean).length;
}

/** Makes the file so long that no peer takes all of it. */
async function makeHuge(path: string): Promise<void> {
  await Deno.truncate(path, HUGE);
}

/** Reads to the end, and gives the bytes. */
async function receive({ ours, theirs }: Pair, sending: Promise<PumpResult>): Promise<[PumpResult, Uint8Array]> {
  const received = readToEnd(theirs);
  const result = await sending;
  closeQuietly(ours);
  return [result, await received];
}

sendTest("sendFile sends a file, byte by byte as it is, and reports progress", async ({ sent, pair, send }) => {
  const progress: number[] = [];
  const [result, bytes] = await receive(pair, send({ onProgress: (bytes) => progress.push(bytes) }));
  assertEquals([result, sent.begun, sent.bytes], [{ outcome: "done", bytes: CONTENT.length }, 1, CONTENT.length]);
  assertEquals(bytes, CONTENT);
  assertEquals(progress.at(-1), CONTENT.length);
  assert(progress.length > 3);
});

sendTest("sendFile begins at an offset and ends at a limit", async ({ sent, pair, send }) => {
  const [result, bytes] = await receive(pair, send({ limit: 1_500_000 }, 1_000_001));
  assertEquals([result.bytes, sent.bytes], [1_500_000, 1_500_000]);
  assertEquals(bytes, CONTENT.slice(1_000_001, 2_500_001));
});

sendTest("sendFile leaves another file alone that has come to the place", async ({ dir, pair, send }) => {
  const before = await Deno.stat(`${dir}/file`);
  await Deno.writeFile(`${dir}/other`, CONTENT);
  const part = { path: `${dir}/other`, device: before.dev, inode: before.ino ?? 0, offset: 0, limit: 1 };
  assertEquals(await pair.ours.sendFile?.(part, quiet), undefined);
  assertEquals(await pair.ours.sendFile?.({ ...part, path: `${dir}/missing` }, quiet), undefined);
  assertEquals(descriptorsOf(`${dir}/other`), 0);
  await receive(pair, send({ limit: 1 }));
});

sendTest("sendFile ends at an abort while the peer reads nothing", async ({ dir, pair, sent, send }) => {
  await makeHuge(`${dir}/file`);
  const abort = new AbortController();
  const progress = Promise.withResolvers<void>();
  const sending = send({ signal: abort.signal, onProgress: () => progress.resolve() });
  await progress.promise;
  abort.abort("enough");
  const result = await sending;
  assertEquals([result.outcome, result.error, result.bytes < HUGE], ["aborted", "enough", true]);
  const received = await readToEnd(pair.theirs);
  // The last part may have been sent and not reported any more.
  assert(received.length >= result.bytes && received.length < HUGE);
  assertEquals(sent.begun, 1);
  await untilClosed(`${dir}/file`);
});

sendTest("sendFile gives up a peer that reads nothing for the time of a stall", async ({ dir, send, pair }) => {
  await makeHuge(`${dir}/file`);
  const result = await send({ stallTimeout: 500 });
  assertEquals([result.outcome, result.bytes < HUGE], ["stalled", true]);
  await readToEnd(pair.theirs);
  await untilClosed(`${dir}/file`);
});

sendTest("sendFile names the network when the peer is gone", async ({ dir, pair, send }) => {
  await makeHuge(`${dir}/file`);
  const sending = send();
  await pair.theirs.read(new Uint8Array(1));
  pair.theirs.close();
  assertEquals((await sending).outcome, "networkFailed");
});

sendTest(
  "sendFile gives a peer that rests back to the runtime, which sends the rest",
  async ({ dir, sent, pair, send }) => {
    const long = patternOf(40_000_000);
    await Deno.writeFile(`${dir}/file`, long);
    const sending = send();
    // Nothing is read until the system has given up.
    await sent.over;
    const [result, bytes] = await receive(pair, sending);
    assertEquals([result, bytes.length], [{ outcome: "done", bytes: long.length }, long.length]);
    assertEquals(bytes, long);
    assert(sent.bytes > 0 && sent.bytes < long.length);
  },
);

sendTest("sendFile goes on with a peer that reads in small parts", async ({ pair, send }) => {
  const sending = send();
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(20_000);
  let total = 0;
  for (let count; total < CONTENT.length && (count = await pair.theirs.read(buffer)) !== null;) {
    parts.push(buffer.slice(0, count));
    total += count;
  }
  assertEquals((await sending).outcome, "done");
  assertEquals(concat(parts), CONTENT);
});

sendTest("sendFile sends what is there of a file that has become shorter", async ({ dir, pair, send }) => {
  const vfs = await openDisk(dir);
  const source = await vfs.openRead(at("/file"));
  await Deno.truncate(`${dir}/file`, 700_000);
  source.close();
  const [result, bytes] = await receive(pair, send({ limit: CONTENT.length }));
  assertEquals(result, { outcome: "done", bytes: 700_000 });
  assertEquals(bytes, CONTENT.slice(0, 700_000));
});

nativeTest("sendFile finds its socket among many, over IPv6 too", () =>
  withPart(async (part) => {
    using native = nativeIo();
    const pairs: Pair[] = [];
    try {
      for (let count = 0; count < 50; count++) pairs.push(await pairOf(native.dataEngine, "::1"));
      for (const index of [0, 24, 49]) {
        const pair = pairs[index];
        assert(pair);
        const limit = 1000 + index;
        assertEquals(await pair.ours.sendFile?.({ ...part, limit }, quiet), { bytes: limit });
        const buffer = new Uint8Array(2000);
        assertEquals(await pair.theirs.read(buffer), limit);
        assertEquals(buffer.slice(0, limit), CONTENT.slice(0, limit));
      }
    } finally {
      for (const pair of pairs) pair[Symbol.dispose]();
    }
  }));

nativeTest(
  "sendFile takes sixteen files at once and no more, and others when these are over",
  () =>
    withPart(async (part) => {
      using native = nativeIo();
      await makeHuge(part.path);
      const pairs = await Promise.all(Array.from({ length: 17 }, () => pairOf(native.dataEngine)));
      const huge = { ...part, limit: HUGE };
      try {
        const [first, ...others] = pairs;
        assert(first);
        const sending = others.map(({ ours }) => ours.sendFile?.(huge, quiet));
        assertEquals(await first.ours.sendFile?.(part, quiet), undefined);
        others[0]?.ours.close();
        assertEquals((await sending[0])?.failure?.of, "network");
        await untilClosed(part.path, 15);
        assertEquals(await first.ours.sendFile?.({ ...part, limit: 1000 }, quiet), { bytes: 1000 });
        for (const { ours } of others) closeQuietly(ours);
        await Promise.all(sending);
      } finally {
        for (const pair of pairs) pair[Symbol.dispose]();
      }
      await untilClosed(part.path);
      assertEquals(descriptorsOf(part.path), 0);
    }),
);

/** What was under way in the system is over a moment after the transfer. */
async function untilClosed(path: string, most = 0): Promise<void> {
  // There is no event to wait for: the system is asked from outside, on purpose.
  for (let tries = 0; tries < 500 && descriptorsOf(path) > most; tries++) await new Promise((r) => setTimeout(r, 10));
}

nativeTest("sendFile that is over touches no other connection when its own is closed", () =>
  withPart(async (part) => {
    using native = nativeIo();
    using pair = await pairOf(native.dataEngine);
    assertEquals(await pair.ours.sendFile?.({ ...part, limit: 1000 }, quiet), { bytes: 1000 });
    // These have the numbers that were free.
    const others = await Promise.all(Array.from({ length: 4 }, () => connectedPair()));
    pair.ours.close();
    for (const other of others) {
      assertEquals(await other.ours.write(new Uint8Array(3)), 3);
      assertEquals(await other.theirs.read(new Uint8Array(8)), 3);
      other[Symbol.dispose]();
    }
  }));
