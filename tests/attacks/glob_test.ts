/**
 * Patterns that make much work of every name, and patterns that are kept while a data connection is waited for. What
 * they cost is counted in processor time and memory of the server; `--long` prints how long others waited.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Wire } from "../helpers/wire.ts";
import { processorSeconds } from "../soak/proc.ts";
import { measureNoops, report, rounds, Target } from "./stage.ts";

/** Characters of the longest line that a session takes, less what is in front of the pattern. */
const LINE = 8000;

/** Sixty-two alternatives that each end in a set of thousands of ranges. */
const BOMB = `*{${",".repeat(62)}}[${"bdfhjlnprtvxz".repeat(LINE)}`.slice(0, LINE) + "]";

/** Close to the most steps that a name may take, and more than that. */
const COSTLY: readonly string[] = [
  `*{,,}${"a".repeat(100)}b`,
  `*${"[!bdfhjlnprtvxz]".repeat(15)}[b]`,
  `*{${",".repeat(60)}}${"a".repeat(60)}b`,
];

/** Makes files with the longest names there are, of one letter. */
async function fill(target: Target, files: number): Promise<void> {
  for (let index = 0; index < files; index++) {
    const end = String(index).padStart(5, "0");
    await Deno.writeTextFile(join(target.server.root, "a".repeat(250) + end), "");
  }
}

/** Runs `attack` beside a session that sends NOOP. Resolves to the processor time of the server, in seconds. */
async function costOf(target: Target, title: string, attack: (wire: Wire) => Promise<void>): Promise<number> {
  await using innocent = await target.login();
  await using wire = await target.login();
  const before = processorSeconds(target.server.pid);
  const attacked = attack(wire);
  const waits = await measureNoops(innocent, attacked);
  await attacked;
  const seconds = processorSeconds(target.server.pid) - before;
  report(title, { ...waits, seconds });
  return seconds;
}

Deno.test("a pattern of a whole line is refused before any name is looked at", async () => {
  await using target = await Target.start();
  await fill(target, 300);
  const seconds = await costOf(target, "STAT of a pattern of 8,000 characters", async (wire) => {
    assertEquals((await wire.say(`STAT ${BOMB}`)).code, 550);
  });
  assert(seconds < 2, `took ${seconds} s`);
});

Deno.test("the costliest patterns take a millisecond or two for a name", async () => {
  await using target = await Target.start();
  const files = rounds({ short: 300, long: 2000 });
  await fill(target, files);
  for (const [index, pattern] of COSTLY.entries()) {
    const seconds = await costOf(target, `STAT of pattern ${index + 1} on ${files} names`, async (wire) => {
      const { code } = await wire.say(`STAT ${pattern}`);
      assert(code === 212 || code === 550);
    });
    assert(seconds < 2 + files / 100, `took ${seconds} s`);
  }
});

Deno.test("20 listings that wait for a data connection hold little of their patterns", async () => {
  await using target = await Target.start();
  await fill(target, 10);
  const rest = target.residentMiB;
  await using wires = new AsyncDisposableStack();
  for (let index = 0; index < 20; index++) {
    const wire = wires.use(await target.login());
    await wire.expect("EPSV", 229);
    for (const pattern of [BOMB, `{${",".repeat(40)}}[${"bdfhjlnprtvxz".repeat(12)}]${"?".repeat(40)}*`]) {
      if ((await wire.say(`LIST ${pattern}`)).code === 150) break;
      await wire.expect("EPSV", 229);
    }
  }
  const grown = target.residentMiB - rest;
  report("20 LIST that wait", { MiB: grown });
  assert(grown < 128, `${grown} MiB`);
  assert(await target.isAlive());
});
