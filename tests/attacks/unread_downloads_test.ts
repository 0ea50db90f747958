/**
 * Downloads that nobody reads, given up one after the other by a client that keeps its ends of them: the server's ends
 * must not stay, as no limit of sessions counts them.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { closeQuietly, type Connection } from "../../lib/net/connection.ts";
import { report, rounds, Target } from "./stage.ts";
import type { Wire } from "../helpers/wire.ts";

/** More than both ends' buffers take in. */
const SIZE = 64 * 1024 * 1024;
const DOWNLOADS = rounds({ short: 4, long: 100 });
/** Answers to STAT with the same number of bytes after which nothing moves any more: a slow machine may pause. */
const SAME = 20;

/** Resolves when the download of `wire` waits for the client. */
async function stuck(wire: Wire): Promise<void> {
  let last = "";
  for (let same = 0; same < SAME;) {
    // There is no event to wait for: the point is that nothing happens.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const bytes = /\d+ bytes/.exec((await wire.say("STAT")).lines.join("\n"))?.[0];
    assert(bytes, "STAT reports the bytes of a running transfer");
    same = bytes === last ? same + 1 : 0;
    last = bytes;
  }
}

Deno.test({
  name: "downloads that a client does not read and gives up leave no socket at the server",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using target = await Target.start({ flags: ["--data-threads", "0"] });
    await Deno.writeFile(join(target.server.root, "big"), new Uint8Array(SIZE));
    await using wire = await target.login();
    await wire.expect("TYPE I", 200);
    // What the first transfer opens for good is not counted.
    await wire.downloadText("NLST");
    const before = target.descriptors;
    const kept: Connection[] = [];
    try {
      for (let count = 0; count < DOWNLOADS; count++) {
        kept.push(await wire.begin("RETR big"));
        await stuck(wire);
        await wire.send("ABOR");
        assertEquals(await wire.codes(2), [426, 226]);
      }
      const after = await target.descriptorsDownTo(before);
      report("descriptors", { before, after, downloads: DOWNLOADS });
      assert(after <= before, `${after} descriptors are open, ${before} before`);
    } finally {
      for (const connection of kept) closeQuietly(connection);
    }
  },
});
