/**
 * Clients that ask for digests of large files: each costs them one line, and the server a processor for as long as the
 * file is large.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Wire } from "../helpers/wire.ts";
import { holdings } from "../soak/proc.ts";
import { LONG, measureNoops, report, rounds, Target } from "./stage.ts";

const CLIENTS = 20;
/** Digests that may go on at once; the others wait for their turn. */
const AT_ONCE = 2;
/** Bytes of a file that has only a size: minutes of work for all of them. */
const LARGE = 64 * 1024 ** 3;

async function withLargeFile({ server }: Target): Promise<void> {
  using file = await Deno.create(join(server.root, "large"));
  await file.truncate(LARGE);
}

/** So many sessions that each ask for a digest of it. They are at it, or in line, when this resolves. */
async function askForDigests(target: Target, count: number): Promise<Wire[]> {
  const wires = await Promise.all(Array.from({ length: count }, () => target.login()));
  for (const wire of wires) await wire.send("XSHA512 large");
  await untilOpen(target, (open) => open >= count);
  return wires;
}

/** How often the server has it open: once for each digest, and once more for each read that is under way. */
function openCount({ server }: Target): number {
  return holdings(server.pid, server.root).files;
}

/** Asks the server something until this holds of {@link openCount}; gives up after many replies. */
async function untilOpen(target: Target, holds: (open: number) => boolean): Promise<void> {
  await using wire = await target.login();
  for (let tries = 0; tries < 2000 && !holds(openCount(target)); tries++) await wire.expect("NOOP", 200);
  assert(holds(openCount(target)), `It is open ${openCount(target)} times`);
}

Deno.test("two digests go on at once, and those of clients that have left end with them", async () => {
  await using target = await Target.start();
  await withLargeFile(target);
  await using innocent = await target.login();
  for (let round = 0; round < rounds({ short: 1, long: 5 }); round++) {
    const wires = await askForDigests(target, CLIENTS);
    for (let look = 0; look < 20; look++) {
      const reading = openCount(target) - CLIENTS;
      assert(reading <= AT_ONCE, `${reading} digests go on at once`);
      await innocent.expect("NOOP", 200);
    }
    const left = performance.now();
    for (const wire of wires) wire.close();
    await untilOpen(target, (open) => open === 0);
    report("twenty leave, until their work has ended", { milliseconds: performance.now() - left });
  }
});

Deno.test("SIGTERM does not wait for digests, and everybody hears of it", async () => {
  await using target = await Target.start();
  await withLargeFile(target);
  const wires = await askForDigests(target, CLIENTS);
  const asked = performance.now();
  const [status, codes] = await Promise.all([
    target.server.stop(),
    Promise.all(wires.map(async (wire) => (await wire.reply()).code)),
  ]);
  report("SIGTERM beside twenty", { milliseconds: performance.now() - asked });
  assertEquals(status.code, 0);
  assertEquals(new Set(codes), new Set([421]));
  for (const wire of wires) wire.close();
});

for (const count of [1, 4, CLIENTS]) {
  Deno.test({
    name: `NOOP beside ${count} digests`,
    ignore: !LONG,
    fn: async () => {
      await using target = await Target.start();
      await withLargeFile(target);
      await using innocent = await target.login();
      const wires = await askForDigests(target, count);
      const waits = await measureNoops(innocent, new Promise((resolve) => setTimeout(resolve, 5_000)));
      report(`NOOP beside ${count} digests`, { ...waits });
      for (const wire of wires) wire.close();
    },
  });
}
