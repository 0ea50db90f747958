import { assertEquals } from "@std/assert";
import type { ForgivenNews, OffenceNews } from "../../lib/workers/messages.ts";
import { RelayedBans } from "../../lib/workers/relayed_bans.ts";

const HERE = "192.0.2.1";

/** Two that hear of each other. */
function makePair() {
  const news: (OffenceNews | ForgivenNews)[] = [];
  const settings = { limit: 3, duration: 60_000, now: () => 1_000_000 };
  const other: RelayedBans = new RelayedBans(settings, (each) => news.push(each));
  const one = new RelayedBans(settings, (each) => {
    news.push(each);
    other.hear(each);
  });
  return { one, other, news };
}

Deno.test("RelayedBans shuts out at once what has offended at several event loops, and repeats no report", () => {
  const { one, other, news } = makePair();
  using _one = one;
  using _other = other;
  one.offended(HERE, "failedLogin", "ann");
  one.offended(HERE, "failedLogin", "bob");
  assertEquals(other.isBanned(HERE), false);
  other.offended(HERE, "dataPort");
  assertEquals([one.isBanned(HERE), other.isBanned(HERE)], [false, true]);
  assertEquals(news.length, 3);
});

Deno.test("RelayedBans forgives everywhere", () => {
  const { one, other, news } = makePair();
  using _other = other;
  one.offended(HERE, "failedLogin", "ann");
  one.forgive(HERE, "ann");
  one.forgive(HERE, "ann");
  for (const name of ["bob", "carl"]) other.offended(HERE, "failedLogin", name);
  assertEquals(other.isBanned(HERE), false);
  assertEquals(news.filter(({ type }) => type === "forgiven").length, 1);
});

Deno.test("RelayedBans does what the coordinator decides", () => {
  const { one } = makePair();
  using _one = one;
  const ban = { key: HERE, address: HERE, since: 1_000_000, until: 1_060_000, reason: "failed logins (3)", round: 1 };
  one.put([ban]);
  assertEquals(one.isBanned(HERE), true);
  one.lift(HERE);
  assertEquals(one.isBanned(HERE), false);
});
