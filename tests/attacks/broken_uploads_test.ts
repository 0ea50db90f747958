/**
 * Faults in the middle of uploads, in each mode, over an old file and to a new name: what was answered 226 is whole, no
 * earlier version is gone that was promised to stay, no temporary file is left, and the log has the reason.
 */

import { connect, type Socket } from "node:net";
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import type { ServerEvent } from "../../lib/events.ts";
import type { ServerOptions } from "../../lib/options.ts";
import { parseExtendedPassiveText } from "../../lib/protocol/address.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { type Fault, FaultyVfs } from "../../lib/vfs/testing/faulty.ts";
import { isPart } from "../../lib/vfs/virtual_path.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { Wire } from "../helpers/wire.ts";
import { withTempDir } from "../vfs/helpers.ts";
import { type Attempt, contentOf, Ledger, type Mode, MODES } from "./ledger.ts";
import { rounds } from "./stage.ts";

const SIZE = 2 * 1024 * 1024;
const HALF = SIZE / 2;

/** What a fault may use. */
interface Stage {
  readonly root: string;
  readonly faulty: FaultyVfs;
  readonly server: FtpServer;
  readonly events: ServerEvent[];
}

/** An upload of which the server has stored half. */
interface Running extends Stage {
  readonly attempt: Attempt;
  readonly ftp: Wire;
  /** Of the data connection. */
  readonly socket: Socket;
  /** Sends the rest, and the end. Resolves to the reply. */
  finish(): Promise<number | undefined>;
}

interface Setup {
  /** Where the files are, instead of a directory of its own. */
  readonly root?: string;
  readonly quota?: number;
  readonly options?: Partial<ServerOptions>;
  /** Size of the files that are there. */
  readonly oldSize?: number;
  /** Injected before the upload begins. */
  readonly fault?: Fault;
  /** The reason in the event of the transfer, where the upload is not answered 226. */
  readonly reason: string;
  /** Breaks the upload. Resolves to its reply, if there is one. Default: sends all of it. */
  readonly act?: (running: Running) => Promise<number | undefined>;
}

/** A fault, tried in each mode with and without an old file. */
function fault(title: string, setup: Setup): void {
  Deno.test(`${title}: nothing that was promised is lost`, () => tryFault(title, setup));
}

function tryFault(title: string, setup: Setup): Promise<void> {
  return (
    withTempDir(async (dir) => {
      const root = setup.root ?? dir;
      const faulty = new FaultyVfs(await openDisk(root));
      const accounts = MODES.map((mode) => ({
        name: mode,
        uploads: mode,
        brokenUploads: mode === "atomic" ? "delete" : "keep",
        ...(setup.quota !== undefined && { quota: setup.quota }),
      } as const));
      await using server = new FtpServer({
        authenticator: authenticatorOf(...accounts),
        fileSystem: () => faulty,
        port: 0,
        ...setup.options,
      });
      const events: ServerEvent[] = [];
      using _all = server.events.on((event) => events.push(event));
      server.listen();
      const ledger = new Ledger(title);
      const count = rounds({ short: 1, long: 10 });
      for (let round = 0; round < count; round++) {
        for (const mode of MODES) {
          for (const old of [true, false]) {
            await once({ root, faulty, server, events }, { setup, mode, old, ledger, round });
          }
        }
      }
      ledger.close();
    })
  );
}

interface Try {
  readonly setup: Setup;
  readonly mode: Mode;
  readonly old: boolean;
  readonly ledger: Ledger;
  readonly round: number;
}

async function once(stage: Stage, { setup, mode, old, ledger, round }: Try): Promise<void> {
  const path = join(stage.root, "file");
  const before = old ? contentOf(round, setup.oldSize ?? HALF / 2) : undefined;
  if (before) await Deno.writeFile(path, before);
  const attempt = { mode, path, before, content: contentOf(round + 1_000_000, SIZE) };
  stage.events.length = 0;
  stage.faulty.inject(setup.fault);
  const code = await run(stage, attempt, setup.act ?? ((running) => running.finish()));
  const ended = await waitFor({ stream: stage.server.events, past: stage.events }, "transfer");
  stage.faulty.inject();
  ledger.enter(attempt, code);
  if (code !== 226) assertEquals([ended.complete, ended.reason], [false, setup.reason], mode);
  const names = Array.from(Deno.readDirSync(stage.root), ({ name }) => name);
  assertEquals(names.filter(isPart), [], "no temporary file is left");
  for (const name of names) await Deno.remove(join(stage.root, name), { recursive: true });
}

async function run(
  stage: Stage,
  attempt: Attempt,
  act: (running: Running) => Promise<number | undefined>,
): Promise<number | undefined> {
  await using ftp = await Wire.connect(stage.server.address.port);
  await ftp.expectReply(220);
  await ftp.login(attempt.mode, attempt.mode);
  await ftp.expect("TYPE I", 200);
  const { text } = await ftp.expect("EPSV", 229);
  const socket = connect(parseExtendedPassiveText(text) ?? 0, "127.0.0.1");
  // The server may hang up at any time.
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  try {
    const reply = await ftp.say("STOR file");
    if (reply.code !== 150) return reply.code;
    socket.write(attempt.content.subarray(0, HALF));
    const finish = async () => {
      socket.end(attempt.content.subarray(HALF));
      return (await ftp.reply()).code;
    };
    return await act({ ...stage, attempt, ftp, socket, finish });
  } finally {
    socket.destroy();
    await closed;
  }
}

