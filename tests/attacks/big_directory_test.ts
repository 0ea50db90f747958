/**
 * A directory with very many entries, listed by many sessions at once.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { closeQuietly } from "../../lib/net/connection.ts";
import type { Wire } from "../helpers/wire.ts";
import { measureNoops, report, rounds, Target } from "./stage.ts";

const SESSIONS = 20;
const ENTRIES = rounds({ short: 5_000, long: 200_000 });
/** Bytes that one entry may cost each session, at most: its name and facts, once. */
const MOST_OF_ENTRY = 600;

/** Counts what arrives and keeps none of it: twenty listings are half a gigabyte. */
async function countLines(wire: Wire, line: string): Promise<number> {
  const data = await wire.begin(line);
  const buffer = new Uint8Array(256 * 1024);
  let lines = 0;
  for (let count = await data.read(buffer); count !== null; count = await data.read(buffer)) {
    for (let index = 0; index < count; index++) if (buffer[index] === 0x0a) lines++;
  }
  closeQuietly(data);
  await wire.expectReply(226);
  return lines;
}

for (const line of ["MLSD", "LIST", "NLST"]) {
  Deno.test(`${line} of ${ENTRIES} entries from ${SESSIONS} sessions costs memory in proportion`, async () => {
    await using target = await Target.start();
    for (let index = 0; index < ENTRIES; index++) {
      Deno.createSync(join(target.server.root, `entry-with-a-name-of-some-length-${index}`)).close();
    }
    await using innocent = await target.login();
    const wires = await Promise.all(Array.from({ length: SESSIONS }, () => target.login()));
    try {
      const before = target.residentMiB;
      let most = before;
      const listing = Promise.all(wires.map((wire) => countLines(wire, line)));
      let over = false;
      listing.finally(() => over = true).catch(() => {});
      const watching = (async () => {
        while (!over) {
          most = Math.max(most, target.residentMiB);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })();
      const waits = await measureNoops(innocent, listing);
      await watching;
      const lines = await listing;
      assertEquals(new Set(lines), new Set([line === "MLSD" ? Math.max(...lines) : ENTRIES]));
      assert(Math.min(...lines) >= ENTRIES);
      report(`${line} of ${ENTRIES} entries, ${SESSIONS} sessions`, { "MiB more": most - before, ...waits });
      const allowed = 64 + SESSIONS * ENTRIES * MOST_OF_ENTRY / 2 ** 20;
      assert(most - before < allowed, `${Math.round(most - before)} MiB more than before, of ${Math.round(allowed)}`);
    } finally {
      for (const wire of wires) wire.close();
    }
  });
}
