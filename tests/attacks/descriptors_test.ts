/**
 * A server without a free descriptor: whoever is in stays in and gets a clear reply, the log says it once, and all is
 * well by itself once some are closed.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { Wire } from "../helpers/wire.ts";
import { report, rounds, Target } from "./stage.ts";

/** More than the runtime needs for itself, and less than a test has connections. */
const LIMIT = 100;
const ROUNDS = rounds({ short: 2, long: 20 });

/** Connects until the server has no descriptor for the next one, which stays in the queue of the system. */
async function exhaust(target: Target): Promise<Wire[]> {
  const wires: Wire[] = [];
  const start = target.server.logSize();
  while (!/Cannot accept/i.test(target.server.log(start))) {
    assert(wires.length < 2 * LIMIT, target.server.log(start));
    wires.push(await Wire.connect(target.server.port));
    await Promise.race([wires.at(-1)?.expectReply(220), target.server.untilLogged(/Cannot accept/i, start)]);
  }
  return wires;
}

Deno.test({
  name: "a server without a free descriptor answers, says so once, and recovers by itself",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using target = await Target.start({ descriptors: LIMIT });
    for (const name of ["file", "other"]) await Deno.writeTextFile(join(target.server.root, name), "content");
    await using inside = await target.login();
    const idle = await target.keptDescriptors();
    assertEquals(await inside.downloadText("RETR file"), "content");
    for (let round = 0; round < ROUNDS; round++) {
      // One that the last transfer still closes would be free again at a moment of its own.
      assert(await target.descriptorsDownTo(idle) <= idle, `${target.descriptors} are open, ${idle} before`);
      const start = target.server.logSize();
      const wires = await exhaust(target);
      report("open", { connections: wires.length, descriptors: target.descriptors });
      await inside.expect("NOOP", 200);
      const passive = await inside.say("EPSV");
      assertEquals(passive.code, 425, passive.text);
      // Opening a file needs one as well: an open that has not got it is "busy", to be tried again.
      const busy = await inside.say("HASH other");
      assertEquals(busy.code, 450, busy.text);
      for (const wire of wires) wire.close();
      assert(await target.isAlive());
      assertEquals(await inside.downloadText("RETR file"), "content");
      const log = target.server.log(start);
      assertEquals(log.match(/Cannot accept/gi)?.length, 1, log);
      assertMatch(log, /Cannot listen for a data connection.*(?:EMFILE|Too many open files|os error 24)/i);
    }
    assert(!/unhandled|uncaught/i.test(target.server.log()), target.server.log());
  },
});
