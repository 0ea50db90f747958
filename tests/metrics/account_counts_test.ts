import { assertEquals } from "@std/assert";
import { EventStream, type ServerEvent } from "../../lib/events.ts";
import { AccountCounts } from "../../lib/metrics/account_counts.ts";

const WHO = { session: "1", address: "127.0.0.1", time: 0 };

function login(user: string): ServerEvent {
  return { ...WHO, type: "login", user, name: user, ok: true, protection: "clear" };
}

Deno.test("AccountCounts counts the first accounts by themselves, and all others together", () => {
  const events = new EventStream();
  const counts = new AccountCounts(2);
  assertEquals(counts.families().flatMap(({ samples }) => samples), []);
  using _ = counts.listen(events);
  for (const user of ["ann", "bob", "cem", "dot", "ann"]) events.emit(login(user));
  events.emit({ ...WHO, type: "login", name: "hunter2", ok: false, reason: "unknown", protection: "clear" });
  assertEquals(
    counts.families()[0]?.samples.map(({ labels, value }) => [labels?.["account"], value]),
    [["ann", 2], ["bob", 1], ["other", 2]],
  );
});
