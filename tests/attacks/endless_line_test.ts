/**
 * Lines that never end, all at once and byte by byte.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Target } from "./stage.ts";

const CROWD = 100;
/** MiB that all of them may cost together: a line is not kept beyond 8 KiB. */
const MOST_TOGETHER = 64;

Deno.test(`${CROWD} clients with a line of a megabyte each are sent away, and cost less than ${MOST_TOGETHER} MiB`, async () => {
  await using target = await Target.start();
  await using innocent = await target.login();
  const before = target.residentMiB;
  let most = before;
  const piece = "A".repeat(16 * 1024);
  const ends = await Promise.all(Array.from({ length: CROWD }, async () => {
    await using wire = await target.connect();
    const sending = (async () => {
      for (let count = 0; count < 64; count++) {
        await wire.sendRaw(piece);
        if (count % 16 === 0) most = Math.max(most, target.residentMiB);
      }
    })().catch(() => {});
    const { code } = await wire.reply();
    await sending;
    return code;
  }));
  assertEquals(ends, ends.map(() => 421));
  assert(most - before < MOST_TOGETHER, `${Math.round(most - before)} MiB more than before`);
  await innocent.expect("NOOP", 200);
});

Deno.test("A line that is too long is answered once, and the next one runs", async () => {
  await using target = await Target.start();
  await using wire = await target.login();
  for (let round = 0; round < 9; round++) {
    await wire.sendRaw(`NOOP ${"x".repeat(100_000)}\r\n`);
    await wire.expectReply(500);
    await wire.expect("NOOP", 200);
  }
});
