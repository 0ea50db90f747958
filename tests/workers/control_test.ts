import { assert, assertEquals } from "@std/assert";
import type { ServerEvent } from "../../lib/events.ts";
import type { SessionInfo } from "../../lib/session_info.ts";
import type { WorkerPool } from "../../lib/workers/pool.ts";
import { makeTestPool, withPool, workerOf } from "./stage.ts";
import { Wire } from "../helpers/wire.ts";

/** Keeps a worker busy from `HELP HANG` to {@link open}. */
class Gate {
  readonly words = new Int32Array(new SharedArrayBuffer(8));

  /** Resolves when the worker of `wire` does nothing else any more. */
  async shut(wire: Wire, line = "HELP HANG"): Promise<void> {
    const { value } = Atomics.waitAsync(this.words, 1, 0);
    await wire.send(line);
    await value;
  }

  open(): void {
    Atomics.store(this.words, 0, 1);
    Atomics.notify(this.words, 0);
  }
}

/** All but those that have said goodbye, which may take a moment to end. */
async function live(pool: WorkerPool): Promise<readonly SessionInfo[]> {
  return (await pool.sessions()).filter(({ lastCommand }) => lastCommand !== "QUIT");
}

Deno.test("WorkerPool.sessions has the sessions of all workers, with ids that are never the same", async () => {
  await withPool({}, async ({ pool, connectBoth }) => {
    const { one, other } = await connectBoth();
    const sessions = await live(pool);
    assertEquals(sessions.map(({ user }) => user), ["demo", "demo"]);
    const workers = sessions.map(({ id }) => id.split("-")[0]).toSorted();
    assertEquals(workers, [await workerOf(one), await workerOf(other)].toSorted());
    assertEquals(pool.silentWorkers, []);
  });
});

Deno.test("WorkerPool.transfers has the running transfers of all workers", async () => {
  await withPool({}, async ({ pool, connectBoth }) => {
    const { one, other } = await connectBoth();
    for (const wire of [one, other]) await wire.expect("TYPE I", 200);
    const uploads = [await one.begin("STOR a"), await other.begin("STOR b")];
    const transfers = await pool.transfers();
    assertEquals(transfers.map(({ path, direction }) => [path, direction]).toSorted(), [
      ["/a", "upload"],
      ["/b", "upload"],
    ]);
    for (const data of uploads) await data.closeWrite();
    for (const wire of [one, other]) await wire.expectReply(226);
  });
});

Deno.test("WorkerPool.disconnect ends a session of whichever worker has it", async () => {
  await withPool({}, async ({ pool, connectBoth }) => {
    const both = await connectBoth();
    for (const { id } of await live(pool)) assertEquals(await pool.disconnect(id, "Maintenance"), true);
    for (const wire of [both.one, both.other]) {
      assertEquals((await wire.expectReply(421)).text, "Maintenance");
      assertEquals(await wire.closed(), "");
    }
    for (const unknown of ["1-999999", "999-1", "1", ""]) assertEquals(await pool.disconnect(unknown), false);
  });
});

Deno.test("WorkerPool leaves a worker out that does not answer in time, and reports it once", async () => {
  const gate = new Gate();
  await withPool({ gate: gate.words }, async ({ pool, connectBoth, event }) => {
    const { one, other } = await connectBoth();
    const silent = await workerOf(one);
    const all = await live(pool);
    await gate.shut(one);
    const problems: ServerEvent[] = [];
    using _problems = pool.events.on((event) => problems.push(event), ["problem"]);
    const [left, ended] = await Promise.all([live(pool), pool.disconnect(`${silent}-1`)]);
    assertEquals(ended, false);
    assertEquals(left.map(({ id }) => id.split("-")[0]), [await workerOf(other)]);
    assertEquals(pool.silentWorkers, [Number(silent)]);
    const { message } = await event("problem");
    assertEquals(message, `Worker ${silent} does not answer; its sessions are not listed`);
    assertEquals(problems.length, 1);
    gate.open();
    // It does what it was asked as soon as it can.
    await event("sessionClosed", ({ reason }) => reason === "disconnected");
    assertEquals((await live(pool)).length, all.length - 1);
    assertEquals(pool.silentWorkers, []);
  });
});

Deno.test("WorkerPool leaves a worker out that dies while it is asked", async () => {
  const gate = new Gate();
  await withPool({ gate: gate.words }, async ({ pool, connectBoth, event }) => {
    const { one, other } = await connectBoth();
    const dying = await workerOf(one);
    await gate.shut(one, "HELP HANG AND DIE");
    const asked = Promise.all([live(pool), pool.disconnect(`${dying}-1`)]);
    gate.open();
    const [left, ended] = await asked;
    assertEquals(left.map(({ id }) => id.split("-")[0]), [await workerOf(other)]);
    assertEquals(ended, false);
    assert((await event("problem")).message.includes("crashed"));
  });
});

Deno.test("WorkerPool takes events of a type from the workers once that has a listener", async () => {
  const root = await Deno.makeTempDir();
  await using pool = makeTestPool({ root });
  await pool.bind();
  pool.accept();
  await using wire = await Wire.connect(pool.address.port);
  await wire.expectReply(220);
  const heard: ServerEvent[] = [];
  const listener = pool.events.on((event) => heard.push(event), ["command"]);
  while (heard.length === 0) await wire.expect("NOOP", 200);
  assertEquals(new Set(heard.map(({ type }) => type)), new Set(["command"]));
  listener[Symbol.dispose]();
  assertEquals(pool.events.wanted, []);
  await Deno.remove(root);
});
