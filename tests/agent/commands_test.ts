import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { startFixture } from "../../lib/fixture/fixture.ts";
import { patternOf } from "../data/helpers.ts";
import { agentTest, read, treeOf } from "./helpers.ts";

agentTest("get names files as asked, and replaces them when all is there", {
  files: { "/d/a.csv": "1", "/d/b.csv": "2", "/d/c.txt": "3", "/d/[x]*?.csv": "odd" },
}, async ({ run, url, local }) => {
  assertEquals((await run(["get", `${url}d/a.csv`, "-o", join(local, "new")])).status, 0);
  assertEquals(await read(local, "new"), "1");
  assertEquals((await run(["get", `${url}d/b.csv`, "--output", join(local, "new")])).status, 0);
  assertEquals(await read(local, "new"), "2");
  assertEquals((await run(["get", `${url}d/?.csv`, `${url}d/c.txt`, "-o", join(local, "all/")])).status, 0);
  assertEquals(await treeOf(join(local, "all")), { "a.csv": "1", "b.csv": "2", "c.txt": "3" });
  assertEquals((await run(["get", `${url}d/[x]*?.csv`, "-o", join(local, "odd")])).status, 0);
  assertEquals(await read(local, "odd"), "odd");
  const { bytes, stdout } = await run(["get", `${url}d/a.csv`, `${url}d/c.txt`, "-o", "-"]);
  assertEquals([new TextDecoder().decode(bytes), stdout], ["13", ""]);
});

agentTest("get --resume goes on with its part, else with the target", {
  files: { "/f": patternOf(300_000), "/g": patternOf(300_000), "/h": patternOf(300_000) },
}, async ({ run, url, local, files }) => {
  await Deno.writeFile(join(local, ".f.denoftpd-part"), patternOf(200_000));
  await Deno.writeFile(join(local, "g"), patternOf(100_000));
  await Deno.writeFile(join(local, "h"), new Uint8Array(100_000).fill(7));
  const args = [`${url}f`, `${url}g`, `${url}h`, "-o", `${local}/`, "--resume", "--json"];
  const { status, events } = await run(["get", ...args]);
  assertEquals(status, 0);
  const resumed = new Map(
    events.filter(({ event }) => event === "transferred").map(({ path, resumedAt }) => [path, resumedAt]),
  );
  assertEquals(resumed, new Map<unknown, unknown>([["f", 200_000], ["g", 100_000], ["h", undefined]]));
  assertEquals(events.at(-1)?.bytes, 100_000 + 200_000 + 300_000);
  const notes = events.filter(({ event }) => event === "note");
  assertMatch(String(notes[0]?.message), /Starts anew/);
  for (const name of ["f", "g", "h"]) {
    assertEquals(await Deno.readFile(join(local, name)), files.read(`/${name}`));
  }
});

agentTest("put stores under a name or in a directory, resumes, and takes standard input", {
  files: { "/in/part": patternOf(100_000) },
}, async ({ run, url, local, files }) => {
  const text = (path: string) => new TextDecoder().decode(files.read(path));
  await Deno.writeTextFile(join(local, "one"), "1");
  await Deno.writeTextFile(join(local, "two"), "2");
  await Deno.writeFile(join(local, "part"), patternOf(150_000));
  assertEquals((await run(["put", join(local, "one"), `${url}in/renamed`])).status, 0);
  assertEquals((await run(["put", join(local, "one"), join(local, "two"), `${url}in`])).status, 0);
  assertEquals([text("/in/renamed"), text("/in/one"), text("/in/two")], ["1", "1", "2"]);
  const { status, events } = await run(["put", join(local, "part"), `${url}in/`, "--resume", "--json"]);
  assertEquals([status, events.find(({ event }) => event === "transferred")?.resumedAt], [0, 100_000]);
  assertEquals(files.read("/in/part"), patternOf(150_000));
  const piped = await run(["put", "-", `${url}in/piped`], { input: new TextEncoder().encode("from a pipe") });
  assertEquals([piped.status, text("/in/piped")], [0, "from a pipe"]);
  assertEquals((await run(["put", "-", `${url}in/`], { input: new Uint8Array(1) })).status, 2);
});

agentTest("put --times gives remote files the times of the local ones", {}, async ({ run, url, local }) => {
  await Deno.writeTextFile(join(local, "f"), "x");
  await Deno.utime(join(local, "f"), 1_500_000_000, 1_500_000_000);
  assertEquals((await run(["put", join(local, "f"), url, "--times"])).status, 0);
  const { events } = await run(["ls", url, "--json"]);
  assertEquals(events[0]?.modified, new Date(1_500_000_000_000).toISOString());
});

