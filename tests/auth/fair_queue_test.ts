import { assert, assertEquals, assertRejects } from "@std/assert";
import { FairQueue } from "../../lib/auth/fair_queue.ts";

/** Work that ends when the test says so, and a record of what has begun. */
class Bench {
  readonly begun: string[] = [];
  readonly #ends: (() => void)[] = [];

  work(name: string): () => Promise<string> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve) => this.#ends.push(() => resolve(name)));
    };
  }

  endFirst(): void {
    this.#ends.shift()?.();
  }
}

Deno.test("Turnstile runs no more than its width at once, in order", async () => {
  const queue = new FairQueue(2);
  const bench = new Bench();
  const all = ["a", "b", "c"].map((name) => queue.run("x", bench.work(name)));
  assertEquals(bench.begun, ["a", "b"]);
  bench.endFirst();
  assertEquals(await all[0], "a");
  assertEquals(bench.begun, ["a", "b", "c"]);
  bench.endFirst();
  bench.endFirst();
  assertEquals(await Promise.all(all), ["a", "b", "c"]);
});

Deno.test("Turnstile lets the keys take turns", async () => {
  const queue = new FairQueue(1);
  const order: string[] = [];
  const run = (key: string, name: string) =>
    queue.run(key, () => {
      order.push(name);
      return Promise.resolve();
    });
  const flood = ["f1", "f2", "f3", "f4"].map((name) => run("flood", name));
  const guests = [run("guest", "g1"), run("other", "o1"), run("guest", "g2")];
  await Promise.all([...flood, ...guests]);
  assertEquals(order, ["f1", "f2", "g1", "o1", "f3", "g2", "f4"]);
});

Deno.test("Turnstile passes a failure on and lets the next one through", async () => {
  const queue = new FairQueue(1);
  const bad = queue.run("x", () => Promise.reject(new RangeError("No")));
  const good = queue.run("x", () => Promise.resolve(true));
  await assertRejects(() => bad, RangeError, "No");
  assert(await good);
  assert(await queue.run("x", () => Promise.resolve(true)));
});

Deno.test("FairQueue releases only those that have left the line", async () => {
  const queue = new FairQueue(1);
  const bench = new Bench();
  const gone = new AbortController();
  const first = queue.run("x", bench.work("first"));
  const left = queue.run("x", bench.work("left"), gone.signal);
  const alone = queue.run("y", bench.work("alone"), gone.signal);
  const last = queue.run("x", bench.work("last"));
  gone.abort(new Error("Has gone"));
  for (const each of [left, alone]) await assertRejects(() => each, Error, "Has gone");
  bench.endFirst();
  assertEquals(await first, "first");
  bench.endFirst();
  assertEquals(await last, "last");
  assertEquals(bench.begun, ["first", "last"]);
});
