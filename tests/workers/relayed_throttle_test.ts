import { assertEquals } from "@std/assert";
import type { LoginNews } from "../../lib/workers/messages.ts";
import { RelayedThrottle } from "../../lib/workers/relayed_throttle.ts";

/** Two that hear of each other. */
function makePair(): { readonly one: RelayedThrottle; readonly other: RelayedThrottle; readonly news: LoginNews[] } {
  const news: LoginNews[] = [];
  const other: RelayedThrottle = new RelayedThrottle({ delay: 100, now: () => 0 }, (each) => news.push(each));
  const one = new RelayedThrottle({ delay: 100, now: () => 0 }, (each) => {
    news.push(each);
    other.hear(each);
  });
  return { one, other, news };
}

Deno.test("RelayedThrottle makes who failed elsewhere wait here", () => {
  const { one, other } = makePair();
  one.failed("192.0.2.1", "ann");
  one.failed("192.0.2.1", "ann");
  assertEquals(other.delayFor("192.0.2.1", "ann"), 200);
  assertEquals(other.delayFor("192.0.2.2", "ann"), 0);
});

Deno.test("RelayedThrottle knows in all workers who has logged in, and reports it once", () => {
  const { one, other, news } = makePair();
  for (let login = 0; login < 5; login++) one.succeeded("192.0.2.1", "ann");
  assertEquals(news.length, 1);
  assertEquals(other.isKnown("192.0.2.1", "ann"), true);
});

Deno.test("RelayedThrottle forgives everywhere", () => {
  const { one, other } = makePair();
  one.failed("192.0.2.1", "ann");
  one.succeeded("192.0.2.1", "ann");
  assertEquals(other.delayFor("192.0.2.1", "ann"), 0);
});
