import { assertEquals } from "@std/assert";
import { PieceSize } from "../../lib/data/piece_size.ts";
import { RateLimiter } from "../../lib/data/rate_limit.ts";
import { traffic } from "../../lib/data/pacing.ts";

const KIB = 1024;

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
    assertEquals(course(new PieceSize(options), ...times), [...expected]);
  });
}

Deno.test("PieceSize keeps to the piece of a rate limit", () => {
  const size = new PieceSize({ limiter: new RateLimiter(10 * KIB), expected: 1e9 });
  assertEquals(course(size, 1, 300, 1), [1, 1, 1, 1]);
});

Deno.test("PieceSize stays below the largest while others transfer and wait", () => {
  const size = new PieceSize({});
  assertEquals(course(size, 1, 1), [64, 256, 1024]);
  traffic.enter();
  traffic.enter();
  assertEquals(size.current, 1024 * KIB);
  for (let sessions = 0; sessions < 3; sessions++) traffic.arrive();
  assertEquals(size.current, 256 * KIB);
  for (let sessions = 0; sessions < 3; sessions++) traffic.depart();
  traffic.leave();
  traffic.leave();
});