/** Until the server has stored what was sent. */
async function untilStored({ ftp }: Running): Promise<void> {
  while (!(await ftp.say("STAT")).lines.some((line) => line.includes(`${HALF} bytes so far`)));
}

const KINDS = [["EIO", "failed"], ["ENOSPC", "noSpace"], ["EDQUOT", "overQuota"], ["EACCES", "denied"]] as const;
for (const [name, kind] of KINDS) {
  const reason = kind === "overQuota" ? "quota" : "storage";
  fault(`${name} at a write`, { reason, fault: { step: "write", kind, after: HALF + 1000 } });
  fault(`${name} at the first write`, { reason, fault: { step: "write", kind } });
  fault(`${name} at close`, { reason, fault: { step: "commit", kind } });
  fault(`${name} at close, stored all the same`, { reason, fault: { step: "commit", kind, done: true } });
  fault(`${name} at the rename`, { reason, fault: { step: "rename", kind } });
}

fault("The client resets the data connection", {
  reason: "dataLost",
  act: async (running) => {
    await untilStored(running);
    running.socket.resetAndDestroy();
    return (await running.ftp.reply()).code;
  },
});

fault("The client aborts", {
  reason: "aborted",
  act: async (running) => {
    await untilStored(running);
    await running.ftp.send("ABOR");
    return (await running.ftp.reply()).code;
  },
});

fault("The client loses its control connection", {
  reason: "controlLost",
  act: async (running) => {
    await untilStored(running);
    running.ftp.hangUp();
    await waitFor({ stream: running.server.events, past: running.events }, "transfer");
    return undefined;
  },
});

fault("The client falls silent", {
  reason: "stalled",
  options: { stallTimeout: 300 },
  act: async ({ ftp }) => (await ftp.reply()).code,
});

fault("The server is shut down", {
  reason: "shutdown",
  act: async (running) => {
    await untilStored(running);
    await running.server.shutdown({ grace: 0 });
    running.server.listen();
    return undefined;
  },
});

fault("The quota is full", { reason: "quota", quota: SIZE - 1000 });

fault("Another session uploads to the same name", {
  reason: "none",
  act: async (running) => {
    await untilStored(running);
    const { attempt, server } = running;
    await using other = await Wire.connect(server.address.port);
    await other.expectReply(220);
    await other.login(attempt.mode, attempt.mode);
    await other.expect("TYPE I", 200);
    await other.passive();
    await other.send("STOR file");
    // It waits for the file, or has one of its own already, and comes to nothing.
    await other.send("ABOR");
    while ((await other.reply()).code !== 226);
    return await running.finish();
  },
});

fault("Another program replaces the file", {
  reason: "storage",
  act: async (running) => {
    await untilStored(running);
    const { path } = running.attempt;
    const before = contentOf(77, 100);
    await Deno.writeFile(`${path}.new`, before);
    await Deno.rename(`${path}.new`, path);
    const code = await running.finish();
    // What is not answered 226 leaves the file of the other program.
    if (code !== 226) {
      assertEquals(await Deno.readFile(path), before);
      await restore(running.attempt);
    }
    return code;
  },
});

fault("Another program moves the file away", {
  reason: "storage",
  act: async (running) => {
    await untilStored(running);
    const { path } = running.attempt;
    const there = Array.from(Deno.readDirSync(running.root), ({ name }) => name).includes("file");
    if (there) await Deno.rename(path, `${path}.moved`);
    const code = await running.finish();
    if (code !== 226) await restore(running.attempt);
    return code;
  },
});

fault("The clock jumps by years", {
  reason: "none",
  options: { clock: jumpingClock() },
  act: async (running) => {
    await untilStored(running);
    for (const { name } of Deno.readDirSync(running.root)) {
      for (const time of [0, 4e12]) await Deno.utime(join(running.root, name), time / 1000, time / 1000);
    }
    return await running.finish();
  },
});

/** Puts what was there before back. */
async function restore({ path, before }: Attempt): Promise<void> {
  if (before) await Deno.writeFile(path, before);
  else await Deno.remove(path).catch(() => {});
}

/** A clock that is wrong by another year at each look. */
function jumpingClock(): () => number {
  let looks = 0;
  return () => Date.now() + (looks++ % 7 - 3) * 31_536_000_000;
}

const DISK = 4 * 1024 * 1024;

/** A file system of its own, as small as {@link DISK}. `undefined` where it cannot be had: only root mounts. */
async function mountSmallDisk(): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return undefined;
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-full-" });
  const args = ["-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", directory];
  const { success } = await new Deno.Command("mount", { args, stderr: "null" }).output();
  if (success) return directory;
  await Deno.remove(directory);
  return undefined;
}

Deno.test("The disk is full: nothing that was promised is lost", async (test) => {
  const root = await mountSmallDisk();
  if (root === undefined) {
    await test.step({ name: "needs root, to mount a small disk", ignore: true, fn: () => {} });
    return;
  }
  try {
    // Room for half of the upload beside the old file, and for all of it in the place of the old one.
    await tryFault("The disk is full", { root, reason: "storage", oldSize: DISK - HALF - 4096 });
  } finally {
    await new Deno.Command("umount", { args: [root] }).output();
    await Deno.remove(root);
  }
});
