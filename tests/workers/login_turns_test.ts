import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Ban } from "../../lib/auth/bans.ts";
import { Wire } from "../helpers/wire.ts";
import { withPool } from "./stage.ts";

/** So long that no second turn comes while a test runs. */
const LONG = 100_000_000;

Deno.test("WorkerPool paces the logins to an account from an address across workers", async () => {
  await withPool({ guessInterval: LONG }, async ({ pool, connect, connectBoth }) => {
    const { one, other } = await connectBoth();
    const guessing = [one, other];
    for (let connection = 0; connection < 20; connection++) guessing.push(await connect());
    for (const wire of guessing) {
      await wire.say("USER demo");
      await wire.send("PASS wrong");
    }
    const codes = guessing.map(async (wire) => (await wire.reply()).code);
    // Known there, and nothing may be guessed at any more: the right password waits as well.
    await Promise.any(codes);
    await pool.shutdown({ grace: 0 });
    const told = await Promise.all(codes);
    const tried = told.filter((code) => code === 530).length;
    // Four may be under way at once, where none has failed yet.
    assert(tried >= 1 && tried <= 4, `${tried} were tried`);
    assertEquals(told.filter((code) => code === 421).length, guessing.length - tried);
  });
});

Deno.test("WorkerPool answers 421 at PASS where the address was shut out by failures at another worker", async () => {
  await withPool({ banAfter: 3, banTime: 60_000 }, async ({ connectBoth, event }) => {
    const { one, other } = await connectBoth();
    await other.expect("USER demo", 331);
    for (let failure = 0; failure < 3; failure++) {
      await one.expect("USER demo", 331);
      await one.expect("PASS wrong", 530);
    }
    // The news reaches the other worker in its own time.
    let reply = await other.say("PASS wrong");
    while (reply.code === 530) {
      await other.say("USER demo");
      reply = await other.say("PASS wrong");
    }
    assertEquals(reply.code, 421);
    assertMatch(reply.text, /from your address/);
    await other.closed();
    // One event for all of them.
    assertMatch((await event("addressBanned")).reason, /^failed logins \(3\)$/);
  });
});

Deno.test("WorkerPool counts connections without a login over all workers", async () => {
  await withPool({ maxStrangersPerIp: 6 }, async ({ pool, connect, event }) => {
    const wires = [];
    for (let count = 0; count < 6; count++) wires.push(await connect());
    await using refused = await Wire.connect(pool.address.port);
    assertMatch((await refused.expectReply(421)).text, /have not logged in/);
    await wires[0]?.login();
    await connect();
    await event("connectionRefused");
  });
});

Deno.test("WorkerPool reports a ban once, ends it at all workers, and knows those of before", async () => {
  const bans = new Map<string, Ban>();
  const store = { load: () => [...bans.values()], save: (ban: Ban) => void bans.set(ban.key, ban), remove: () => {} };
  await withPool({ banAfter: 3, banTime: 400, banStore: store }, async ({ connectBoth, event, events, pool }) => {
    const { one, other } = await connectBoth();
    for (const wire of [one, other, one]) {
      await wire.expect("USER demo", 331);
      await wire.say("PASS wrong");
    }
    await event("addressBanned");
    await event("addressAllowed");
    // Each connection may reach either of them.
    for (let count = 0; count < 8; count++) {
      await using wire = await Wire.connect(pool.address.port);
      await wire.expectReply(220);
    }
    assertEquals(events.filter(({ type }) => type === "addressBanned").length, 1);
  });
  assertEquals([...bans.values()].map(({ address, round }) => [address, round]), [["127.0.0.1", 1]]);
  for (const [key, ban] of bans) bans.set(key, { ...ban, until: Date.now() + 60_000 });
  await withPool({ banAfter: 3, banTime: 60_000, banStore: store }, async ({ pool }) => {
    for (let count = 0; count < 8; count++) {
      await using wire = await Wire.connect(pool.address.port);
      assertMatch((await wire.expectReply(421)).text, /from your address/);
    }
  });
});
