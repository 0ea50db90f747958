/**
 * A log that nobody reads, or that cannot be written: serving goes on, and what is lost is counted.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Wire } from "../helpers/wire.ts";
import { report, rounds, Target } from "./stage.ts";

const COMMANDS = rounds({ short: 12_000, long: 40_000 });

/** Runs `act` with a server that logs everything to a pipe, and with the pipe's other end. */
async function withPipe(act: (target: Target, pipe: Deno.FsFile) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "log");
  await new Deno.Command("mkfifo", { args: [path] }).output();
  // Each of the two waits for the other one.
  const [target, pipe] = await Promise.all([
    Target.start({ logLevel: "debug", logTo: path }),
    Deno.open(path, { read: true }),
  ]);
  try {
    await act(target, pipe);
  } finally {
    await target[Symbol.asyncDispose]();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Says NOOP `count` times, a hundred at once, and hears every reply. */
async function sayNoops(wire: Wire, count: number): Promise<void> {
  for (let said = 0; said < count; said += 100) {
    await wire.sendRaw("NOOP\r\n".repeat(100));
    for (let i = 0; i < 100; i++) await wire.expectReply(200);
  }
}

Deno.test({
  name: "an unread pipe for the log stops no session, and what is lost is counted and reported",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withPipe(async (target, pipe) => {
      await using wire = await target.login();
      const before = target.residentMiB;
      await sayNoops(wire, COMMANDS);
      assert(await target.isAlive());
      report("log that nobody reads", { commands: COMMANDS, grownMiB: target.residentMiB - before });
      // Somebody reads after all, while the server is asked to end.
      const [log] = await Promise.all([new Response(pipe.readable).text(), target.server.stop()]);
      const lost = Array.from(log.matchAll(/ error +Lost (\d+) lines of the log: /g), ([, count]) => Number(count));
      const lines = log.split("\n").filter((line) => /"NOOP"|< 200 /.test(line)).length;
      const told = lost.reduce((sum, count) => sum + count, 0);
      report("lines", { made: 2 * COMMANDS, read: lines, told });
      assert(told > 0 && lines > 0, log.slice(-500));
      // The others are about logins and the end.
      assert(lines + told >= 2 * COMMANDS && lines + told < 2 * COMMANDS + 100, `${lines} lines, ${told} lost`);
    }),
});

Deno.test({
  name: "an unread pipe for the log does not keep a server from ending",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withPipe(async (target, pipe) => {
      await using wire = await target.login();
      await sayNoops(wire, 1000);
      const { code } = await target.server.stop();
      assertEquals(code, 0);
      pipe.close();
    }),
});

Deno.test({
  name: "all of the log can be read after a server has ended, however late",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withPipe(async (target, pipe) => {
      await using wire = await target.login();
      await sayNoops(wire, 1000);
      const stopped = target.server.stop();
      await wire.expectReply(421);
      const [log] = await Promise.all([new Response(pipe.readable).text(), stopped]);
      const lines = log.split("\n");
      assertEquals(lines.filter((line) => line.includes('> "NOOP"')).length, 1000);
      assertEquals(lines.filter((line) => line.endsWith("Session closed: shutdown")).length, 1);
      assert(!log.includes("Lost "));
    }),
});

Deno.test({
  name: "a reader of the log that has gone, and a full disk, stop no session",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await withPipe(async (target, pipe) => {
      pipe.close();
      await using wire = await target.login();
      await sayNoops(wire, 1000);
      assert(await target.isAlive());
      assertEquals((await target.server.stop()).code, 0);
    });
    await using target = await Target.start({ logLevel: "debug", logTo: "/dev/full" });
    await using wire = await target.login();
    await sayNoops(wire, 1000);
    assert(await target.isAlive());
    assertEquals((await target.server.stop()).code, 0);
  },
});
