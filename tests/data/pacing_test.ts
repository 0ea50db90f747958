import { assert, assertEquals } from "@std/assert";
import { Pacer } from "../../lib/data/pacing.ts";

const MIB = 1024 * 1024;

/** With so many sessions and so many of them in a transfer. */
function trafficOf({ sessions, runs }: { readonly sessions: number; readonly runs: number }): Pacer {
  const traffic = new Pacer();
  for (let count = 0; count < sessions; count++) traffic.arrive();
  for (let count = 0; count < runs; count++) traffic.enter();
  return traffic;
}

for (const [sessions, runs, piece] of [[2, 1, Infinity], [4, 4, Infinity], [3, 2, MIB / 4]] as const) {
  Deno.test(`Traffic lets ${runs} of ${sessions} sessions move ${piece} bytes at once`, () => {
    assertEquals(trafficOf({ sessions, runs }).largestPiece, piece);
  });
}

Deno.test("Traffic keeps pieces small where the sessions are in other threads", () => {
  for (const [runs, piece] of [[1, Infinity], [2, MIB / 4]] as const) {
    const traffic = trafficOf({ sessions: 0, runs });
    traffic.serveOthers();
    assertEquals(traffic.largestPiece, piece);
  }
});

for (const [sessions, runs, megabytes] of [[2, 1, 1], [5, 4, 1], [1, 1, 16], [4, 4, 16], [0, 1, 16]] as const) {
  Deno.test(`Traffic makes ${runs} of ${sessions} sessions rest after ${megabytes} MiB`, async () => {
    const traffic = trafficOf({ sessions, runs });
    assertEquals(traffic.turn(megabytes * MIB - 1), undefined);
    // The byte that fills the measure still moves, the next one waits.
    assertEquals(traffic.turn(1), undefined);
    const rest = traffic.turn(1);
    assert(rest instanceof Promise);
    await rest;
    assertEquals(traffic.turn(1), undefined);
    for (let count = 0; count < runs; count++) traffic.leave();
  });
}

Deno.test("Traffic lets no more than a piece move between two rests, however many wait", async () => {
  const traffic = trafficOf({ sessions: 5, runs: 4 });
  const order: string[] = [];
  async function move(name: string) {
    for (let rest; (rest = traffic.turn(MIB));) await rest;
    order.push(name);
    void Promise.resolve(traffic.turn(0)).then(() => order.push("rest"));
  }
  await Promise.all(["a", "b", "c"].map(move));
  await traffic.turn(0);
  assertEquals(order, ["a", "rest", "b", "rest", "c", "rest"]);
  for (let count = 0; count < 4; count++) traffic.leave();
});

Deno.test("Traffic ends the rest with the last transfer", async () => {
  const traffic = trafficOf({ sessions: 3, runs: 2 });
  traffic.turn(MIB);
  const rest = traffic.turn(1);
  assert(rest);
  traffic.leave();
  traffic.leave();
  assertEquals(traffic.turn(1), undefined);
  await rest;
});

Deno.test("Traffic keeps a rest that began after one that was ended", async () => {
  const traffic = trafficOf({ sessions: 2, runs: 1 });
  traffic.turn(MIB);
  const ended = traffic.turn(1);
  traffic.leave();
  traffic.enter();
  traffic.turn(MIB);
  await ended;
  const rest = traffic.turn(1);
  assert(rest && rest !== ended);
  traffic.leave();
  await rest;
});
