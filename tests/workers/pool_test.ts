import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { rulesOf } from "../helpers/server.ts";
import { readAll, sendData, Wire } from "../helpers/wire.ts";
import { makeTestPool, withPool, workerOf } from "./stage.ts";

Deno.test("WorkerPool lets no more sessions in than the server may have, whichever worker they come to", async () => {
  await withPool({ maxSessions: 10 }, async ({ pool, connect }) => {
    for (let count = 0; count < 10; count++) await connect();
    for (let count = 0; count < 5; count++) {
      await using wire = await Wire.connect(pool.address.port);
      await wire.expectReply(421);
      await wire.closed();
    }
  });
});

Deno.test("WorkerPool limits the sessions of an address, and accepts another when one has left", async () => {
  await withPool({ maxSessionsPerIp: 8 }, async ({ pool, connect, event }) => {
    const wires = [];
    for (let count = 0; count < 8; count++) wires.push(await connect());
    await using refused = await Wire.connect(pool.address.port);
    assertMatch((await refused.expectReply(421)).text, /from your address/);
    await wires[3]?.expect("QUIT", 221);
    await event("sessionClosed");
    await connect();
  });
});

Deno.test("WorkerPool limits the sessions of an account across workers", async () => {
  await withPool({ state: { maxSessions: 4 } }, async ({ connect }) => {
    for (let count = 0; count < 4; count++) await (await connect()).login();
    for (let count = 0; count < 6; count++) {
      const wire = await connect();
      await wire.expect("USER demo", 331);
      await wire.expect("PASS demo", 530);
    }
  });
});

Deno.test("WorkerPool shows the sessions of all workers to each", async () => {
  await withPool({}, async ({ connect, connectBoth }) => {
    const { one, other } = await connectBoth();
    const stranger = await connect();
    for (const wire of [one, other]) {
      const { lines } = await wire.expect("SITE WHO", 211);
      assertEquals(lines.length, 4, lines.join("\n"));
      assertEquals(lines.at(-1), "211 2 in all");
      assertMatch((await wire.expect("STAT", 211)).lines.join("\n"), /Sessions on this server: 3/);
    }
    // Before a login nobody learns how many there are.
    const { lines } = await stranger.expect("STAT", 211);
    assertEquals(lines.filter((line) => line.includes("Sessions")), []);
  });
});

Deno.test("WorkerPool.refresh reaches every worker", async () => {
  await withPool({}, async (stage) => {
    const { one, other } = await stage.connectBoth();
    stage.state = { rules: rulesOf(["/", "ro"]) };
    stage.pool.refresh();
    let directory = 0;
    for (const wire of [one, other]) {
      const code = async () => (await wire.say(`MKD ${++directory}`)).code;
      // A command may be faster than the news.
      while (await code() === 257) await wire.login();
      assertEquals(await code(), 550);
    }
  });
});

Deno.test("WorkerPool keeps a quota over all workers", async () => {
  await withPool({ state: { quota: 1_000 } }, async ({ root, connectBoth }) => {
    await Deno.writeTextFile(`${root}/before`, "x".repeat(300));
    const { one, other } = await connectBoth();
    for (const wire of [one, other]) await wire.expect("TYPE I", 200);
    await one.upload("STOR first", "x".repeat(400));
    await sendData(await other.begin("STOR second"), "x".repeat(400));
    await other.expectReply(552);
    await one.expect("DELE first", 250);
    await other.upload("STOR second", "x".repeat(700));
  });
});

Deno.test("WorkerPool forgets digests of a file that another worker has changed", async () => {
  await withPool({}, async ({ connectBoth }) => {
    const { one, other } = await connectBoth();
    // The same size, time and file: nothing but the news tells that the content is another.
    const put = async (wire: Wire, content: string) => {
      await wire.upload("STOR file", content);
      await wire.expect("MFMT 20260101000000 file", 213);
    };
    await put(one, "old");
    const before = (await one.expect("XSHA256 file", 250)).text;
    await put(other, "new");
    assertNotEquals((await one.expect("XSHA256 file", 250)).text, before);
  });
});

Deno.test("WorkerPool lets an upload wait for one in another worker until that ends or is silent", async () => {
  await withPool({}, async ({ connectBoth, root }) => {
    const { one, other } = await connectBoth();
    const begun = await one.begin("STOR file");
    const data = await other.passive();
    await other.send("STOR file");
    for (let count = 0; count < 3; count++) await other.expect("STAT", 211);
    await sendData(begun, "first");
    await one.expectReply(226);
    await other.expectReply(150);
    // Nothing comes over this one: its file is given away.
    const silent = await one.begin("STOR another");
    await sendData(data, "second");
    await other.expectReply(226);
    await other.upload("STOR another", "whole");
    await sendData(silent, "late");
    await one.expectReply(451);
    assertEquals(await Deno.readTextFile(`${root}/file`), "second");
    assertEquals(await Deno.readTextFile(`${root}/another`), "whole");
  });
});

