/**
 * An account that tries to keep more bytes than its quota allows: what is on the disk, or held open without a name, is
 * counted.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { writeAll } from "../../lib/net/connection.ts";
import type { Wire } from "../helpers/wire.ts";
import { report, rounds, Target } from "./stage.ts";

const KIB = 1024;
const QUOTA = 2048 * KIB;
const MALLORY = { user: "mallory", password: "wonder-land.7", flags: ["--quota", `${QUOTA}`] };

/** Bytes of all files right in the root. */
function bytesKept(target: Target): number {
  let bytes = 0;
  for (const { name } of Deno.readDirSync(target.server.root)) {
    bytes += Deno.statSync(join(target.server.root, name)).size;
  }
  return bytes;
}

function sessions(target: Target, count: number): Promise<Wire[]> {
  return Promise.all(Array.from({ length: count }, () => target.login(MALLORY.user, MALLORY.password)));
}

/** Uploads, whatever the answer is. */
async function tryToStore(ftp: Wire, name: string, bytes: number): Promise<number> {
  const data = await ftp.begin(`STOR ${name}`);
  // The server hangs up where there is no room.
  await writeAll(data, new Uint8Array(bytes)).catch(() => {});
  await data.closeWrite().catch(() => {});
  return (await ftp.reply()).code;
}

for (const workers of [1, 2]) {
  const loops = workers === 1 ? "one loop" : "two workers";

  Deno.test(`renames of many onto one file free its bytes once, ${loops}`, async () => {
    await using target = await Target.start({ accounts: [MALLORY], workers });
    const wires = await sessions(target, 6);
    const [first] = wires;
    assert(first);
    const count = rounds({ short: 12, long: 100 });
    for (let round = 0; round < count; round++) {
      await tryToStore(first, "target", 256 * KIB);
      await Promise.all(wires.map((ftp, index) => tryToStore(ftp, `small-${index}`, 1)));
      await Promise.all(wires.map(async (ftp, index) => {
        if ((await ftp.say(`RNFR small-${index}`)).code === 350) await ftp.say("RNTO target");
      }));
      await tryToStore(first, `kept-${round}`, 256 * KIB);
    }
    const kept = bytesKept(target);
    for (const ftp of wires) ftp.close();
    report(`quota, renames onto one file, ${loops}`, { rounds: count, keptKiB: kept / KIB, quotaKiB: QUOTA / KIB });
    assert(kept <= QUOTA, `${kept} bytes are kept`);
  });

  Deno.test(`files that are being uploaded cannot be deleted to make room, ${loops}`, async () => {
    await using target = await Target.start({ accounts: [MALLORY], workers });
    const wires = await sessions(target, 10);
    const [other] = await sessions(target, 1);
    assert(other);
    let [deleted, held] = [0, 0];
    for (const [index, ftp] of wires.entries()) {
      const data = await ftp.begin(`STOR ${index}`);
      await writeAll(data, new Uint8Array(512 * KIB)).catch(() => {});
      if (!await isStored(ftp, 512 * KIB)) continue;
      if ((await other.say(`DELE ${index}`)).code !== 250) continue;
      deleted++;
      held += 512 * KIB;
    }
    for (const ftp of [...wires, other]) ftp.close();
    report(`quota, deleted and open, ${loops}`, { deleted, heldKiB: held / KIB, quotaKiB: QUOTA / KIB });
    assertEquals(deleted, 0);
  });
}

/**
 * Waits until the upload under way has stored so many bytes; `false` where it has ended before, as there was no room.
 */
async function isStored(ftp: Wire, bytes: number): Promise<boolean> {
  for (;;) {
    const { code, lines } = await ftp.say("STAT");
    if (code !== 211) return false;
    if (lines.some((line) => line.includes(`: ${bytes} bytes so far`))) return true;
  }
}
