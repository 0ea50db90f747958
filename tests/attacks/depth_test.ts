/**
 * Paths that cost more than they look: directories in each other, and slashes by the thousand. What they cost is
 * counted in processor time of the server, which other load of the machine does not change.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Wire } from "../helpers/wire.ts";
import { processorSeconds } from "../soak/proc.ts";
import { measureNoops, report, rounds, Target } from "./stage.ts";

/** Names in the paths that are tried. */
const DEPTH = 1000;

/** Runs `attack` beside a session that sends NOOP. Resolves to the processor time of the server, in seconds. */
async function costOf(target: Target, title: string, attack: () => Promise<void>): Promise<number> {
  await using innocent = await target.login();
  const before = processorSeconds(target.server.pid);
  const attacked = attack();
  const waits = await measureNoops(innocent, attacked);
  await attacked;
  const seconds = processorSeconds(target.server.pid) - before;
  report(title, { ...waits, seconds });
  return seconds;
}

/** Makes directories in each other and goes into each. Resolves to how many there are when the server has enough. */
async function dig(wire: Wire): Promise<number> {
  for (let depth = 0; depth < DEPTH; depth++) {
    await wire.sendAll("MKD d", "CWD d");
    const [made] = await wire.codes(2);
    if (made !== 257) return depth;
  }
  return DEPTH;
}

Deno.test("600 commands in the deepest directory a client can make cost the server little", async () => {
  await using target = await Target.start();
  await using wire = await target.login();
  const depth = await dig(wire);
  const commands = rounds({ short: 600, long: 2400 });
  const seconds = await costOf(target, `${commands} MLST at depth ${depth}`, async () => {
    await wire.sendAll(...Array.from({ length: commands }, () => "MLST"));
    for (const code of await wire.codes(commands)) assertEquals(code, 250);
  });
  assert(seconds < commands / 100, `${commands} commands took ${seconds} s`);
});

Deno.test("one STOR with --auto-mkdir and a path of 1000 names costs the server little", async () => {
  await using target = await Target.start({ flags: ["--auto-mkdir"] });
  await using wire = await target.login();
  const seconds = await costOf(target, "STOR of 1000 names", async () => {
    await wire.passive();
    await wire.send(`STOR ${"d/".repeat(DEPTH)}f`);
    // Where it is taken, no 150 comes before all directories are there.
    await wire.say("NOOP");
  });
  assert(seconds < 4, `took ${seconds} s`);
});

Deno.test("STOR with --auto-mkdir makes a hundred directories at once without keeping others waiting", async () => {
  await using target = await Target.start({ flags: ["--auto-mkdir"] });
  await using wire = await target.login();
  const uploads = rounds({ short: 2, long: 20 });
  const seconds = await costOf(target, `${uploads} STOR of 100 names`, async () => {
    for (let round = 0; round < uploads; round++) await wire.upload(`STOR ${round}/${"d/".repeat(98)}f`, "x");
  });
  assert(seconds < uploads * 2, `took ${seconds} s`);
});

Deno.test("a name with 8,000 slashes in front of it costs no more than one without", async () => {
  await using target = await Target.start();
  await using wire = await target.login();
  await wire.upload("STOR f", "x");
  const commands = rounds({ short: 60, long: 200 });
  const seconds = await costOf(target, `${commands} STAT with slashes`, async () => {
    for (let round = 0; round < commands; round++) {
      const { lines } = await wire.expect(`STAT ${"/".repeat(8000)}f`, 213);
      assertEquals(lines.length, 3);
    }
  });
  assert(seconds < commands / 100, `took ${seconds} s`);
});
