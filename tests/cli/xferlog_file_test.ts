import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openXferlog } from "../../lib/cli/serve/xferlog_file.ts";
import type { TransferEnded } from "../../lib/events.ts";

const TRANSFER: TransferEnded = {
  type: "transfer",
  time: 0,
  session: "1",
  address: "192.0.2.1",
  user: "ann",
  verb: "RETR",
  direction: "download",
  path: "/a file",
  bytes: 5,
  offset: 0,
  milliseconds: 12,
  ascii: false,
  complete: true,
  reason: "none",
};

Deno.test({
  name: "openXferlog keeps no server waiting for a file that takes nothing, and counts the lines that are lost",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const path = join(directory, "xferlog");
    await new Deno.Command("mkfifo", { args: [path] }).output();
    let lost = 0;
    // Each of the two waits for the other one.
    const [xferlog, pipe] = await Promise.all([
      openXferlog(path, { owner: undefined, onLost: (lines) => lost += lines }),
      Deno.open(path, { read: true }),
    ]);
    const written = 40_000;
    for (let i = 0; i < written; i++) xferlog.listener(TRANSFER);
    const [text] = await Promise.all([new Response(pipe.readable).text(), xferlog[Symbol.asyncDispose]()]);
    const lines = text.split("\n").length - 1;
    assert(lost > 0, `${lines} lines`);
    assertEquals(lines + lost, written);
    await Deno.remove(directory, { recursive: true });
  },
});
