import { assertEquals } from "@std/assert";
import type { RateLimit } from "../../lib/data/rate_limit.ts";
import { makeLimits, sharedLimits } from "../../lib/workers/shared_limits.ts";

/** Whether these bytes may be sent at once. */
function isFree(limit: RateLimit, bytes: number): boolean {
  const ended = new AbortController();
  const wait = limit.take(bytes, ended.signal);
  ended.abort();
  return wait === undefined;
}

Deno.test("sharedLimits holds a limit for all threads that ask for one key together", () => {
  const memory = makeLimits();
  const [one, other] = [sharedLimits(memory), sharedLimits(memory)];
  // A debt of more than a minute, however slow this machine is.
  assertEquals(isFree(one("download ann", 1_000), 100_000), false);
  assertEquals(isFree(other("download ann", 1_000), 1), false);
  assertEquals(isFree(other("download bob", 1_000), 1), true);
});

Deno.test("sharedLimits lets nobody wait for a clock that was set back", () => {
  const memory = makeLimits();
  isFree(sharedLimits(memory)("download ann", 1_000), 1);
  memory.paid.fill(BigInt(Date.now() + 3_600_000) * 1000n);
  assertEquals(isFree(sharedLimits(memory)("download ann", 1_000), 1), true);
});
