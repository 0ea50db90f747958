import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { BufferPool, PieceSize } from "../../lib/data/buffers.ts";
import { Pacer } from "../../lib/data/pacing.ts";
import { RateLimiter } from "../../lib/data/rate_limit.ts";

const KIB = 1024;

for (
  const [wanted, size] of [[0, 64], [1, 64], [64 * KIB, 64], [64 * KIB + 1, 256], [KIB * KIB, 1024], [
    KIB ** 3,
    1024,
  ]] as const
) {
  Deno.test(`BufferPool lends ${size} KiB where ${wanted} bytes are wanted`, () => {
    assertEquals(new BufferPool().take(wanted).length, size * KIB);
  });
}

Deno.test("BufferPool lends a buffer again once it is given back", () => {
  const pool = new BufferPool();
  const first = pool.take(1);
  const second = pool.take(1);
  assertEquals(first === second, false);
  assertEquals(pool.lentBytes, 128 * KIB);
  pool.give(first);
  assertStrictEquals(pool.take(1), first);
  assertEquals([pool.lentBytes, pool.keptBytes], [128 * KIB, 0]);
});

Deno.test("BufferPool refuses a buffer that is not lent", () => {
  const pool = new BufferPool();
  const buffer = pool.take(1);
  pool.give(buffer);
  assertThrows(() => pool.give(buffer), TypeError, "not lent");
  assertThrows(() => pool.drop(buffer), TypeError, "not lent");
  assertThrows(() => pool.give(new Uint8Array(64 * KIB)), TypeError, "not lent");
});

Deno.test("BufferPool never lends a dropped buffer again", () => {
  const pool = new BufferPool();
  const buffer = pool.take(1);
  pool.drop(buffer);
  assertEquals([pool.lentBytes, pool.keptBytes], [0, 0]);
  assertEquals(pool.take(1) === buffer, false);
});

Deno.test("BufferPool lends only small buffers when much is lent", () => {
  const pool = new BufferPool({ lendingLimit: 2 * KIB * KIB });
  const large = pool.take(KIB * KIB);
  assertEquals(pool.take(KIB * KIB).length, KIB * KIB);
  assertEquals(pool.take(KIB * KIB).length, 64 * KIB);
  pool.give(large);
  assertNotEquals(pool.take(256 * KIB).length, 64 * KIB);
});

Deno.test("BufferPool keeps no more than it may", () => {
  const pool = new BufferPool({ keepingLimit: 128 * KIB });
  const buffers = [1, 2, 3].map(() => pool.take(1));
  for (const buffer of buffers) pool.give(buffer);
  assertEquals([pool.lentBytes, pool.keptBytes], [0, 128 * KIB]);
});

/** Sizes in KiB from the start on, after pieces that took so many milliseconds each. */
function course(size: PieceSize, ...times: number[]): number[] {
  const sizes = [size.current / KIB];
  for (const time of times) {
    size.adapt(time);
    sizes.push(size.current / KIB);
  }
  return sizes;
}

for (
  const [title, options, times, expected] of [
    ["grows with a fast transfer", {}, [1, 1, 1], [64, 256, 1024, 1024]],
    ["shrinks with a slow one", {}, [1, 1, 300, 300, 300], [64, 256, 1024, 256, 64, 64]],
    ["stays with one between", {}, [100, 100], [64, 64, 64]],
    ["starts where a small file fits", { expected: 200 * KIB }, [], [200]],
    ["starts in the middle for a large file", { expected: 1e9 }, [1], [256, 1024]],
    ["stays small for conversion", { ascii: true, expected: 1e9 }, [1, 1], [64, 64, 64]],
  ] as const
) {
  Deno.test(`PieceSize ${title}`, () => {
    assertEquals(course(new PieceSize({ pacer: new Pacer(), ...options }), ...times), [...expected]);
  });
}

Deno.test("PieceSize keeps to the piece of a rate limit", () => {
  const size = new PieceSize({ pacer: new Pacer(), limiter: new RateLimiter(10 * KIB), expected: 1e9 });
  assertEquals(course(size, 1, 300, 1), [1, 1, 1, 1]);
});

Deno.test("PieceSize stays below the largest while others transfer and wait", () => {
  const pacer = new Pacer();
  const size = new PieceSize({ pacer });
  assertEquals(course(size, 1, 1), [64, 256, 1024]);
  pacer.enter();
  pacer.enter();
  assertEquals(size.current, 1024 * KIB);
  for (let sessions = 0; sessions < 3; sessions++) pacer.arrive();
  assertEquals(size.current, 256 * KIB);
  for (let sessions = 0; sessions < 3; sessions++) pacer.depart();
  pacer.leave();
  pacer.leave();
});
