import { assert, assertEquals } from "@std/assert";
import { besideFloods, floodOverSocket, OPEN_COMMANDS } from "./flood.ts";
import { LONG, report, Target } from "./stage.ts";

/** Bytes of commands that a session may have taken in while none of its replies leaves: a large read. */
const MOST_TAKEN = 4 * 1024;
/** Bytes of replies that may wait: what is enough to stop at, and one reply more. */
const MOST_OFFERED = 8 * 1024 + 4096;

for (const line of OPEN_COMMANDS) {
  Deno.test(`Replies to ${line} that a client does not read stop the reading of its commands`, async () => {
    await besideFloods({ line, reads: false }, 1, async ({ floods: [flood], innocent }) => {
      assert(flood);
      await flood.stuck.promise;
      const { taken, writtenAt } = flood;
      for (let round = 0; round < 20; round++) await innocent.expect("NOOP", 200);
      assertEquals(flood.taken, taken, "nothing more is read while nothing leaves");
      assert(flood.offered <= MOST_OFFERED, `${flood.offered} bytes of replies wait`);
      assert(taken - writtenAt <= MOST_TAKEN, `${taken - writtenAt} bytes of commands were taken in`);
    });
  });
}

/** Milliseconds of one attack. */
const SPAN = LONG ? 60_000 : 10_000;
/** Clients at once. */
const CROWD = 200;
/** MiB that all of them may cost together. */
const MOST_TOGETHER = 64;

for (const line of LONG ? OPEN_COMMANDS : ["FEAT"]) {
  for (const login of LONG ? [false, true] : [false]) {
    const who = login ? "logged in" : "without a login";
    Deno.test(`${CROWD} clients ${who} that send ${line} and never read cost less than ${MOST_TOGETHER} MiB`, async () => {
      // Data threads that start meanwhile would be counted; no data moves here.
      await using target = await Target.start({ flags: ["--data-threads", "0"] });
      await using innocent = await target.login();
      const come = (span: Promise<void>, reads: boolean) =>
        Array.from({ length: CROWD }, () => floodOverSocket(target, { line, reads }, { until: span, login }));
      // As many that do read, so that what the runtime takes for any work of this size is there before.
      await Promise.all(come(new Promise((resolve) => setTimeout(resolve, SPAN / 5)), true));
      const before = target.residentMiB;
      let most = before;
      const span = new Promise<void>((resolve) => setTimeout(resolve, SPAN));
      const crowd = come(span, false);
      let over = false;
      span.then(() => over = true);
      while (!over) {
        // While the server takes commands in, it answers somebody else in between.
        await innocent.say("NOOP");
        most = Math.max(most, target.residentMiB);
      }
      await Promise.all(crowd);
      report(`${CROWD} clients, ${line}, ${who}`, { "MiB before": before, "MiB more": most - before });
      assert(most - before < MOST_TOGETHER, `${Math.round(most - before)} MiB more than before`);
      assert(await target.isAlive());
    });
  }
}
