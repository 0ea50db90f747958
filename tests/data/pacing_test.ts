import { assert, assertEquals } from "@std/assert";
import { paced, Pacer } from "../../lib/data/pacing.ts";

const MIB = 1024 * 1024;

/** With so many sessions and so many of them in a transfer. */
function pacerOf({ sessions, runs }: { readonly sessions: number; readonly runs: number }): Pacer {
  const pacer = new Pacer();
  for (let count = 0; count < sessions; count++) pacer.arrive();
  for (let count = 0; count < runs; count++) pacer.enter();
  return pacer;
}

for (const [sessions, runs, piece] of [[2, 1, Infinity], [4, 4, Infinity], [3, 2, MIB / 4]] as const) {
  Deno.test(`Pacer lets ${runs} of ${sessions} sessions move ${piece} bytes at once`, () => {
    assertEquals(pacerOf({ sessions, runs }).largestPiece, piece);
  });
}

Deno.test("Pacer keeps pieces small where the sessions are in other threads", () => {
  for (const [runs, piece] of [[1, Infinity], [2, MIB / 4]] as const) {
    const pacer = pacerOf({ sessions: 0, runs });
    pacer.serveOthers();
    assertEquals(pacer.largestPiece, piece);
  }
});

for (const [sessions, runs, megabytes] of [[2, 1, 1], [5, 4, 1], [1, 1, 16], [4, 4, 16], [0, 1, 16]] as const) {
  Deno.test(`Pacer makes ${runs} of ${sessions} sessions rest after ${megabytes} MiB`, async () => {
    const pacer = pacerOf({ sessions, runs });
    assertEquals(pacer.move(megabytes * MIB - 1), undefined);
    // The byte that fills the measure still moves, the next one waits.
    assertEquals(pacer.move(1), undefined);
    const rest = pacer.move(1);
    assert(rest instanceof Promise);
    await rest;
    assertEquals(pacer.move(1), undefined);
    for (let count = 0; count < runs; count++) pacer.leave();
  });
}

Deno.test("Pacer lets no more than a piece move between two rests, however many wait", async () => {
  const pacer = pacerOf({ sessions: 5, runs: 4 });
  const order: string[] = [];
  async function move(name: string) {
    for (let rest; (rest = pacer.move(MIB));) await rest;
    order.push(name);
    void Promise.resolve(pacer.move(0)).then(() => order.push("rest"));
  }
  await Promise.all(["a", "b", "c"].map(move));
  await pacer.move(0);
  assertEquals(order, ["a", "rest", "b", "rest", "c", "rest"]);
  for (let count = 0; count < 4; count++) pacer.leave();
});

Deno.test("Pacer keeps nothing open once the last session and the last transfer are over", async () => {
  const pacer = pacerOf({ sessions: 1, runs: 1 });
  pacer.move(16 * MIB);
  const rest = pacer.move(1);
  assert(rest);
  pacer.leave();
  // A timer closes the sockets if the session stays.
  assertEquals(pacer.move(1), rest);
  pacer.depart();
  assertEquals(pacer.move(1), undefined);
  await rest;
});

Deno.test("Pacer keeps a rest that began after one that was ended", async () => {
  const pacer = pacerOf({ sessions: 0, runs: 1 });
  pacer.move(16 * MIB);
  const ended = pacer.move(1);
  pacer.leave();
  pacer.enter();
  pacer.move(16 * MIB);
  await ended;
  const rest = pacer.move(1);
  assert(rest && rest !== ended);
  pacer.leave();
  await rest;
});

Deno.test("Pacer makes commands wait for a poll after 256 of them, and after two milliseconds of work", async () => {
  const pacer = pacerOf({ sessions: 1, runs: 0 });
  for (let count = 0; count < 256; count++) assertEquals(pacer.run(Infinity), undefined);
  await (pacer.run(Infinity) ?? fail());
  assertEquals(pacer.run(Infinity), undefined);
  pacer.depart();
  await (new Pacer().run(0) ?? fail());
});

Deno.test("Pacer makes no commands wait of sessions that follow each other", () => {
  const pacer = new Pacer();
  for (let session = 0; session < 200; session++) {
    pacer.arrive();
    for (let count = 0; count < 3; count++) assertEquals(pacer.run(Infinity), undefined);
    pacer.depart();
  }
});

Deno.test("Pacer makes commands, transfers and listings wait for the same poll", async () => {
  const pacer = pacerOf({ sessions: 2, runs: 1 });
  const listing = pacer.did(256);
  const rest = pacer.move(1);
  assert(rest);
  assertEquals(pacer.run(Infinity), rest);
  await Promise.all([listing, rest]);
  assertEquals([pacer.run(Infinity), pacer.move(1)], [undefined, undefined]);
  pacer.leave();
  pacer.depart();
  pacer.depart();
});

/** Batches of 64 that are ready at once, until no more are wanted. */
async function* endless(): AsyncGenerator<readonly number[]> {
  for (let start = 0;; start += 64) yield Array.from({ length: 64 }, (_, index) => start + index);
}

Deno.test("paced gives the same batches in the same order", async () => {
  const batches = [[1, 2], [], Array.from({ length: 1000 }, (_, index) => index), [3]];
  assertEquals(
    await Array.fromAsync(paced(
      (async function* () {
        yield* batches;
      })(),
      new Pacer(),
    )),
    batches,
  );
});

Deno.test("paced lets others be heard beside a producer that never waits", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using near = await Deno.connect({ hostname, port });
  using far = await listener.accept();
  let heard = false;
  const hearing = far.read(new Uint8Array(1)).then(() => heard = true);
  await near.write(new Uint8Array(1));
  let batches = 0;
  // Enough for twenty looks. Mere turns of the event loop bring one look in sixty.
  for await (const _ of paced(endless(), new Pacer())) if (heard || ++batches === 60) break;
  assert(heard);
  await hearing;
});

Deno.test("paced ends the producer when no more are wanted", async () => {
  let ended = false;
  async function* producer() {
    try {
      yield* endless();
    } finally {
      ended = true;
    }
  }
  let batches = 0;
  for await (const _ of paced(producer(), new Pacer())) if (++batches === 10) break;
  assert(ended);
});

function fail(): never {
  throw new Error("Nothing to wait for");
}
