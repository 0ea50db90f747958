import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { LOGIN, type Peer, ScriptedServer, type Step } from "../client/helpers.ts";
import { agentTest, runCommand, treeOf } from "./helpers.ts";

/** Writes files: path to content; a path that ends with a slash is an empty directory. */
async function plant(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path);
    await Deno.mkdir(path.endsWith("/") ? target : join(target, ".."), { recursive: true });
    if (!path.endsWith("/")) await Deno.writeTextFile(target, content);
  }
}

const summaryOf = (events: readonly Record<string, unknown>[]) => {
  const { transferred, skipped, deleted, failed } = events.at(-1) ?? {};
  return [transferred, skipped, deleted, failed];
};
const texts = (files: MemoryVfs, ...paths: string[]) => paths.map((path) => new TextDecoder().decode(files.read(path)));

agentTest(
  "mirror makes the target like the source, both ways, and moves nothing the second time",
  {},
  async (grounds) => {
    const { run, url, local } = grounds;
    const files = { "a": "1", "d/b": "22", "d/e/c": "333", "empty/": "", "d/hollow/": "", " sp ace": "x", "ünï→": "y" };
    const source = join(local, "source");
    await plant(source, files);
    const up = await run(["mirror", source, `${url}site`, "--json"]);
    assertEquals([up.status, summaryOf(up.events)], [0, [5, 0, 0, 0]]);
    const again = await run(["mirror", source, `${url}site`, "--json"]);
    assertEquals([again.status, summaryOf(again.events), again.events.at(-1)?.bytes], [0, [0, 5, 0, 0], 0]);
    const target = join(local, "target");
    const down = await run(["mirror", `${url}site`, target, "--json"]);
    assertEquals([down.status, summaryOf(down.events)], [0, [5, 0, 0, 0]]);
    assertEquals(await treeOf(target), await treeOf(source));
    assertEquals(summaryOf((await run(["mirror", `${url}site/`, target, "--json"])).events), [0, 5, 0, 0]);
    await Deno.writeTextFile(join(source, "a"), "longer");
    const newer = Date.now() / 1000 + 100;
    await Deno.writeTextFile(join(source, "d/b"), "33");
    await Deno.utime(join(source, "d/b"), newer, newer);
    const changed = await run(["mirror", source, `${url}site`, "--json"]);
    assertEquals(summaryOf(changed.events), [2, 3, 0, 0]);
    assertEquals(texts(grounds.files, "/site/a", "/site/d/b"), ["longer", "33"]);
  },
);

agentTest("mirror --dry-run says what would be done and why, and does nothing", {
  files: { "/t/old": "x", "/t/same": "s" },
}, async ({ run, url, local, files }) => {
  await plant(local, { new: "1", "d/x": "2" });
  const { stdout, status, events } = await run(["mirror", local, `${url}t`, "--delete", "--dry-run"]);
  assertEquals([status, events], [0, []]);
  for (const line of ["would put new: not there", "would mkdir d: not there", "would delete old: the source does"]) {
    assertStringIncludes(stdout, line);
  }
  assertEquals(texts(files, "/t/old"), ["x"]);
});

agentTest("mirror removes only with --delete, and not more than --max-delete", {
  files: { "/t/keep": "k", "/t/a": "1", "/t/d/b": "2", "/t/d/e/c": "3" },
}, async ({ run, url, local }) => {
  await plant(local, { keep: "k" });
  assertEquals(summaryOf((await run(["mirror", local, `${url}t`, "--json"])).events)[2], 0);
  const refused = await run(["mirror", local, `${url}t`, "--delete", "--max-delete", "4"]);
  assertEquals(refused.status, 1);
  assertStringIncludes(refused.stderr, "5 files and directories would be removed");
  assertEquals((await run(["find", `${url}t`])).stdout.split("\n").length - 1, 6);
  const done = await run(["mirror", local, `${url}t`, "--delete", "--max-delete", "5", "--json"]);
  assertEquals([done.status, summaryOf(done.events)], [0, [0, 1, 5, 0]]);
  assertEquals((await run(["find", `${url}t`])).stdout, "t/keep\n");
  await plant(local, { "extra/deep/x": "1" });
  const here = await run(["mirror", `${url}t`, local, "--delete", "--json"]);
  assertEquals([here.status, summaryOf(here.events)[2]], [0, 3]);
  assertEquals(await treeOf(local), { keep: "k" });
});

agentTest("mirror leaves out what filters hide, and does not remove it either", {
  files: { "/t/x.tmp": "hidden", "/t/gone.txt": "1" },
}, async ({ run, url, local, files }) => {
  await plant(local, { "a.txt": "1", "b.tmp": "2", ".git/config": "3", "d/c.txt": "4", "big.txt": "0123456789" });
  const filters = ["--exclude", "*.tmp", "--exclude", ".git", "--max-size", "5"];
  const { status, events } = await run(["mirror", local, `${url}t`, "--delete", "--json", ...filters]);
  assertEquals([status, summaryOf(events)], [0, [2, 1, 1, 0]]);
  assertEquals((await run(["find", `${url}t`])).stdout, "t/a.txt\nt/d/\nt/d/c.txt\nt/x.tmp\n");
  assertEquals(texts(files, "/t/x.tmp"), ["hidden"]);
  const only = await run(["mirror", local, `${url}u`, "--include", "d/*.txt", "--json"]);
  assertEquals(summaryOf(only.events)[0], 1);
  const old = await run(["mirror", local, `${url}v`, "--newer", "2099-01-01", "--json"]);
  assertEquals(summaryOf(old.events).slice(0, 2), [0, 5]);
});

