import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { DigestTurns } from "../../../lib/data/digest/turns.ts";
import { digestOf, type DigestOptions, DigestStalled } from "../../../lib/data/digest/file.ts";
import { EventLoop } from "../../../lib/data/event_loop.ts";
import { EndlessSource, EndlessWait, MemorySource, patternOf } from "../helpers.ts";

const loop = new EventLoop();
const usual: DigestOptions = { loop, signal: new AbortController().signal, stallTimeout: 0 };
const MIB = 1024 * 1024;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

for (const size of [0, 1, 256 * 1024, 600_000]) {
  Deno.test(`digestOf reads all of ${size} bytes`, async () => {
    const bytes = patternOf(size);
    assertEquals(await digestOf(new MemorySource(bytes), "SHA-256", usual), sha256(bytes));
  });
}

Deno.test("digestOf reads no more than length", async () => {
  const bytes = patternOf(600_000);
  for (const length of [0, 1, 500_001]) {
    const digest = await digestOf(new MemorySource(bytes), "SHA-256", { ...usual, length });
    assertEquals(digest, sha256(bytes.subarray(0, length)));
  }
});

Deno.test("digestOf rejects when aborted or when the source fails, and returns its buffer", async () => {
  const signal = AbortSignal.abort(new Error("Stop"));
  const source = () => new MemorySource(patternOf(10), 0);
  await assertRejects(() => digestOf(source(), "MD5", { ...usual, signal }), Error, "Stop");
  await assertRejects(() => digestOf(source(), "MD5", usual), Error, "Disk is broken");
  assertEquals(loop.buffers.lentBytes, 0);
});

Deno.test("digestOf ends when aborted, though the storage answers no more", async () => {
  const abort = new AbortController();
  const digest = digestOf(new EndlessWait(), "MD5", { ...usual, signal: abort.signal });
  abort.abort(new Error("Stop"));
  await assertRejects(() => digest, Error, "Stop");
  assertEquals(loop.buffers.lentBytes, 0);
});

Deno.test("digestOf gives up on storage that no longer answers", async () => {
  await assertRejects(() => digestOf(new EndlessWait(), "MD5", { ...usual, stallTimeout: 20 }), DigestStalled);
});

Deno.test("digestOf reports its progress from the first to the last byte", async () => {
  const told: number[] = [];
  const size = 64 * MIB + 5;
  await digestOf(new EndlessSource(), "CRC32", { ...usual, length: size, onProgress: (bytes) => told.push(bytes) });
  assertEquals(told, told.toSorted((a, b) => a - b));
  assertEquals(told.at(-1), size);
});

Deno.test("DigestTurns lets no more go on than there are places, and the first in line first", async () => {
  const turns = new DigestTurns(2);
  const { signal } = new AbortController();
  const order: number[] = [];
  const places = await Promise.all([turns.take(signal), turns.take(signal)]);
  const waiting = [3, 4].map((who) => turns.take(signal).then((place) => [order.push(who), place] as const));
  assertEquals([turns.taken, turns.waiting], [2, 2]);
  places[0][Symbol.dispose]();
  const [, third] = await (waiting[0] ?? fail());
  assertEquals([turns.taken, turns.waiting, order], [2, 1, [3]]);
  third[Symbol.dispose]();
  const [, fourth] = await (waiting[1] ?? fail());
  fourth[Symbol.dispose]();
  places[1][Symbol.dispose]();
  assertEquals([turns.taken, turns.waiting, order], [0, 0, [3, 4]]);
});

Deno.test("DigestTurns forgets who gave up in line", async () => {
  const turns = new DigestTurns(1);
  const abort = new AbortController();
  const place = await turns.take(new AbortController().signal);
  const waiting = turns.take(abort.signal);
  abort.abort(new Error("Gone"));
  await assertRejects(() => waiting, Error, "Gone");
  assertEquals(turns.waiting, 0);
  place[Symbol.dispose]();
  assertEquals(turns.taken, 0);
});

Deno.test("a small file does not wait for the end of larger ones", async () => {
  const abort = new AbortController();
  const most = { ...usual, signal: abort.signal };
  const endless = Promise.all([1, 2].map(() => digestOf(new EndlessSource(), "CRC32", most)));
  assertEquals(await digestOf(new MemorySource(patternOf(9)), "SHA-256", usual), sha256(patternOf(9)));
  abort.abort(new Error("Enough"));
  await assertRejects(() => endless, Error, "Enough");
});

function fail(): never {
  throw new Error("Nobody waits");
}
