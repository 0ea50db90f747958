import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { BufferPool } from "../../lib/data/buffer_pool.ts";

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
