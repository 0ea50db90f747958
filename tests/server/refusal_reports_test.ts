import { assertEquals } from "@std/assert";
import { EventStream, type ServerEvent } from "../../lib/events.ts";
import { RefusalReports } from "../../lib/server/refusal_reports.ts";

Deno.test("RefusalReports reports a flood once a minute and with its number, everything else at once", () => {
  let now = 1_000_000;
  const events = new EventStream();
  const seen: string[] = [];
  using _listening = events.on((event: ServerEvent) => {
    if (event.type === "connectionRefused") seen.push(`${event.address} ${event.reason} ${event.times ?? 1}`);
  });
  const reports = new RefusalReports(events, () => now);
  for (let count = 0; count < 1_000; count++) reports.refused("192.0.2.1", "banned", true);
  for (let count = 0; count < 10; count++) reports.refused(`2001:db8::${count}`, "banned", true);
  for (let count = 0; count < 2; count++) reports.refused("192.0.2.1", "full", false);
  assertEquals(seen.splice(0), ["192.0.2.1 banned 1", "2001:db8::0 banned 1", "192.0.2.1 full 1", "192.0.2.1 full 1"]);
  now += 60_000;
  for (let count = 0; count < 1_000; count++) reports.refused("192.0.2.1", "banned", true);
  assertEquals(seen.splice(0), ["192.0.2.1 banned 1000"]);
  for (let count = 0; count < 5_000; count++) reports.refused(`192.0.${count % 250}.9`, "banned", true);
  assertEquals(seen.length, 250);
});
