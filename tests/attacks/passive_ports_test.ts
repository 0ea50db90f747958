/**
 * Clients that take all passive ports of a range and connect to none.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { freeRange } from "../helpers/free_range.ts";
import type { Wire } from "../helpers/wire.ts";
import { LONG, measureNoops, report, rounds, Target } from "./stage.ts";

const PORTS = 20;

async function startWithRange(): Promise<Target> {
  return await Target.start({ flags: ["--passive-ports", freeRange(PORTS).toString()] });
}

/** So many sessions that have each asked for a port, and stay. */
async function holdPorts(target: Target, count: number): Promise<Wire[]> {
  const holders = await Promise.all(Array.from({ length: count }, () => target.login()));
  for (const holder of holders) await holder.say("EPSV");
  return holders;
}

Deno.test("a client with a whole range of passive ports leaves one to others", async () => {
  await using target = await startWithRange();
  const holders = await holdPorts(target, PORTS);
  for (let round = 0; round < rounds({ short: 3, long: 300 }); round++) {
    await using other = await target.login("alice", "wonder-land.7", "127.0.0.2");
    assertEquals(await other.downloadText("NLST"), "");
    // They ask again whenever they have lost one, and keep their sessions.
    for (const holder of holders) assert([229, 425].includes((await holder.say("EPSV")).code));
  }
  for (const holder of holders) holder.close();
});

Deno.test("a client with a whole range of passive ports and a waiting transfer leaves one to others", async () => {
  await using target = await startWithRange();
  const holders = await holdPorts(target, PORTS);
  for (const holder of holders) await holder.expect("LIST", 150);
  await using other = await target.login("alice", "wonder-land.7", "127.0.0.2");
  assertEquals(await other.downloadText("NLST"), "");
  for (const holder of holders) holder.close();
});

Deno.test("PASV by the thousand takes no more descriptors than a few", async () => {
  await using target = await startWithRange();
  await using wire = await target.login();
  const before = descriptors(target);
  let most = 0;
  for (let round = 0; round < 4; round++) {
    await wire.sendRaw("EPSV\r\n".repeat(500));
    for (let reply = 0; reply < 500; reply++) {
      await wire.expectReply(229);
      if (reply % 50 === 0) most = Math.max(most, descriptors(target));
    }
  }
  assert(most - before < 100, `${most - before} more than before`);
});

function descriptors({ server }: Target): number {
  return [...Deno.readDirSync(`/proc/${server.pid}/fd`)].length;
}

Deno.test({
  name: "NOOP beside sessions that take passive ports without end",
  ignore: !LONG,
  fn: async () => {
    await using target = await startWithRange();
    await using innocent = await target.login("alice", "wonder-land.7", "127.0.0.2");
    const holders = await holdPorts(target, PORTS);
    let over = false;
    const attack = Promise.all(holders.map(async (holder) => {
      while (!over) await holder.say("EPSV");
    }));
    const waits = await measureNoops(innocent, new Promise((resolve) => setTimeout(resolve, 5_000)));
    over = true;
    await attack;
    report("NOOP beside 20 that ask for one port after the other", { ...waits });
    for (const holder of holders) holder.close();
  },
});
