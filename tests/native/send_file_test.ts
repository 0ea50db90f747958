import { assert, assertEquals } from "@std/assert";
import type { FileSender } from "../../lib/data/file_sender.ts";
import { type PumpOptions, type PumpResult, sendBytes } from "../../lib/data/pump.ts";
import { closeQuietly, type Connection, type FilePart } from "../../lib/net/connection.ts";
import { markPlain } from "../../lib/net/plain_sockets.ts";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { concat, connectedPair, type Pair, patternOf, readToEnd } from "../data/helpers.ts";
import { nativeIo, nativeTest } from "../helpers/native.ts";
import { at, withTempDir } from "../vfs/helpers.ts";

const CONTENT = patternOf(3_000_000);
/** More than both ends of a connection hold on the way. */
const HUGE = 256 * 2 ** 20;

/** Counts what is sent without the runtime. */
interface Watched extends FileSender {
  begun: number;
  sent: number;
  /** Resolves when one of them is over. */
  readonly over: Promise<void>;
}

function watched({ begin }: FileSender): Watched {
  const over = Promise.withResolvers<void>();
  const watching: Watched = {
    begun: 0,
    sent: 0,
    over: over.promise,
    begin(part, connection) {
      const sending = begin(part, connection);
      if (!sending) return undefined;
      watching.begun++;
      return {
        get ended() {
          return sending.ended;
        },
        next: async (bytes) => {
          const count = await sending.next(bytes);
          watching.sent += count;
          return count;
        },
        stop: () => sending.stop(),
        [Symbol.dispose]: () => {
          over.resolve();
          sending[Symbol.dispose]();
        },
      };
    },
  };
  return watching;
}

/** What a test works with. */
interface Stage {
  readonly dir: string;
  readonly sender: Watched;
  readonly pair: Pair;
  /** Sends `file` of `dir` from `offset` on to the end that it had when it was opened. */
  send(options?: Partial<PumpOptions>, offset?: number): Promise<PumpResult>;
}

