import { assertEquals } from "@std/assert";
import { eventFeed } from "../../lib/admin/event_feed.ts";
import { EventStream } from "../../lib/events.ts";

Deno.test("eventFeed wants no more of the server than its filter lets pass, and has no file hashed", async () => {
  const events = new EventStream();
  const end = new AbortController();
  const all = eventFeed(events, {}, end.signal);
  assertEquals([events.wants("command"), events.wants("transfer"), events.wantsDigests], [true, true, false]);
  await all.body?.cancel();
  assertEquals(events.wanted, []);
  const few = eventFeed(events, { types: ["command", "transfer", "problem"], level: "warning" }, end.signal);
  assertEquals(events.wanted, ["problem"]);
  end.abort();
  await few.body?.cancel().catch(() => {});
  assertEquals(events.wanted, []);
});
