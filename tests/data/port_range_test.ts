import { assert, assertEquals, assertThrows } from "@std/assert";
import { listenIn, parsePortRange, PortsExhausted } from "../../lib/data/port_range.ts";
import { freeRange } from "../helpers/free_range.ts";

for (
  const [text, first, last] of [
    ["30000-30100", 30000, 30100],
    ["40000", 40000, 40000],
    ["1-65535", 1, 65535],
  ] as const
) {
  Deno.test(`parsePortRange reads ${text}`, () => {
    const range = parsePortRange(text);
    assertEquals([range.first, range.last, range.size], [first, last, last - first + 1]);
  });
}

for (const text of ["", "a-b", "30100-30000", "0-10", "1-65536", "1-2-3", " 1-2", "-5", "5-", "123456"]) {
  Deno.test(`parsePortRange refuses "${text}" and quotes it`, () => {
    assertThrows(() => parsePortRange(text), RangeError, `"${text}"`);
  });
}

Deno.test("PortRange never leaves the range and says when it is exhausted", () => {
  const range = freeRange(5);
  const listeners = Array.from({ length: 5 }, () => range.listen("127.0.0.1"));
  const ports = listeners.map((listener) => listener.addr.port).sort();
  assertEquals(ports, [0, 1, 2, 3, 4].map((step) => range.first + step));
  assertThrows(() => range.listen("127.0.0.1"), PortsExhausted, `${range.first} to ${range.last}`);
  for (const listener of listeners) listener.close();
});

Deno.test("PortRange skips a port that another program holds", () => {
  const range = freeRange(3, () => 0);
  using busy = Deno.listen({ hostname: "127.0.0.1", port: range.first });
  using listener = range.listen("127.0.0.1");
  assertEquals(listener.addr.port, busy.addr.port + 1);
});

Deno.test("PortRange is exhausted when other programs hold every port", () => {
  const range = freeRange(2);
  using _first = Deno.listen({ hostname: "127.0.0.1", port: range.first });
  using _last = Deno.listen({ hostname: "127.0.0.1", port: range.last });
  assertThrows(() => range.listen("127.0.0.1"), PortsExhausted);
  assertEquals(range.taken, 0);
});

Deno.test("PortRange starts where chance says", () => {
  const range = freeRange(4, () => 0.5);
  using listener = range.listen("127.0.0.1");
  assertEquals(listener.addr.port, range.first + 2);
});

Deno.test("PortRange lends a released port again", () => {
  const range = freeRange(1);
  const listener = range.listen("127.0.0.1");
  listener.close();
  range.release(range.first);
  range.listen("127.0.0.1").close();
});

Deno.test("listenIn takes any free port without a range", () => {
  using listener = listenIn(undefined, "127.0.0.1");
  assert(listener.addr.port > 0);
});

Deno.test("Passive ports cannot be guessed from those that were given before", () => {
  const { random } = Math;
  // Whoever knows some of its numbers knows the next; here everybody knows them.
  Math.random = () => 0;
  try {
    const range = freeRange(100);
    const ports = Array.from({ length: 3 }, () => {
      using listener = range.listen("127.0.0.1");
      return listener.addr.port;
    });
    assert(ports.some((port) => port > range.first + 3), `The ports were ${ports}`);
    using first = listenIn(undefined, "127.0.0.1");
    using second = listenIn(undefined, "127.0.0.1");
    assert(Math.abs(first.addr.port - second.addr.port) > 1 || first.addr.port > 61_010, "61000 and the one after it");
  } finally {
    Math.random = random;
  }
});