agentTest("mirror --exclude-from reads a file in the form of .gitignore, and does not remove what it hides", {
  files: { "/t/x.tmp": "hidden", "/t/build/old": "hidden", "/t/gone": "1" },
}, async ({ run, url, local, files }) => {
  const source = join(local, "site");
  await plant(source, { "a.tmp": "1", "kept.tmp": "2", "build/x": "3", "sub/build/y": "4", "sub/b.tmp": "5" });
  const list = join(local, "list");
  await Deno.writeTextFile(list, "# what is made anew\n*.tmp\n!kept.tmp\n/build/\n");
  const args = ["mirror", source, `${url}t`, "--delete", "--json", "--exclude-from", list];
  const { status, events } = await run(args);
  assertEquals([status, summaryOf(events)], [0, [2, 0, 1, 0]]);
  const found = (await run(["find", `${url}t`])).stdout;
  assertEquals(found, "t/build/\nt/build/old\nt/kept.tmp\nt/sub/\nt/sub/build/\nt/sub/build/y\nt/x.tmp\n");
  assertEquals(texts(files, "/t/x.tmp"), ["hidden"]);
  const missing = await run(["mirror", source, url, "--exclude-from", join(local, "none")]);
  assertEquals([missing.status, missing.stderr.split("\n").length], [2, 2]);
});

