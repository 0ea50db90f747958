import { assertEquals } from "@std/assert";
import { AnnouncedTransfer } from "../../lib/commands/transfer/request.ts";

Deno.test("AnnouncedTransfer returns what was announced once", () => {
  const next = new AnnouncedTransfer();
  next.limitTo({ offset: 5, length: 10 });
  next.announce(100);
  assertEquals(next.takeRange(), { offset: 5, length: 10 });
  assertEquals(next.takeRange(), { offset: 0, length: undefined });
  assertEquals(next.takeAnnouncedSize(), 100);
  assertEquals(next.takeAnnouncedSize(), undefined);
});

Deno.test("AnnouncedTransfer keeps the last range, and forgets it without the announced size", () => {
  const next = new AnnouncedTransfer();
  next.announce(100);
  next.limitTo({ offset: 5, length: 10 });
  next.limitTo({ offset: 7, length: undefined });
  assertEquals(next.takeRange(), { offset: 7, length: undefined });
  next.limitTo({ offset: 5, length: 10 });
  next.clearRange();
  assertEquals(next.takeRange(), { offset: 0, length: undefined });
  assertEquals(next.takeAnnouncedSize(), 100);
});
