import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { ReadyLine } from "../../lib/cli/fixture/fixture.ts";
import { runFixtureCommand as run } from "../helpers/fixture_command.ts";
import { Wire } from "../helpers/wire.ts";

Deno.test("fixture prints one line with all that a client needs", async () => {
  const { status } = await run(
    ["--user", "alice:secret", "--user", "bob", "--passive-ports", "21600-21609"],
    async (ready) => {
      assertEquals(ready.url, `ftp://127.0.0.1:${ready.port}`);
      assertEquals(ready.passivePorts, "21600-21609");
      assertEquals(ready.users.alice?.url, `ftp://alice:secret@127.0.0.1:${ready.port}`);
      assertEquals(ready.pid, Deno.pid);
      await using ftp = await Wire.connect(ready.port);
      await ftp.expectReply(220);
      await ftp.login("bob", ready.users.bob?.password ?? "");
      assertMatch((await ftp.expect("EPSV", 229)).text, /\|\|\|2160\d\|/);
    },
  );
  assertEquals(status, 0);
});

Deno.test("fixture writes its ready file and its journal, reads its seed and its faults", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = (name: string) => join(folder, name);
    await Deno.mkdir(path("seed/sub"), { recursive: true });
    await Deno.writeTextFile(path("seed/sub/a.txt"), "planted");
    await Deno.writeTextFile(path("faults.json"), `[{"verb":"NOOP","action":"reply","code":500,"text":"Broken"}]`);
    const files = ["--ready-file", path("ready.json"), "--journal", path("journal"), "--faults", path("faults.json")];
    await run(["--user", "demo:demo", "--seed", path("seed"), ...files], async (ready) => {
      assertEquals(JSON.parse(await Deno.readTextFile(path("ready.json"))), ready);
      await using ftp = await Wire.connect(ready.port);
      await ftp.expectReply(220);
      await ftp.login();
      await ftp.expect("NOOP", 500);
      assertEquals(await ftp.downloadText("RETR sub/a.txt"), "planted");
    });
    const journal = (await Deno.readTextFile(path("journal"))).trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(journal.map(({ seq }) => seq), journal.map((_, index) => index + 1));
    assertEquals(journal.some(({ type, bytes }) => type === "transfer" && bytes === 7), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("fixture --control answers over HTTP, and POST /stop ends it", async () => {
  const { status } = await run(["--control"], async (ready) => {
    const described = await (await fetch(`${ready.control}/`)).json();
    assertEquals(described, ready);
    const stopped = await fetch(`${ready.control}/stop`, { method: "POST" });
    assertEquals(await stopped.json(), { ok: true });
  }, { signal: new AbortController().signal });
  assertEquals(status, 0);
});

Deno.test("a request that waits for an entry does not hold the end of the fixture", async () => {
  const { status } = await run(["--control"], async (ready) => {
    const post = (path: string, body?: string) =>
      fetch(`${ready.control}${path}`, { method: "POST", ...(body !== undefined && { body }) });
    const waiting = post("/wait", JSON.stringify({ pattern: { type: "problem" }, timeout: 5_000 }));
    // They may overtake it on another connection, but not all of them one after the other.
    for (let round = 0; round < 20; round++) await (await post("/expect", '{"steps":[]}')).body?.cancel();
    await (await post("/stop")).body?.cancel();
    const answer = await waiting;
    assertEquals(answer.status, 408);
    assertStringIncludes((await answer.json()).error, "The fixture was stopped during the wait");
  });
  assertEquals(status, 0);
});

Deno.test("fixture --exit-on-stdin-close ends with standard input", async () => {
  const reads = [5, null];
  const stdin = { read: () => Promise.resolve(reads.shift() ?? null) };
  const never = new AbortController().signal;
  const { status } = await run(["--exit-on-stdin-close"], undefined, { stdin, signal: never });
  assertEquals(status, 0);
});

Deno.test("fixture --options takes JSON from a file or a line of standard input, and flags come first", async () => {
  const options = {
    users: { alice: { password: "secret", permissions: "ro" } },
    files: { "/a": "text", "/b": { base64: "AP8=" } },
    server: { banner: "hello" },
    host: "127.0.0.9",
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(options)}\n`);
  const { promise: ended, resolve: end } = Promise.withResolvers<null>();
  let sent = 0;
  // Three bytes at a time, and then nothing until the fixture is through with its test.
  const stdin = {
    read(buffer: Uint8Array): Promise<number | null> {
      const piece = bytes.subarray(sent, sent += 3);
      buffer.set(piece);
      return piece.length > 0 ? Promise.resolve(piece.length) : ended;
    },
  };
  const act = async ({ port, host }: ReadyLine) => {
    assertEquals(host, "127.0.0.1");
    await using ftp = await Wire.connect(port);
    assertStringIncludes((await ftp.expectReply(220)).text, "hello");
    await ftp.login("alice", "secret");
    assertEquals(await ftp.downloadText("RETR a"), "text");
    await ftp.expect("SIZE b", 213);
    await ftp.expect("MKD c", 550);
  };
  const flags = ["--host", "127.0.0.1", "--exit-on-stdin-close"];
  assertEquals((await run(["--options", "-", ...flags], act, { stdin })).status, 0);
  end(null);
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    assertEquals((await run(["--options", path, "--host", "127.0.0.1"], act)).status, 0);
    await Deno.writeTextFile(path, '{"files":{"/b":{"base64":"?"}}}');
    const { status, stderr } = await run(["--options", path]);
    assertEquals(status, 2);
    assertStringIncludes(stderr, `File "${path}" of "--options": Option "files": The content of "/b" is not`);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("fixture --deterministic=N writes the same journal and transcript in every run with this N", async () => {
  const folder = await Deno.makeTempDir();
  const golden = async (seed: string) => {
    const [journal, transcript] = [join(folder, "journal"), join(folder, "transcript")];
    const flags = ["--user", "demo:demo", `--deterministic=${seed}`, "--journal", journal, "--transcript", transcript];
    await run([...flags, "--options", join(folder, "options")], async ({ port }) => {
      await using ftp = await Wire.connect(port);
      await ftp.expectReply(220);
      await ftp.login();
      await ftp.downloadText("RETR a");
      await ftp.upload("STOU", "new");
      await ftp.expect("MDTM a", 213);
    });
    return await Deno.readTextFile(journal) + await Deno.readTextFile(transcript);
  };
  try {
    await Deno.writeTextFile(join(folder, "options"), '{"files":{"/a":"text"}}');
    const first = await golden("7");
    assertEquals(await golden("7"), first);
    assertStringIncludes(first, "\nC: RETR a\nS: 150 ");
    assertEquals(first === await golden("8"), false);
    assertStringIncludes((await run(["--deterministic=x"])).stderr, 'Flag "--deterministic" must be a whole number');
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("fixture --tls writes the authority's certificate and takes it away again", async () => {
  let caFile = "";
  await run(["--tls", "--implicit-tls"], async (ready) => {
    caFile = ready.caFile ?? "";
    assertEquals(await Deno.readTextFile(caFile), ready.ca);
    const tls = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: ready.implicitTlsPort ?? 0,
      caCerts: [ready.ca ?? ""],
    });
    const buffer = new Uint8Array(100);
    assertStringIncludes(new TextDecoder().decode(buffer.subarray(0, await tls.read(buffer) ?? 0)), "220 ");
    tls.close();
  });
  assertEquals(await Deno.stat(caFile).catch((error) => error instanceof Deno.errors.NotFound), true);
});

for (
  const [title, args, message] of [
    ["an unknown flag", ["--seeds", "x"], 'Unknown flag "--seeds": did you mean "--seed"? See denoftpd help fixture'],
    ["an argument", ["x"], 'Unexpected argument "x"'],
    ["a port that is none", ["--port", "65536"], 'Flag "--port" must be a whole number from 0 to 65535, not "65536"'],
    ["a host that is none", ["--host", "nowhere"], 'Flag "--host" must be an IP address such as 127.0.0.1'],
    ["a user without a name", ["--user", ":x"], 'Flag "--user" must be NAME or NAME:PASSWORD, not ":x"'],
    ["a user that cannot be", ["--user", "ftp:x"], 'Not a valid account name for a fixture: "ftp"'],
    ["a personality", ["--personality", "vms"], 'Flag "--personality" must be unix, windows, vsftpd, '],
    ["a seed that is not there", ["--seed", "/nowhere/at/all"], 'Cannot read the seed "/nowhere/at/all"'],
    ["a seed that is no archive", ["--seed", "deno.json"], 'Not a directory and not a tar or zip archive: "deno.json"'],
    ["a directory that is none", ["--dir", "deno.json"], 'Flag "--dir" must name a directory, not "deno.json"'],
    ["two sources of files", ["--dir", ".", "--seed", "."], 'Flags "--seed" and "--dir" cannot be combined'],
    ["faults that are none", ["--faults", "deno.json"], 'File "deno.json" of "--faults": Fault rule 1: Field "action"'],
    [
      "ports that go down",
      ["--passive-ports", "9-1"],
      'Flag "--passive-ports" must be an ascending range within 1 to 65535, not "9-1"',
    ],
    ["half an endpoint", ["--control-address", "8080"], 'Flag "--control-address" must be HOST:PORT, not "8080"'],
    ["a passive address that is none", ["--passive-address", "x"], 'Passive host is not an IPv4 address: "x"'],
    ["a flag twice", ["--port", "1", "--port", "2"], 'Flag "--port" was given twice'],
    ["a journal in no folder", ["--journal", "/nowhere/at/all"], 'File "/nowhere/at/all" of "--journal"'],
  ] as const
) {
  Deno.test(`fixture refuses ${title}`, async () => {
    const { status, stderr } = await run(args);
    assertEquals(stderr.startsWith(`denoftpd: ${message}`), true, stderr);
    assertEquals(stderr.indexOf("\n"), stderr.length - 1);
    assertEquals(status, 2);
  });
}

Deno.test("fixture ends with 1 when its port is taken, with and without relays", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  for (const args of [[], ["--control"]]) {
    const { status, stderr } = await run(["--port", String(taken.addr.port), ...args]);
    assertEquals(status, 1);
    assertMatch(stderr, /^denoftpd: Cannot listen: .+\n$/);
  }
});
