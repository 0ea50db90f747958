import { assertEquals } from "@std/assert";
import { once } from "node:events";
import type { Connection } from "../../../lib/net/connection.ts";
import { ConnectionStream } from "../../../lib/tls/node/stream.ts";

/** Gives `chunks` one by one, then the end; takes whatever is written. */
function connectionOf(chunks: readonly Uint8Array[], written: number[] = []): Connection {
  const left = [...chunks];
  const address = { hostname: "127.0.0.1", port: 0 };
  return {
    localAddr: address,
    remoteAddr: address,
    read(buffer) {
      const chunk = left.shift();
      if (chunk) buffer.set(chunk);
      return Promise.resolve(chunk?.length ?? null);
    },
    write(data) {
      written.push(...data);
      return Promise.resolve(data.length);
    },
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
}

const CHUNKS = [1, 2, 3, 4].map((value) => new Uint8Array(1000).fill(value));
const WHOLE = CHUNKS.flatMap((chunk) => [...chunk]);

Deno.test("ConnectionStream keeps what has not been taken yet while it reads on", async () => {
  using stream = disposable(new ConnectionStream(connectionOf(CHUNKS)));
  const ended = once(stream.value, "endOfInput");
  stream.value.read(0);
  await ended;
  assertEquals([...stream.value.read(WHOLE.length)], WHOLE);
});

Deno.test("ConnectionStream hands each chunk on before it reads the next into the same memory", async () => {
  using stream = disposable(new ConnectionStream(connectionOf(CHUNKS)));
  const seen: number[] = [];
  const memory = new Set<ArrayBufferLike>();
  stream.value.on("data", (chunk: Uint8Array) => {
    seen.push(...chunk);
    memory.add(chunk.buffer);
  });
  await once(stream.value, "endOfInput");
  assertEquals(seen, WHOLE);
  assertEquals(memory.size, 1);
});

Deno.test("ConnectionStream lets go of a chunk that it has written", async () => {
  const written: number[] = [];
  using stream = disposable(new ConnectionStream(connectionOf([], written)));
  const chunk = new Uint8Array(16_384).fill(9);
  await new Promise((resolve) => stream.value.write(chunk, resolve));
  assertEquals(written, new Array(16_384).fill(9));
  assertEquals(chunk.length, 0);
});

function disposable(value: ConnectionStream): { readonly value: ConnectionStream } & Disposable {
  return { value, [Symbol.dispose]: () => void value.destroy() };
}
