import { assertEquals, assertExists } from "@std/assert";
import { Counter } from "../../lib/session/admissions.ts";

Deno.test("Counter counts by key, and no further than the limit", () => {
  const counter = new Counter();
  assertExists(counter.add("a", 2));
  assertExists(counter.add("a", 2));
  assertEquals(counter.add("a", 2), undefined);
  assertExists(counter.add("b", 2));
  assertEquals([counter.of("a"), counter.of("b"), counter.of("c")], [2, 1, 0]);
});

Deno.test("Counter counts off once, however often the admission is disposed of", () => {
  const counter = new Counter();
  const first = counter.add("a", 1);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  assertEquals(counter.of("a"), 0);
  using second = counter.add("a", 1);
  assertExists(second);
  first?.[Symbol.dispose]();
  assertEquals(counter.of("a"), 1);
});

Deno.test("Counter has no limit with 0 or without one", () => {
  const counter = new Counter();
  for (let index = 0; index < 5; index++) {
    assertExists(counter.add("a", 0));
    assertExists(counter.add("a"));
  }
  assertEquals(counter.of("a"), 10);
});