Deno.test("mirror --verify takes XCRC where the server has nothing better, and notices what differs", async () => {
  const features: Step = [/^FEAT$/, "211-Features:", " XCRC", " SIZE", "211 End"];
  const served = async ({ data }: Peer) => {
    const connection = await data.accept();
    await connection.write(new TextEncoder().encode("123456789"));
    connection.close();
  };
  // The CRC32 of these digits is in every list of checks.
  for (const [reply, expected] of [["CBF43926", 0], ["0BF43926", 33]] as const) {
    const steps: Step[] = LOGIN.map((step) => step[0].source === "^FEAT$" ? features : step);
    const transfer: Step[] = [
      [/^EPSV$/, ({ offerData }) => offerData()],
      [/^RETR f$/, "150 Here", served, "226 Done"],
      [/^XCRC f$/, `250 ${reply}`],
    ];
    await using server = new ScriptedServer("220 Ready", [...steps, ...transfer]);
    const folder = await Deno.makeTempDir();
    try {
      const url = `ftp://u:p@127.0.0.1:${server.port}/f`;
      const args = ["get", url, "-o", join(folder, "f"), "--verify", "--json", "--tls", "off", "--retry", "0"];
      const { status, events } = await runCommand(args, { home: folder });
      assertEquals(status, expected);
      if (status === 0) assertEquals(events.find(({ event }) => event === "transferred")?.verified, "crc32");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

agentTest(
  "mirror --verify compares by digest, also what it has transferred",
  { files: { "/t/f": "abc" } },
  async (grounds) => {
    const { run, url, local, files } = grounds;
    await plant(local, { f: "xyz" });
    await Deno.utime(join(local, "f"), 1, 1);
    assertEquals(summaryOf((await run(["mirror", local, `${url}t`, "--json"])).events), [0, 1, 0, 0]);
    const { events, status } = await run(["mirror", local, `${url}t`, "--verify", "--json"]);
    assertEquals([status, summaryOf(events)], [0, [1, 0, 0, 0]]);
    assertEquals(events.find(({ event }) => event === "transferred")?.verified, "sha256");
    assertEquals(texts(files, "/t/f"), ["xyz"]);
    assertEquals(summaryOf((await run(["mirror", local, `${url}t`, "--verify", "--json"])).events), [0, 1, 0, 0]);
  },
);

agentTest(
  "mirror writes through no local link, and follows none",
  { files: { "/t/d/f": "1", "/t/g": "2" } },
  async (grounds) => {
    const { run, url, local } = grounds;
    const [target, outside] = [join(local, "target"), join(local, "outside")];
    await plant(local, { "target/": "", "outside/g": "precious" });
    await Deno.symlink(outside, join(target, "d"));
    await Deno.symlink(join(outside, "g"), join(target, "g"));
    const { status, events } = await run(["mirror", `${url}t`, target, "--json"]);
    assertEquals([status, summaryOf(events)], [1, [0, 0, 0, 2]]);
    assertEquals(await treeOf(outside), { g: "precious" });
    const up = await run(["mirror", target, `${url}u`, "--json"]);
    assertEquals(summaryOf(up.events), [0, 2, 0, 0]);
    assertEquals((await run(["find", `${url}u`])).stdout, "");
  },
);

/** A server whose only directory lists `lines`. */
function listing(...lines: string[]): readonly Step[] {
  return [
    [/^USER /, "331 Password"],
    [/^PASS /, "230 In"],
    [/^FEAT$/, "211-Features:", " MLST type*;size*;modify*;", "211 End"],
    [/^TYPE I$/, "200 Binary"],
    [/^EPSV$/, ({ offerData }) => offerData()],
    [/^MLSD/, "150 Here", async ({ data }) => {
      const connection = await data.accept();
      await connection.write(new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join("")));
      connection.close();
    }, "226 Done"],
    [/^QUIT$/, "221 Bye"],
  ];
}

const HOSTILE = [
  "../outside",
  "/etc/passwd",
  "..",
  "a/b",
  "..\\..\\x/y",
];

for (const [command, args] of [["mirror", ["--delete"]], ["get", ["-r"]]] as const) {
  Deno.test(`${command} never leaves the target directory, whatever names the server lists`, async () => {
    const names = HOSTILE.map((name) => `type=file;size=4;modify=20200101000000; ${name}`);
    await using server = new ScriptedServer("220 Ready", listing(...names));
    const folder = await Deno.makeTempDir();
    try {
      const target = join(folder, "below", "target");
      await plant(target, { mine: "kept" });
      const url = `ftp://u:p@127.0.0.1:${server.port}/`;
      const last = command === "mirror" ? [target] : ["-o", target];
      const { status, events } = await runCommand(
        [command, ...args, url, ...last, "--tls", "off", "--json", "--retry", "0"],
        { home: join(folder, "home") },
      );
      assertEquals([status, summaryOf(events)], [1, [0, 0, 0, HOSTILE.length]]);
      // Nothing is removed either: the listing is not whole.
      assertEquals(await treeOf(folder), { "below/": "", "below/target/": "", "below/target/mine": "kept" });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("names with escape sequences reach no terminal", async () => {
  const name = "\x1b]0;owned\x07\u202egpj.exe";
  await using server = new ScriptedServer("220 Ready", listing(`type=file;size=4;modify=20200101000000; ${name}`));
  const home = await Deno.makeTempDir();
  try {
    const { stdout, status } = await runCommand(["ls", `ftp://127.0.0.1:${server.port}/`, "--tls", "off"], { home });
    assertEquals(status, 0);
    assertStringIncludes(stdout, "\\x1b]0;owned\\x07\\u202egpj.exe");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

agentTest(
  "a mirror of 300 files goes up and down, and nothing moves the second time",
  {},
  async ({ run, url, local }) => {
    const source = join(local, "source");
    for (let directory = 0; directory < 20; directory++) {
      await Deno.mkdir(join(source, `d${directory}`), { recursive: true });
      for (let file = 0; file < 15; file++) {
        await Deno.writeTextFile(join(source, `d${directory}`, `f${file}`), `${directory}-${file}`);
      }
    }
    const quick = ["--json", "--parallel", "8"];
    assertEquals(summaryOf((await run(["mirror", source, `${url}t`, ...quick])).events), [300, 0, 0, 0]);
    assertEquals(summaryOf((await run(["mirror", source, `${url}t`, ...quick])).events), [0, 300, 0, 0]);
    const target = join(local, "target");
    assertEquals(summaryOf((await run(["mirror", `${url}t`, target, ...quick])).events), [300, 0, 0, 0]);
    assertEquals(summaryOf((await run(["mirror", `${url}t`, target, ...quick])).events), [0, 300, 0, 0]);
    assertEquals(await treeOf(target), await treeOf(source));
  },
);

agentTest(
  "mirror --watch goes on with what changes, until it is interrupted",
  {},
  async ({ run, url, local, server, files }) => {
    await Deno.writeTextFile(join(local, "first"), "1");
    const abort = new AbortController();
    const uploaded = (path: string): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.events.on((event) => {
        if (event.type === "transfer" && event.path === path && event.complete) resolve();
      }, ["transfer"]);
      return promise;
    };
    const [first, second, changed] = [uploaded("/site/first"), uploaded("/site/second"), uploaded("/site/dir/deep")];
    const running = run(["mirror", "--watch", local, `${url}site`], { signal: abort.signal });
    await first;
    await Deno.writeTextFile(join(local, "second"), "2");
    await second;
    await Deno.mkdir(join(local, "dir"));
    await Deno.writeTextFile(join(local, "dir", "deep"), "3");
    await changed;
    abort.abort();
    const { status } = await running;
    assertEquals(status, 130);
    assertEquals(texts(files, "/site/dir/deep"), ["3"]);
  },
);

agentTest("mirror --watch wants a local source", {}, async ({ run, url, local }) => {
  const { status, stderr } = await run(["mirror", "--watch", `${url}site`, local]);
  assertEquals(status, 2);
  assertEquals(stderr, 'denoftpd: Flag "--watch" needs a local SOURCE: a server does not say what changes\n');
});
