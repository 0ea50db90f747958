import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { bothLimits, localLimits, type RateClock, type RateLimit, RateLimiter } from "../../lib/data/rate_limit.ts";

const never = new AbortController().signal;

/** A clock that jumps to the end of each wait. */
class FakeClock implements RateClock {
  time = 0;

  now(): number {
    return this.time;
  }

  wait(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    return Promise.resolve();
  }
}

for (const piece of [1_000, 1_460, 65_536, 1_048_576]) {
  Deno.test(`RateLimiter keeps the average with pieces of ${piece} bytes`, async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(1_000_000, clock);
    let moved = 0;
    for (; moved < 20_000_000; moved += piece) await limiter.take(piece, never);
    // The burst of a tenth of a second is free once; a debt of less than the least wait may be open.
    const expected = moved / 1_000 - 100;
    assert(Math.abs(clock.time - expected) <= 2, `${clock.time} ms instead of ${expected}`);
  });
}

Deno.test("RateLimiter lets a tenth of a second go at once and no more", () => {
  const limiter = new RateLimiter(1_000_000, new FakeClock());
  assertStrictEquals(limiter.take(100_000, never), undefined);
  assert(limiter.take(10_000, never) instanceof Promise);
});

Deno.test("RateLimiter does not save up over a pause", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(1_000_000, clock);
  clock.time = 60_000;
  assertStrictEquals(limiter.take(100_000, never), undefined);
  assert(limiter.take(10_000, never) instanceof Promise);
});

Deno.test("RateLimiter shares its limit between those that take from it", async () => {
  const waits: number[] = [];
  const clock: RateClock = {
    now: () => 0,
    wait: (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
  };
  const limiter = new RateLimiter(1_000, clock);
  await Promise.all([limiter.take(100, never), limiter.take(500, never), limiter.take(500, never)]);
  assertEquals(waits, [500, 1000]);
});

Deno.test("RateLimiter ends a wait when the signal is aborted", async () => {
  const limiter = new RateLimiter(1);
  const abort = new AbortController();
  const waiting = limiter.take(1_000_000, abort.signal);
  abort.abort();
  await waiting;
  await limiter.take(1, abort.signal);
});

Deno.test("RateLimiter names a piece of a tenth of a second, of some size", () => {
  assertEquals(new RateLimiter(1_000_000).pieceSize, 100_000);
  assertEquals(new RateLimiter(10).pieceSize, 512);
});

for (const rate of [0, -1, NaN]) {
  Deno.test(`RateLimiter refuses ${rate} bytes a second`, () => {
    assertThrows(() => new RateLimiter(rate), RangeError, `"${rate}"`);
  });
}

/** Whether these bytes may be sent at once. */
function isFree(limit: RateLimit, bytes: number): boolean {
  const ended = new AbortController();
  const wait = limit.take(bytes, ended.signal);
  ended.abort();
  return wait === undefined;
}

Deno.test("localLimits holds a limit for all that ask for one key together", () => {
  const limits = localLimits();
  // A debt of more than a minute, however slow this machine is.
  assertEquals(isFree(limits("download ann", 1_000), 100_000), false);
  assertEquals(isFree(limits("download ann", 1_000), 1), false);
  assertEquals(isFree(limits("upload ann", 1_000), 1), true);
});

Deno.test("bothLimits waits for the slower limit, and takes pieces of its size", async () => {
  const clock = new FakeClock();
  const [slow, fast] = [new RateLimiter(10_000, clock), new RateLimiter(1_000_000, clock)];
  const both = bothLimits(fast, slow);
  assert(both);
  assertEquals(both.pieceSize, slow.pieceSize);
  await both.take(11_000, never);
  assertEquals(clock.time, 1_000);
  assertStrictEquals(bothLimits(undefined, slow), slow);
  assertStrictEquals(bothLimits(undefined, undefined), undefined);
});
