/**
 * A server that is killed in the middle of uploads, at any moment of them: files that were answered 226 are whole, old
 * ones are there, and the next server removes what the dead one has left.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { type Connection, writeAll } from "../../lib/net/connection.ts";
import { isPart } from "../../lib/vfs/virtual_path.ts";
import { OLD_RUNTIME } from "../helpers/old_runtime.ts";
import type { Wire } from "../helpers/wire.ts";
import { type Attempt, contentOf, Ledger, MODES } from "./ledger.ts";
import { report, rounds, Target } from "./stage.ts";

const PASSWORD = "wonder-land.7";
const ACCOUNTS = MODES.map((mode) => ({ user: mode, password: PASSWORD, flags: ["--uploads", mode] }));
const SIZE = 512 * 1024;
/** Looks for the removal of what is left: only a test that has failed already looks so often. */
const LOOKS = 1000;
const LOOK_EVERY_MS = 10;

/** When the server is killed: in the middle of the data, or as the last of it arrives. */
const MOMENTS = ["middle", "end"] as const;

interface Running {
  readonly attempt: Attempt;
  readonly ftp: Wire;
  readonly data: Connection;
  readonly moment: typeof MOMENTS[number];
}

/** Every mode, over an old file and to a new name, at both moments. */
async function begin(target: Target, round: number): Promise<Running[]> {
  const running: Running[] = [];
  for (const mode of MODES) {
    for (const old of [true, false]) {
      for (const moment of MOMENTS) {
        const path = join(target.server.root, `${mode}-${moment}-${old ? "old" : "new"}`);
        const number = round * 100 + running.length;
        const before = old ? contentOf(number, SIZE / 2) : undefined;
        if (before) Deno.writeFileSync(path, before);
        const ftp = await target.login(mode, PASSWORD);
        await ftp.expect("TYPE I", 200);
        const data = await ftp.begin(`STOR ${path.slice(path.lastIndexOf("/") + 1)}`);
        running.push({ attempt: { mode, path, before, content: contentOf(number + 50, SIZE) }, ftp, data, moment });
      }
    }
  }
  return running;
}

/** The code of the reply, if it was sent. */
async function lastWord(ftp: Wire): Promise<number | undefined> {
  try {
    return (await ftp.reply()).code;
  } catch {
    return undefined;
  }
}

function partsIn(root: string): number {
  return Array.from(Deno.readDirSync(root), ({ name }) => name).filter(isPart).length;
}

/** Older than a day. */
const LONG_AGO = new Date(Date.now() - 2 * 86_400_000);

/** Such a runtime cannot try a lock: a part is removed for its age. */
const BY_AGE = OLD_RUNTIME;

function ageParts(root: string): void {
  for (const { name } of Deno.readDirSync(root)) {
    if (isPart(name)) Deno.utimeSync(join(root, name), LONG_AGO, LONG_AGO);
  }
}

async function untilClean(root: string): Promise<void> {
  for (let look = 0; look < LOOKS && partsIn(root) > 0; look++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  assertEquals(partsIn(root), 0, "the next server removes what is left");
}

async function killOnce(target: Target, { round, ledger }: { round: number; ledger: Ledger }): Promise<number> {
  const { server } = target;
  const running = await begin(target, round);
  await Promise.all(running.map(async ({ attempt: { content }, data, ftp }) => {
    await writeAll(data, content.subarray(0, SIZE / 2));
    while (!(await ftp.say("STAT")).lines.some((line) => line.includes(`${SIZE / 2} bytes so far`)));
  }));
  // The others end in the moment of the kill, and some of their replies come.
  const replies = running.map(async ({ attempt: { content }, data, ftp, moment }) => {
    if (moment === "end") {
      await writeAll(data, content.subarray(SIZE / 2)).catch(() => {});
      await data.closeWrite().catch(() => {});
    }
    return await lastWord(ftp);
  });
  if (round % 2 === 1) await Promise.race(replies);
  await server.kill();
  const codes = await Promise.all(replies);
  const left = partsIn(server.root);
  for (const { ftp } of running) ftp.close();
  if (BY_AGE) ageParts(server.root);
  await server.restart();
  for (const [index, { attempt }] of running.entries()) ledger.enter(attempt, codes[index]);
  await untilClean(server.root);
  await server.clear();
  return left;
}

for (const workers of [1, 2]) {
  for (const fsync of ["never", "close"]) {
    const title = `kill -9, ${workers === 1 ? "one loop" : "two workers"}, --fsync ${fsync}`;
    Deno.test(`${title}: nothing that was promised is lost`, async () => {
      await using target = await Target.start({
        accounts: ACCOUNTS,
        workers,
        logLevel: "debug",
        flags: ["--fsync", fsync],
      });
      const ledger = new Ledger(title);
      const count = rounds({ short: 2, long: 10 });
      let left = 0;
      for (let round = 0; round < count; round++) {
        const found = await killOnce(target, { round, ledger });
        if (found > 0) {
          const log = await target.server.untilLogged(/Removed \d+ parts? of/);
          assertMatch(log, /Removed \d+ parts? of (an upload that was|uploads that were) killed, \d+ bytes, below "/);
        }
        left += found;
      }
      report(title, { rounds: count, partsLeft: left });
      ledger.close();
    });
  }
}
