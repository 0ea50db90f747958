import { assertEquals } from "@std/assert";
import { LineQueue } from "../../lib/log/line_queue.ts";
import { FakeTime } from "../helpers/fake_time.ts";

/** A place to write to that takes only what it is let take. */
class Slow {
  readonly #room: PromiseWithResolvers<number>[] = [];
  readonly #asked: PromiseWithResolvers<void>[] = [];
  text = "";

  readonly write = async (bytes: Uint8Array): Promise<number> => {
    const room = Promise.withResolvers<number>();
    this.#room.push(room);
    this.#asked.shift()?.resolve();
    const count = Math.min(await room.promise, bytes.length);
    this.text += new TextDecoder().decode(bytes.subarray(0, count));
    return count;
  };

  /** Waits until somebody wants to write, and takes `count` bytes of it; an error fails. */
  async take(count = Infinity): Promise<void> {
    await this.#wanted();
    this.#room.shift()?.resolve(count);
  }

  async fail(error: Error): Promise<void> {
    await this.#wanted();
    this.#room.shift()?.reject(error);
  }

  async #wanted(): Promise<void> {
    if (this.#room.length > 0) return;
    const asked = Promise.withResolvers<void>();
    this.#asked.push(asked);
    await asked.promise;
  }
}

function makeQueue(limit?: number): { slow: Slow; queue: LineQueue } {
  const slow = new Slow();
  const queue: LineQueue = new LineQueue(slow.write, {
    ...(limit !== undefined && { limit }),
    onLost: (count) => queue.write(`lost ${count}\n`),
  });
  return { slow, queue };
}

Deno.test("LineQueue writes all lines in their order, however little is taken at a time", async () => {
  const { slow, queue } = makeQueue();
  for (let i = 0; i < 5; i++) queue.write(`line ${i}\n`);
  await slow.take(3);
  queue.write("later\n");
  const settled = queue.settle();
  await slow.take(1);
  await slow.take();
  await slow.take();
  await settled;
  assertEquals(slow.text, "line 0\nline 1\nline 2\nline 3\nline 4\nlater\n");
});

Deno.test("LineQueue drops what does not fit, counts it, and reports it when there is room", async () => {
  const { slow, queue } = makeQueue(20);
  for (let i = 0; i < 9; i++) queue.write(`line ${i}\n`);
  await slow.take();
  await slow.take();
  await queue.settle();
  queue.write("after\n");
  await slow.take();
  await queue.settle();
  assertEquals(slow.text, "line 0\nline 1\nlost 7\nafter\n");
});

Deno.test("LineQueue counts what could not be written, and reports it with the next line that can", async () => {
  const { slow, queue } = makeQueue();
  queue.write("one\n");
  await slow.fail(new Deno.errors.BrokenPipe("nobody there"));
  await queue.settle();
  queue.write("two\n");
  await slow.fail(new Error("No space left on device"));
  await queue.settle();
  queue.write("three\n");
  await slow.take();
  await queue.settle();
  assertEquals(slow.text, "lost 2\nthree\n");
});

Deno.test("LineQueue begins a line of its own after one that was cut off", async () => {
  const { slow, queue } = makeQueue();
  queue.write("torn\n");
  await slow.take(2);
  await slow.fail(new Error("No space left on device"));
  await queue.settle();
  queue.write("whole\n");
  await slow.take();
  await queue.settle();
  assertEquals(slow.text, "to\nlost 1\nwhole\n");
});

Deno.test("LineQueue tries again where a pipe that others share is full", async () => {
  const { slow, queue } = makeQueue();
  queue.write("line\n");
  await slow.fail(new Deno.errors.WouldBlock("try again"));
  await slow.take();
  await queue.settle();
  assertEquals(slow.text, "line\n");
});

Deno.test("LineQueue pauses for more lines between two writes, but not while the last one is waited for", async () => {
  const { slow, queue } = makeQueue();
  using time = new FakeTime(0);
  queue.write("first\n");
  await slow.take();
  await time.pass(1);
  queue.write("second\n");
  await time.pass(1);
  assertEquals(slow.text, "first\n");
  const settled = queue.settle();
  await slow.take();
  await settled;
  assertEquals(slow.text, "first\nsecond\n");
});

Deno.test("LineQueue writes at once what is much", async () => {
  const { slow, queue } = makeQueue();
  using time = new FakeTime(0);
  queue.write("first\n");
  await slow.take();
  await time.pass(1);
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 64; count++) queue.write(line);
  await slow.take();
  await queue.settle();
  assertEquals(slow.text, `first\n${line.repeat(64)}`);
});
