/**
 * Behind a balancer that is sick, or in whose place somebody sits: connections that say nothing, never end their
 * header, or begin with anything else.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { closeQuietly, type Connection, writeAll } from "../../lib/net/connection.ts";
import { BALANCER, Balancer, binaryHeader, fromBalancer } from "../helpers/balancer.ts";
import { freeRange } from "../helpers/free_range.ts";
import { Wire } from "../helpers/wire.ts";
import { holdings } from "../soak/proc.ts";
import { measureNoops, report, rounds, Target } from "./stage.ts";

const AT_ONCE = 300;
const BEGINNINGS = [
  "",
  "PROXY TCP4 192.0.2.7 ",
  "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
  "USER alice\r\n",
  "\x16\x03\x01",
];

/** Connects, says `beginning`, and resolves to whether the server said a word before it closed. */
async function isAnswered(port: number, beginning: string): Promise<boolean> {
  const connection: Connection = await fromBalancer(port);
  try {
    await writeAll(connection, Uint8Array.from(beginning, (character) => character.charCodeAt(0)));
    return await connection.read(new Uint8Array(512)) !== null;
  } catch {
    // Reset: something was left unread.
    return false;
  } finally {
    closeQuietly(connection);
  }
}

for (const workers of [1, 2]) {
  Deno.test(`Connections of a balancer without a header get no word, leave nothing, and keep nobody waiting (--workers ${workers})`, async () => {
    const ports = freeRange(20);
    await using target = await Target.start({
      workers,
      flags: ["--proxy-from", BALANCER, "--passive-ports", String(ports), "--ban-after", "1"],
    });
    const { port, pid } = target.server;
    await using innocent = await target.login();
    // Of descriptors there may be more later, of threads that start meanwhile.
    const connections = () => holdings(pid, target.server.root).connections;
    const before = connections();
    for (let round = 0; round < rounds({ short: 1, long: 10 }); round++) {
      const flood = Array.from(
        { length: AT_ONCE },
        (_, index) => isAnswered(port, BEGINNINGS[index % BEGINNINGS.length] ?? ""),
      );
      const over = Promise.all(flood);
      const waits = await measureNoops(innocent, over);
      report(`${AT_ONCE} connections of a balancer without a header, --workers ${workers}`, { ...waits });
      assertEquals(new Set(await over), new Set([false]));
    }
    // Its last connections may be under way.
    while (connections() > before) await innocent.expect("NOOP", 200);
    // Nobody was banned for it, and the balancer's clients are served as before.
    await using balancer = new Balancer((ends) =>
      binaryHeader({ ...ends, source: { hostname: "192.0.2.7", port: 40000 } })
    );
    balancer.pass(port, ...Array.from({ length: ports.size }, (_, index) => ports.first + index));
    await using client = await Wire.connect(port, { hostname: BALANCER });
    await client.expectReply(220);
    await client.login("alice", "wonder-land.7");
    assertEquals(await client.downloadText("NLST"), "");
    const lines = target.server.log().split("\n").filter((line) => line.includes(`from the balancer ${BALANCER}`));
    // One for each fault, and for each loop.
    assert(lines.length >= 3 && lines.length <= 4 * workers, lines.join("\n"));
  });
}