agentTest("ls shows directories, files and patterns, for people and for programs", {
  files: { "/d/b.txt": "22", "/d/a.txt": "1", "/d/sub/x": "" },
}, async ({ run, url }) => {
  const { events, status } = await run(["ls", `${url}d`, "--json"]);
  assertEquals(status, 0);
  assertEquals(events.map(({ name, type, size }) => [name, type, size]), [
    ["a.txt", "file", 1],
    ["b.txt", "file", 2],
    ["sub", "directory", undefined],
  ]);
  assertMatch(String(events[0]?.modified), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assertEquals((await run(["ls", `${url}d/b.txt`, "--json"])).events.map(({ name }) => name), ["b.txt"]);
  assertEquals((await run(["ls", `${url}d/*.txt`, "--json"])).events.map(({ name }) => name), ["a.txt", "b.txt"]);
  const { stdout } = await run(["ls", `${url}d`]);
  assertMatch(stdout, /^1 {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}a\.txt\n2 .*b\.txt\n- .*sub\/\n$/);
});

agentTest("rm, mv, mkdir and chmod change what they name", {
  files: { "/a": "1", "/b.tmp": "2", "/c.tmp": "3", "/d/x/y": "4", "/d/z": "5" },
}, async ({ run, url, files }) => {
  assertEquals((await run(["mkdir", `${url}n`])).status, 0);
  assertEquals((await run(["mkdir", `${url}n`])).status, 25);
  assertEquals((await run(["mkdir", "-p", `${url}n/o/p`])).status, 0);
  assertEquals((await run(["mv", `${url}a`, "n/o/"])).status, 0);
  assertEquals(new TextDecoder().decode(files.read("/n/o/a")), "1");
  assertEquals((await run(["rm", `${url}*.tmp`, "--dry-run"])).stdout.split("\n").length, 3);
  assertEquals((await run(["rm", `${url}*.tmp`])).status, 0);
  const kept = await run(["rm", `${url}*`, "--json"]);
  assertEquals(kept.events.at(-1)?.skipped, 2);
  assertEquals((await run(["rm", "-r", `${url}d`])).status, 0);
  assertEquals((await run(["ls", url, "--json"])).events.map(({ name }) => name), ["n"]);
  assertEquals((await run(["rm", "-r", url])).status, 2);
  assertEquals((await run(["chmod", "600", `${url}n/o/a`])).status, 0);
  assertEquals((await run(["ls", `${url}n/o/a`, "--json"])).events[0]?.mode, "0600");
});

agentTest("find and du look through directories", {
  files: { "/d/a.iso": "12345", "/d/e/b.iso": "123", "/d/e/c.txt": "1", "/z": "12" },
}, async ({ run, url }) => {
  assertEquals((await run(["find", url, "*.iso"])).stdout, "d/a.iso\nd/e/b.iso\n");
  assertEquals((await run(["find", `${url}d`, "e/*.iso"])).stdout, "d/e/b.iso\n");
  assertEquals((await run(["find", url, "--exclude", "e"])).stdout, "d/\nd/a.iso\nz\n");
  assertEquals((await run(["find", url, "--max-size", "2"])).stdout, "d/\nd/e/\nd/e/c.txt\nz\n");
  assertEquals((await run(["du", url, "--json"])).events, [{ path: "d", bytes: 9, files: 3 }, {
    ...{ path: "", bytes: 11, files: 4 },
  }]);
});

agentTest("a recursive get and put copy directories, empty ones included", {
  files: { "/d/a": "1", "/d/sub/b": "2" },
}, async ({ run, url, local }) => {
  assertEquals((await run(["mkdir", `${url}d/none`])).status, 0);
  assertEquals((await run(["get", "-r", `${url}d`, "-o", local])).status, 0);
  assertEquals(await treeOf(local), { "d/": "", "d/a": "1", "d/sub/": "", "d/sub/b": "2", "d/none/": "" });
  assertEquals((await run(["put", "-r", join(local, "d"), `${url}copy/`])).status, 0);
  assertEquals(
    (await run(["find", `${url}copy`])).stdout,
    "copy/d/\ncopy/d/a\ncopy/d/none/\ncopy/d/sub/\ncopy/d/sub/b\n",
  );
});

agentTest("nothing is printed with --quiet, and the events of cat are on stderr with --json", {
  files: { "/f": "content" },
}, async ({ run, url, local }) => {
  const { stdout, stderr } = await run(["get", `${url}f`, "-o", `${local}/`, "--quiet"]);
  assertEquals([stdout, stderr], ["", ""]);
  const printed = await run(["cat", `${url}f`, "--json"]);
  assertEquals(printed.stdout, "");
  const last = JSON.parse(printed.stderr.trim().split("\n").at(-1) ?? "");
  assertEquals(last, { event: "summary", transferred: 1, skipped: 0, deleted: 0, failed: 0, bytes: 7 });
});

agentTest("--help of every command has examples and exit statuses", {}, async ({ run }) => {
  const { AGENT_COMMANDS } = await import("../../lib/cli/agent/table.ts");
  for (const { name, summary } of AGENT_COMMANDS) {
    const { status, stdout } = await run([name, "--help"]);
    assertEquals(status, 0);
    for (const part of [summary, `denoftpd ${name} `, "Exit status:", "--tls"]) assertStringIncludes(stdout, part);
  }
});

agentTest("copy goes from one server to another, and within one", {
  files: { "/d/a": "1", "/d/sub/b": "22", "/d/big": patternOf(2_000_000) },
}, async ({ run, url, files, server }) => {
  assertEquals((await run(["copy", `${url}d/a`, `${url}renamed`])).status, 0);
  const { status, events } = await run(["copy", "-r", `${url}d`, `${url}e/f`, "--json"]);
  assertEquals([status, events.at(-1)?.transferred, events.at(-1)?.bytes], [0, 3, 2_000_003]);
  assertEquals((await run(["find", `${url}e`])).stdout, "e/f/\ne/f/a\ne/f/big\ne/f/sub/\ne/f/sub/b\n");
  assertEquals(files.read("/e/f/big"), patternOf(2_000_000));
  assertEquals((await run(["copy", `${url}none`, `${url}x`])).status, 78);
  const nowhere = `ftp://demo:wrong@127.0.0.1:${server.address.port}/`;
  assertEquals((await run(["copy", `${url}d/a`, nowhere])).status, 67);
});

const ALLOWED = { allowForeignDataPeer: true } as const;
const FXP = { files: { "/f": patternOf(3_000_000) }, tls: true, server: ALLOWED } as const;

agentTest("copy --fxp goes from server to server, and not through here", FXP, async ({ run, url }) => {
  await using other = await startFixture({ users: { demo: "demo" }, host: "127.0.0.2", tls: true, server: ALLOWED });
  const target = `ftp://demo:demo@127.0.0.2:${other.port}/`;
  const clear = ["--tls", "off", "--json"];
  const { status, events, stderr } = await run(["copy", "--fxp", `${url}f`, `${target}g`, ...clear]);
  assertEquals([status, stderr, events.at(-1)?.bytes], [0, "", 3_000_000]);
  assertEquals(await other.files.read("/g"), patternOf(3_000_000));
  const sent = other.journal.commands();
  assert(sent.some((line) => line.startsWith("PORT 127,0,0,1,")), sent.join("\n"));
  assert(!sent.some((line) => /^(?:EPSV|PASV)/.test(line)), sent.join("\n"));
  const missing = await run(["copy", "--fxp", `${url}none`, `${target}g`, ...clear]);
  assertEquals(missing.status, 78);
  assertEquals((await other.files.read("/g")).length, 3_000_000);
  const secure = await run(["copy", "--fxp", `${url}f`, `${target}h`, "--insecure"]);
  assertEquals(secure.status, 1);
  assertStringIncludes(secure.stderr, "only in clear");
  const proxied = await run(["copy", "--fxp", `${url}f`, `${target}h`, "--proxy", "socks5://127.0.0.1:1"]);
  assertEquals([proxied.status, proxied.stderr.split("\n").length], [2, 2]);
});

// The source refuses the connection of the target, or the target refuses to connect to the source.
for (const [what, isSource] of [["source", true], ["target", false]] as const) {
  agentTest(`copy --fxp says that the ${what} does not do it, and harms nothing`, {
    files: { "/f": "x" },
    server: { dataTimeout: 200 },
  }, async ({ run, url, files }) => {
    const far = { users: { demo: "demo" }, host: "127.0.0.2", files: { "/g": "old" } };
    await using other = await startFixture(far);
    const [near, farther] = [`${url}f`, `ftp://demo:demo@127.0.0.2:${other.port}/g`];
    const clear = ["--tls", "off", "--retry", "0"];
    const { status, stderr } = await run(["copy", "--fxp", ...isSource ? [near, farther] : [farther, near], ...clear]);
    assertEquals(status, 1);
    assertMatch(stderr, /cannot copy between each other \((?:PORT: 501|RETR: 425) .*\); without --fxp/);
    assertEquals([new TextDecoder().decode(files.read("/f")), await other.files.texts("/")], ["x", { "/g": "old" }]);
  });
}
