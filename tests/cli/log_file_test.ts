import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { LineFile } from "../../lib/cli/serve/line_file.ts";
import { ALICE, ServerUnderTest } from "../clients/server_under_test.ts";
import { Wire } from "../helpers/wire.ts";

const unix = Deno.build.os !== "windows";
const options = { what: "log", owner: undefined, onLost: () => {} };

async function withDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await act(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("LineFile continues in the file of its name once it is opened again, and loses no line", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "log");
    {
      await using file = await LineFile.open(path, options);
      for (let round = 0; round < 5; round++) {
        for (let line = 0; line < 2000; line++) file.lines.write(`${round} ${line} ${"x".repeat(100)}\n`);
        await Deno.rename(path, `${path}.${round}`);
        await file.reopen();
      }
      file.lines.write("the last one\n");
    }
    const texts = [0, 1, 2, 3, 4].map((round) => Deno.readTextFileSync(`${path}.${round}`));
    const lines = texts.join("").trimEnd().split("\n").map((line) => line.split(" ").slice(0, 2).join(" "));
    const rest = (await Deno.readTextFile(path)).trimEnd().split("\n");
    assertEquals(rest.at(-1), "the last one");
    lines.push(...rest.slice(0, -1).map((line) => line.split(" ").slice(0, 2).join(" ")));
    assertEquals(lines, Array.from({ length: 10_000 }, (_, at) => `${Math.floor(at / 2000)} ${at % 2000}`));
  }));

Deno.test("LineFile stays with the old file, and says why, if it cannot open the name again", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "log");
    await using file = await LineFile.open(path, options);
    await Deno.rename(path, join(directory, "old"));
    await Deno.mkdir(path);
    const message = await file.reopen().then(() => "", (error: Error) => error.message);
    assertStringIncludes(message, `Cannot open log "${path}"`);
    assertStringIncludes(message, "the old file stays in use");
    file.lines.write("still here\n");
    await file.lines.settle();
    assertEquals(await Deno.readTextFile(join(directory, "old")), "still here\n");
  }));

Deno.test({
  name: "LineFile makes a file that others cannot read, and keeps the mode of one that is there",
  ignore: !unix,
  fn: () =>
    withDirectory(async (directory) => {
      const [made, kept] = [join(directory, "made"), join(directory, "kept")];
      await Deno.writeTextFile(kept, "before\n", { mode: 0o644 });
      await Deno.chmod(kept, 0o644);
      for (const path of [made, kept]) {
        await using file = await LineFile.open(path, options);
        file.lines.write("line\n");
      }
      assertEquals((Deno.statSync(made).mode ?? 0) & 0o137, 0);
      assertEquals((Deno.statSync(kept).mode ?? 0) & 0o777, 0o644);
      assertEquals(await Deno.readTextFile(kept), "before\nline\n");
    }),
});

for (const workers of [1, 2]) {
  Deno.test({
    name: `serve --log-file and --xferlog, renamed at will, go on in new files at SIGHUP (${workers} event loop(s))`,
    ignore: !unix,
    fn: () =>
      withDirectory(async (directory) => {
        const [log, xferlog] = [join(directory, "log"), join(directory, "xferlog")];
        await using server = await ServerUnderTest.start({
          ...{ logLevel: "info", workers },
          writable: [log, xferlog],
          flags: ["--log-file", log, "--xferlog", xferlog],
        });
        await using ftp = await Wire.connect(server.port);
        await ftp.expectReply(220);
        await ftp.login(ALICE.user, ALICE.password);
        await ftp.upload("STOR first", "1");
        await until(() => Deno.readTextFileSync(xferlog).includes("/first"));
        for (const path of [log, xferlog]) await Deno.rename(path, `${path}.1`);
        Deno.kill(server.pid, "SIGHUP");
        await until(() => exists(log) && exists(xferlog));
        await ftp.upload("STOR second", "2");
        await ftp.expect("QUIT", 221);
        await server.stop();
        const [before, after] = [`${log}.1`, log].map((path) => Deno.readTextFileSync(path));
        assertMatch(before ?? "", / serves at [^]*STOR "\/first" 1 bytes/);
        assertMatch(after ?? "", /STOR "\/second" 1 bytes[^]*Stopped by SIGTERM/);
        assertEquals(`${before}${after}`.match(/Logged in as/g)?.length, 1);
        assertMatch(Deno.readTextFileSync(`${xferlog}.1`), /^[^\n]* \/first [^\n]*\n$/);
        assertMatch(Deno.readTextFileSync(xferlog), /^[^\n]* \/second [^\n]*\n$/);
        // Nothing of it went to standard error.
        assert(!server.log().includes("Logged in"));
      }),
  });
}

for (const workers of [1, 2]) {
  Deno.test({
    name: `serve ended by SIGTERM has logged everything, in its order, over a rotation (${workers} event loop(s))`,
    ignore: !unix,
    fn: () =>
      withDirectory(async (directory) => {
        const log = join(directory, "log");
        await using server = await ServerUnderTest.start({
          ...{ logLevel: "info", workers },
          writable: [log],
          flags: ["--log-file", log],
        });
        const visit = async (number: number): Promise<Wire> => {
          const ftp = await Wire.connect(server.port);
          await ftp.expectReply(220);
          await ftp.login(ALICE.user, ALICE.password);
          await ftp.expect(`RNFR missing-${number}`, 550);
          return ftp;
        };
        for (let number = 0; number < 40; number++) {
          await using _visitor = await visit(number);
          if (number !== 20) continue;
          await Deno.rename(log, `${log}.1`);
          Deno.kill(server.pid, "SIGHUP");
        }
        await using _last = await visit(40);
        // Right after the reply: what was logged last has had no time to be written.
        await server.stop();
        const text = [`${log}.1`, log].map((path) => Deno.readTextFileSync(path)).join("");
        const refused = Array.from(text.matchAll(/Refused "RNFR missing-(\d+)"/g), ([, number]) => Number(number));
        // Two event loops report each in its own order.
        if (workers > 1) refused.sort((a, b) => a - b);
        assertEquals(refused, Array.from({ length: 41 }, (_, number) => number));
        assertEquals(text.match(/ Logged in as /g)?.length, 41);
        assertEquals(text.match(/ Session closed: /g)?.length, 41);
        assertMatch(text, /Stopped by SIGTERM [^\n]*, 41 sessions, 41 logins [^\n]*\n$/);
      }),
  });
}

Deno.test({
  name: "serve says in its log file, too, why it does not start",
  ignore: !unix,
  fn: () =>
    withDirectory(async (directory) => {
      const log = join(directory, "log");
      const started = ServerUnderTest.start({
        logLevel: "info",
        writable: [log],
        flags: ["--log-file", log, "--anonymous", join(directory, "missing")],
      });
      await started.then((server) => server[Symbol.asyncDispose](), () => {});
      assertMatch(await Deno.readTextFile(log), / error {3}Ended: [^\n]*missing[^\n]*\n$/);
    }),
});

Deno.test({
  name: "LineFile on a full disk loses lines and nothing else, and reports them where there is room again",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withDirectory(async (directory) => {
      const path = join(directory, "log");
      await Deno.symlink("/dev/full", path);
      let lost = 0;
      await using file = await LineFile.open(path, { ...options, onLost: (lines) => lost += lines });
      for (let line = 0; line < 100; line++) file.lines.write(`line ${line}\n`);
      await file.lines.settle();
      await Deno.remove(path);
      await file.reopen();
      file.lines.write("room again\n");
      await file.lines.settle();
      assertEquals([lost, await Deno.readTextFile(path)], [100, "room again\n"]);
    }),
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
