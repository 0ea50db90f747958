import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { Wire } from "../helpers/wire.ts";
import { type Ended, serve } from "./serve_process.ts";

/** A directory with an empty one to serve. */
async function withSite(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-state-" });
  try {
    await Deno.mkdir(join(directory, "root"));
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs `serve --state` in `directory`. */
function serveIn(directory: string, flags: readonly string[], whenReady?: (port: number) => Promise<void>) {
  return serve({
    permissions: ["--allow-all"],
    flags: [
      ...["--anonymous", "root", "--port", "0", "--allow-root", "--state", "state"],
      ...["--ban-after", "2", "--ban-time", "3600", ...flags],
    ],
    cwd: directory,
    ...(whenReady && { whenReady }),
  });
}

/** The code of the first reply. */
async function knock(port: number): Promise<number> {
  await using wire = await Wire.connect(port);
  return (await wire.reply()).code;
}

async function guess(port: number): Promise<void> {
  await using wire = await Wire.connect(port);
  await wire.expectReply(220);
  for (let time = 0; time < 2; time++) {
    await wire.expect("USER nobody", 331);
    await wire.expect("PASS wrong", 530);
  }
  for (let code = 220; code !== 421;) code = await knock(port);
}

for (const workers of Deno.build.os === "linux" ? ["1", "2"] : ["1"]) {
  Deno.test(`serve --state keeps bans over a restart, ${workers} workers`, () =>
    withSite(async (directory) => {
      const flags = ["--workers", workers];
      const first = await serveIn(directory, flags, guess);
      assertEquals(first.code, 0, first.stderr);
      assertMatch(first.stderr, /Shut out 127\.0\.0\.1 until .*failed logins \(2\)/);
      const mode = Deno.statSync(join(directory, "state")).mode ?? 0;
      if (Deno.build.os !== "windows") assertEquals(mode & 0o777, 0o700);
      const codes: number[] = [];
      const second = await serveIn(directory, flags, async (port) => {
        for (let time = 0; time < 4; time++) codes.push(await knock(port));
      });
      assertEquals([second.code, codes], [0, [421, 421, 421, 421]], second.stderr);
    }));
}

const PREPARED: readonly { readonly what: string; readonly make: (path: string) => void; readonly message: RegExp }[] =
  [
    {
      what: "a file",
      make: (path) => Deno.writeTextFileSync(path, ""),
      message: /must name a directory, not the file/,
    },
    {
      what: "a directory that others can write to",
      make: (path) => {
        Deno.mkdirSync(path);
        Deno.chmodSync(path, 0o777);
      },
      message: /others can write to .*: run chmod 700/,
    },
    {
      what: "a directory with something else in place of the database",
      make: (path) => {
        Deno.mkdirSync(path, { mode: 0o700 });
        Deno.writeTextFileSync(join(path, "state.db"), "Not a database at all. ".repeat(100));
      },
      message: /not a database: move it away/,
    },
  ];

for (const { what, make, message } of PREPARED) {
  Deno.test({
    name: `serve --state refuses ${what} in one line`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      withSite(async (directory) => {
        make(join(directory, "state"));
        const { code, stdout, stderr }: Ended = await serveIn(directory, []);
        assertEquals([code, stdout], [2, ""]);
        assertMatch(stderr, message);
        assertMatch(stderr.trimEnd().split("\n").at(-1) ?? "", /^denoftpd: Flag "--state"/);
      }),
  });
}
