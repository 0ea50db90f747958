import { assert, assertEquals, assertRejects } from "@std/assert";
import { type TextBatch, TextSource } from "../../lib/data/text_source.ts";
import type { ByteSource } from "../../lib/vfs/vfs.ts";
import { concat } from "./helpers.ts";

async function* batches(...given: TextBatch[]): AsyncGenerator<TextBatch> {
  yield* given;
}

async function drain(source: ByteSource, size: number): Promise<string> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(size);
  for (let count; (count = await source.read(buffer)) !== null;) {
    assert(count > 0 && count <= size);
    parts.push(buffer.slice(0, count));
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(concat(parts));
}

const TEXT = "a\r\n" + "ä€😀\r\n".repeat(50) + "end";

for (const size of [1, 2, 3, 4, 5, 7, 64, 65_536]) {
  Deno.test(`LinesSource sends UTF-8 through a buffer of ${size} bytes`, async () => {
    const bytes = new TextEncoder().encode("raw ä\r\n");
    const source = new TextSource(batches(TEXT, [], ["x", "", TEXT], "", bytes));
    assertEquals(await drain(source, size), TEXT + "x" + TEXT + "raw ä\r\n");
  });
}

Deno.test("LinesSource of nothing is at its end, and stays there", async () => {
  const source = new TextSource(batches());
  assertEquals(await source.read(new Uint8Array(10)), null);
  assertEquals(await source.read(new Uint8Array(10)), null);
});

Deno.test("LinesSource fills a buffer from many batches", async () => {
  const source = new TextSource(batches("a", "b", ["c", "d"]));
  assertEquals(await source.read(new Uint8Array(100)), 4);
});

Deno.test("LinesSource asks for no more than a buffer needs", async () => {
  let asked = 0;
  async function* endless() {
    for (;;) {
      asked++;
      yield "0123456789";
    }
  }
  const source = new TextSource(endless());
  assertEquals(await source.read(new Uint8Array(25)), 25);
  assertEquals(asked, 3);
  assertEquals(await source.read(new Uint8Array(5)), 5);
  assertEquals(asked, 3);
  source.close();
});

Deno.test("LinesSource ends the producer once when closed", async () => {
  let ends = 0;
  async function* endless() {
    try {
      for (;;) yield "line\r\n";
    } finally {
      ends++;
    }
  }
  const source = new TextSource(endless());
  await source.read(new Uint8Array(4));
  source.close();
  source.close();
  await Promise.resolve();
  assertEquals(ends, 1);
});

Deno.test("LinesSource passes on an error of the producer", async () => {
  async function* broken(): AsyncGenerator<TextBatch> {
    yield "a";
    throw new Error("Directory is gone");
  }
  const source = new TextSource(broken());
  await assertRejects(() => source.read(new Uint8Array(10)), Error, "Directory is gone");
});
