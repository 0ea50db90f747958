import { assert, assertEquals } from "@std/assert";
import { commandTable } from "../../lib/commands/table.ts";
import { SessionTransfer } from "../../lib/session/transfer.ts";

function transferOf(verb: string): SessionTransfer {
  const row = commandTable.find(verb);
  assert(row);
  return new SessionTransfer(row, "a");
}

/** What `orphan` does at once to a transfer of this kind. */
function reasonWhenOrphaned(verb: string, connected: boolean, expected = false): string | undefined {
  const transfer = transferOf(verb);
  transfer.connected = connected;
  const over = transfer.orphan({ reason: "controlLost", expected });
  const reason = transfer.abortReason;
  transfer.finish();
  // The timer of the grace time goes with it; the sanitizer would find it.
  void over;
  return reason;
}

Deno.test("SessionTransfer keeps the first reason of an abort", () => {
  const transfer = transferOf("RETR");
  assert(!transfer.signal.aborted);
  transfer.abort("aborted");
  transfer.abort("shutdown");
  assert(transfer.signal.aborted);
  assertEquals(transfer.abortReason, "aborted");
});

Deno.test("SessionTransfer ends with its control connection, but for an upload that is on its way", async () => {
  assertEquals(reasonWhenOrphaned("RETR", true), "controlLost");
  assertEquals(reasonWhenOrphaned("LIST", true), "controlLost");
  assertEquals(reasonWhenOrphaned("STOR", false), "controlLost");
  for (const verb of ["STOR", "APPE", "STOU"]) assertEquals(reasonWhenOrphaned(verb, true), undefined, verb);
  await Promise.resolve();
});

Deno.test("SessionTransfer of an upload outlives a control connection after QUIT, without a limit", () => {
  const { setTimeout } = globalThis;
  let timers = 0;
  globalThis.setTimeout = new Proxy(setTimeout, {
    apply: (target, self, args) => {
      timers++;
      return Reflect.apply(target, self, args);
    },
  });
  try {
    for (const connected of [true, false]) assertEquals(reasonWhenOrphaned("STOR", connected, true), undefined);
    assertEquals(reasonWhenOrphaned("RETR", true, true), "controlLost");
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assertEquals(timers, 0);
});

Deno.test("SessionTransfer is an orphan unless the client said goodbye", async () => {
  for (const expected of [true, false]) {
    const transfer = transferOf("STOR");
    transfer.connected = true;
    const over = transfer.orphan({ reason: "controlLost", expected });
    assertEquals(transfer.orphaned, !expected);
    transfer.finish();
    await over;
  }
});