Deno.test("WorkerPool spreads a range of passive ports over the workers, each port to one at a time", async () => {
  const [first, last] = freePair();
  await withPool({ ports: [first, last] }, async ({ connectBoth }) => {
    const { one, other } = await connectBoth();
    const ports = [];
    for (const wire of [one, other]) {
      const { text } = await wire.expect("EPSV", 229);
      ports.push(Number(/\|(\d+)\|/.exec(text)?.[1]));
    }
    assertEquals(ports.toSorted(), [first, last]);
  });
});

/** Two neighbouring ports that are free. */
function freePair(): [number, number] {
  for (;;) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    try {
      Deno.listen({ hostname: "127.0.0.1", port: port + 1 }).close();
      return [port, port + 1];
    } catch {
      // Somebody has it: look further.
    }
  }
}

Deno.test("WorkerPool puts a worker in the place of one that died, and the others go on", async () => {
  await withPool({ maxSessions: 10 }, async ({ connectBoth, event, pool }) => {
    const { one, other } = await connectBoth();
    const dead = await workerOf(one);
    await one.send("HELP DIE");
    await one.closed().catch(() => {});
    const report = await event("problem", ({ message }) => message.includes("crashed"));
    assertMatch(report.message, new RegExp(`^Worker ${dead} `));
    assertMatch(String(report.error), /Asked to die/);
    // Its session is counted off.
    assertMatch((await other.expect("STAT", 211)).lines.join("\n"), /Sessions on this server: 1/);
    const numbers = new Set<string>();
    while (!numbers.has("3")) {
      await using wire = await Wire.connect(pool.address.port);
      await wire.expectReply(220);
      await wire.login();
      numbers.add(await workerOf(wire));
      await wire.expect("QUIT", 221);
    }
    await other.expect("NOOP", 200);
  });
});

Deno.test("WorkerPool reports what a worker did right before it died, also if it is busy then", async () => {
  await withPool({}, async ({ connectBoth, event, events }) => {
    const { one } = await connectBoth();
    const dead = await workerOf(one);
    await one.send("HELP DIE");
    // The messages and the end of the worker are both there when this thread looks again.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await one.closed().catch(() => {});
    await event("problem", ({ message }) => message.includes("crashed"));
    // The other worker goes on, and its events may come later.
    const lines = events.flatMap((each) =>
      each.type === "command" && each.session.startsWith(`${dead}-`) ? [each.line] : []
    );
    assertEquals(lines.at(-1), "HELP DIE");
  });
});

Deno.test("WorkerPool.shutdown lets transfers of all workers end, and says goodbye to the others", async () => {
  await withPool({}, async ({ pool, root, connectBoth, connect }) => {
    const size = 32 * 2 ** 20;
    await Deno.writeFile(`${root}/big`, new Uint8Array(size));
    const { one, other } = await connectBoth();
    const idle = await connect();
    const transfers = [];
    for (const wire of [one, other]) {
      await wire.expect("TYPE I", 200);
      transfers.push(await wire.begin("RETR big"));
    }
    const over = pool.shutdown({ grace: 20_000 });
    await idle.expectReply(421);
    for (const data of transfers) assertEquals((await readAll(data)).length, size);
    for (const wire of [one, other]) assertEquals(await wire.codes(2), [226, 421]);
    await over;
    await assertRejects(() => Wire.connect(pool.address.port), Deno.errors.ConnectionRefused);
  });
});

Deno.test("WorkerPool.shutdown ends transfers that outlive the grace time", async () => {
  await withPool({}, async ({ pool, root, connectBoth, event }) => {
    await Deno.writeFile(`${root}/big`, new Uint8Array(64 * 2 ** 20));
    const { one, other } = await connectBoth();
    for (const wire of [one, other]) {
      await wire.expect("TYPE I", 200);
      await wire.begin("RETR big");
    }
    await pool.shutdown({ grace: 0 });
    assertEquals((await event("transfer")).reason, "shutdown");
  });
});

Deno.test("WorkerPool.bind refuses a port that another program has, even if that shares it", async () => {
  using _taken = Deno.listen({ hostname: "127.0.0.1", port: 0, reusePort: true });
  await using pool = makeTestPool({ root: "/" }, undefined, { port: _taken.addr.port });
  await assertRejects(() => pool.bind(), Deno.errors.AddrInUse);
});

Deno.test("WorkerPool.bind rejects when a worker dies before it listens", async () => {
  await using pool = makeTestPool({ root: "/", stillborn: true });
  await assertRejects(() => pool.bind(), Error, "Born dead");
});
