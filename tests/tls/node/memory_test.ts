import { assertEquals } from "@std/assert";
import { discard } from "../../../lib/tls/node/memory.ts";

const SIZE = 16 * 1024;

Deno.test("discard takes the memory of a chunk that has its buffer to itself", () => {
  const chunk = new Uint8Array(SIZE);
  const { buffer } = chunk;
  discard(chunk);
  assertEquals([chunk.length, buffer.detached], [0, true]);
});

Deno.test("discard leaves a chunk alone that shares its buffer", () => {
  const buffer = new Uint8Array(2 * SIZE).fill(7);
  for (const part of [buffer.subarray(0, SIZE), buffer.subarray(SIZE)]) discard(part);
  assertEquals(buffer, new Uint8Array(2 * SIZE).fill(7));
});

Deno.test("discard leaves small chunks and shared memory alone", () => {
  for (const chunk of [new Uint8Array(100), new Uint8Array(new SharedArrayBuffer(SIZE))]) {
    const { length } = chunk;
    discard(chunk);
    assertEquals(chunk.length, length);
  }
});