function sendTest(name: string, test: (stage: Stage) => Promise<void>): void {
  nativeTest(name, () =>
    withTempDir(async (dir) => {
      await Deno.writeFile(`${dir}/file`, CONTENT);
      const vfs = await openDisk(dir);
      using native = nativeIo();
      using pair = await connectedPair();
      markPlain(pair.ours);
      const sender = watched(native.fileSender);
      const send: Stage["send"] = async (options, offset = 0) => {
        const source = await vfs.openRead(at("/file"), offset);
        try {
          const signal = new AbortController().signal;
          const limit = source.size - offset;
          return await sendBytes(source, pair.ours, { signal, stallTimeout: 0, limit, fileSender: sender, ...options });
        } finally {
          source.close();
        }
      };
      await test({ dir, sender, pair, send });
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

/** Makes `file` so long that nobody takes all of it. */
async function makeHuge(dir: string): Promise<void> {
  await Deno.truncate(`${dir}/file`, HUGE);
}

/** Reads to the end, and gives the bytes. */
async function receive({ ours, theirs }: Pair, sending: Promise<PumpResult>): Promise<[PumpResult, Uint8Array]> {
  const received = readToEnd(theirs);
  const result = await sending;
  closeQuietly(ours);
  return [result, await received];
}

sendTest("fileSender sends a file, byte by byte as it is, and tells of progress", async ({ sender, pair, send }) => {
  const progress: number[] = [];
  const [result, bytes] = await receive(pair, send({ onProgress: (bytes) => progress.push(bytes) }));
  assertEquals([result, sender.begun, sender.sent], [{ outcome: "done", bytes: CONTENT.length }, 1, CONTENT.length]);
  assertEquals(bytes, CONTENT);
  assertEquals(progress.at(-1), CONTENT.length);
  assert(progress.length > 3);
});

sendTest("fileSender begins at an offset and ends at a limit", async ({ sender, pair, send }) => {
  const [result, bytes] = await receive(pair, send({ limit: 1_500_000 }, 1_000_001));
  assertEquals([result.bytes, sender.sent], [1_500_000, 1_500_000]);
  assertEquals(bytes, CONTENT.slice(1_000_001, 2_500_001));
});

sendTest("fileSender leaves what is small, converted or counted to the runtime", async ({ sender, pair, send }) => {
  const limiter = { take: () => undefined } as unknown as NonNullable<PumpOptions["limiter"]>;
  const sending = (async () => {
    await send({ limit: 1000 });
    await send({ limiter });
    return await send({ ascii: true });
  })();
  const [result] = await receive(pair, sending);
  assertEquals([result.outcome, sender.begun], ["done", 0]);
});

sendTest("fileSender leaves a connection alone that is no plain socket", async ({ pair, send, sender }) => {
  const around: Connection = {
    localAddr: pair.ours.localAddr,
    remoteAddr: pair.ours.remoteAddr,
    read: (buffer) => pair.ours.read(buffer),
    write: (data) => pair.ours.write(data.map((byte) => byte ^ 1)),
    closeWrite: () => pair.ours.closeWrite(),
    close: () => pair.ours.close(),
  };
  const part = { path: "/proc/self/exe", device: 0, inode: 0, offset: 0, limit: 1 };
  assertEquals(sender.begin(part, around), undefined);
  await receive(pair, send({ limit: 1 }));
});

sendTest("fileSender leaves another file alone that has come to the place", async ({ dir, pair, sender, send }) => {
  const before = await Deno.stat(`${dir}/file`);
  await Deno.writeFile(`${dir}/other`, CONTENT);
  const part = { path: `${dir}/other`, device: before.dev, inode: before.ino ?? 0, offset: 0, limit: 1 };
  assertEquals(sender.begin(part, pair.ours), undefined);
  assertEquals(sender.begin({ ...part, path: `${dir}/missing` }, pair.ours), undefined);
  assertEquals(descriptorsOf(`${dir}/other`), 0);
  await receive(pair, send({ limit: 1 }));
});

sendTest("fileSender ends at an abort while the peer reads nothing", async ({ dir, pair, sender, send }) => {
  await makeHuge(dir);
  const abort = new AbortController();
  const progress = Promise.withResolvers<void>();
  const sending = send({ signal: abort.signal, onProgress: () => progress.resolve() });
  await progress.promise;
  abort.abort("enough");
  const result = await sending;
  assertEquals([result.outcome, result.error, result.bytes < HUGE], ["aborted", "enough", true]);
  const received = await readToEnd(pair.theirs);
  // The last part may have been sent and not told any more.
  assert(received.length >= result.bytes && received.length < HUGE);
  assertEquals(sender.begun, 1);
  await untilClosed(`${dir}/file`);
});

sendTest("fileSender gives up a peer that reads nothing for the time of a stall", async ({ dir, send, pair }) => {
  await makeHuge(dir);
  const result = await send({ stallTimeout: 500 });
  assertEquals([result.outcome, result.bytes < HUGE], ["stalled", true]);
  await readToEnd(pair.theirs);
  await untilClosed(`${dir}/file`);
});

sendTest("fileSender names the network when the peer is gone", async ({ dir, pair, send }) => {
  await makeHuge(dir);
  const sending = send();
  await pair.theirs.read(new Uint8Array(1));
  pair.theirs.close();
  assertEquals((await sending).outcome, "networkFailed");
});

sendTest(
  "fileSender gives a peer that rests back to the runtime, which sends the rest",
  async ({ dir, sender, pair, send }) => {
    const long = patternOf(40_000_000);
    await Deno.writeFile(`${dir}/file`, long);
    const sending = send();
    // Nobody reads until the system has given up.
    await sender.over;
    const [result, bytes] = await receive(pair, sending);
    assertEquals([result, bytes.length], [{ outcome: "done", bytes: long.length }, long.length]);
    assertEquals(bytes, long);
    assert(sender.sent > 0 && sender.sent < long.length);
  },
);

sendTest("fileSender goes on with a peer that reads in small parts", async ({ pair, send }) => {
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

sendTest("fileSender sends what is there of a file that has become shorter", async ({ dir, pair, send }) => {
  const vfs = await openDisk(dir);
  const source = await vfs.openRead(at("/file"));
  await Deno.truncate(`${dir}/file`, 700_000);
  source.close();
  const [result, bytes] = await receive(pair, send({ limit: CONTENT.length }));
  assertEquals(result, { outcome: "done", bytes: 700_000 });
  assertEquals(bytes, CONTENT.slice(0, 700_000));
});

nativeTest("fileSender finds its socket among many, over IPv6 too", () =>
  withPart(async (part) => {
    using native = nativeIo();
    using listener = Deno.listen({ hostname: "::1", port: 0 });
    const ends: Deno.TcpConn[] = [];
    try {
      for (let count = 0; count < 50; count++) {
        const { port } = listener.addr;
        const [ours, theirs] = await Promise.all([listener.accept(), Deno.connect({ hostname: "::1", port })]);
        ends.push(ours, theirs);
      }
      for (const index of [0, 48, 98]) {
        const [ours, theirs] = [ends[index], ends[index + 1]];
        assert(ours && theirs);
        using sending = native.fileSender.begin(part, markPlain(ours));
        assert(sending);
        const count = await sending.next(1000 + index);
        assertEquals(count, 1000 + index);
        const buffer = new Uint8Array(2000);
        assertEquals(await theirs.read(buffer), count);
        assertEquals(buffer.slice(0, count ?? 0), CONTENT.slice(0, count ?? 0));
      }
    } finally {
      ends.forEach(closeQuietly);
    }
  }));

nativeTest(
  "fileSender takes so many files at once and no more, and others when these are over",
  () =>
    withPart(async (part) => {
      using native = nativeIo();
      using pair = await connectedPair();
      markPlain(pair.ours);
      const all = Array.from({ length: 16 }, () => native.fileSender.begin(part, pair.ours));
      assertEquals([all.every(Boolean), native.fileSender.begin(part, pair.ours)], [true, undefined]);
      all.pop()?.[Symbol.dispose]();
      all.push(native.fileSender.begin(part, pair.ours));
      assert(all.at(-1));
      for (const each of all) each?.[Symbol.dispose]();
      assertEquals(descriptorsOf(part.path), 0);
    }),
);

/** What was under way in the system is over a moment after the transfer. */
async function untilClosed(path: string): Promise<void> {
  // There is no event to wait for: the system is asked from outside, on purpose.
  for (let tries = 0; tries < 500 && descriptorsOf(path) > 0; tries++) await new Promise((r) => setTimeout(r, 10));
}

nativeTest("fileSender that is over touches nobody else's connection", () =>
  withPart(async (part) => {
    using native = nativeIo();
    using pair = await connectedPair();
    const sending = native.fileSender.begin(part, markPlain(pair.ours));
    assert(sending);
    sending[Symbol.dispose]();
    // These have the numbers that were free.
    const others = await Promise.all(Array.from({ length: 4 }, () => connectedPair()));
    sending.stop();
    sending[Symbol.dispose]();
    for (const other of others) {
      assertEquals(await other.ours.write(new Uint8Array(3)), 3);
      assertEquals(await other.theirs.read(new Uint8Array(8)), 3);
      other[Symbol.dispose]();
    }
  }));
