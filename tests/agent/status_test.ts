import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { explain } from "../../lib/agent/explain.ts";
import { EXIT } from "../../lib/agent/exit_status.ts";
import { ClientError } from "../../lib/client/errors.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { LOGIN, ScriptedServer, type Step } from "../client/helpers.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { agentTest, runCommand } from "./helpers.ts";

// The numbers of design and of docs/user-agent.md: scripts depend on them.

Deno.test("exit statuses are those that were promised", () => {
  assertEquals(EXIT, {
    done: 0,
    someFailed: 1,
    wrongUse: 2,
    unknownHost: 6,
    refused: 7,
    localWriteFailed: 23,
    uploadRefused: 25,
    timeout: 28,
    unverified: 33,
    untrusted: 60,
    remoteDiskFull: 70,
    loginDenied: 67,
    remoteMissing: 78,
    interrupted: 130,
  });
});

const FILES = { "/a": "aaa", "/b": "bbb" };
const QUICK = ["--retry", "0"];

agentTest("0: done, 1: some failed and the rest is done", { files: FILES }, async ({ run, url, local }) => {
  const output = ["-o", `${local}/`];
  assertEquals((await run(["get", `${url}a`, `${url}b`, ...output])).status, 0);
  const some = await run(["get", `${url}a`, `${url}none`, `${url}b`, "--json", ...output]);
  assertEquals(some.status, 1);
  assertEquals(some.events.at(-1), {
    ...{ event: "summary", transferred: 2, skipped: 0, deleted: 0, failed: 1, bytes: 6 },
  });
  const failed = some.events.find(({ event }) => event === "failed");
  assertEquals([failed?.path, failed?.status], ["none", 78]);
});

agentTest("2: wrong use, in one line that names what is wrong", { files: FILES }, async ({ run, url, local }) => {
  const cases: readonly (readonly [string[], string])[] = [
    [["get"], "URL"],
    [["get", "http://h/x"], "http://h/x"],
    [["get", `${url}a`, "--unknown"], "--unknown"],
    [["get", `${url}a`, "--parallel", "0"], "--parallel"],
    [["get", `${url}a`, "--tls", "maybe"], "--tls"],
    [["get", `${url}a`, "--limit-rate", "0"], "--limit-rate"],
    [["get", `${url}a`, `${url}b`, "-o", join(local, "file")], "--output"],
    [["get", `${url}dir/`], "--recursive"],
    [["put", join(local, "none"), url], join(local, "none")],
    [["put", local, url], "--recursive"],
    [["put", "x", "y"], "URL"],
    [["mirror", "x", "y"], "URL"],
    [["mirror", local, url, "--max-delete", "3"], "--delete"],
    [["chmod", "rwx", `${url}a`], "rwx"],
    [["find", url, "--newer", "soon"], "--newer"],
    [["get", `${url}a`, "--active", "--proxy", "socks5://127.0.0.1:1"], "--active"],
    [["get", `${url}a`, "--charset", "utf-16"], "utf-16"],
  ];
  for (const [args, named] of cases) {
    const { status, stderr } = await run(args);
    assertEquals([status, stderr.split("\n").length], [2, 2], `${args.join(" ")}: ${stderr}`);
    assertStringIncludes(stderr, named);
  }
});

agentTest("6: no address for the name", {}, async ({ run }) => {
  assertEquals((await run(["ls", "ftp://no-such-host.invalid/"])).status, 6);
});

agentTest("7: the connection is refused", {}, async ({ run }) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { status, stderr } = await run(["ls", `ftp://127.0.0.1:${port}/`]);
  assertEquals(status, 7);
  assertStringIncludes(stderr, "is a server running there?");
});

agentTest("23: a local file cannot be written", { files: FILES }, async ({ run, url, local }) => {
  await Deno.writeTextFile(join(local, "file"), "old");
  const { status } = await run(["get", `${url}a`, "-o", join(local, "file", "below"), ...QUICK]);
  assertEquals([status, await Deno.readTextFile(join(local, "file"))], [23, "old"]);
});

agentTest("25: an upload is refused", {
  server: {
    authenticator: authenticatorOf({
      name: "demo",
      rules: [{ path: "/", ...parseAccess("ro") }],
    }),
  },
}, async ({ run, url, local }) => {
  await Deno.writeTextFile(join(local, "f"), "x");
  assertEquals((await run(["put", join(local, "f"), url])).status, 25);
  assertEquals((await run(["mkdir", `${url}d`])).status, 25);
});

agentTest("28: no answer in time", {}, async ({ run }) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const { status } = await run(["ls", `ftp://127.0.0.1:${listener.addr.port}/`, "--timeout", "1", ...QUICK]);
  (await accepting).close();
  listener.close();
  assertEquals(status, 28);
});

agentTest("67: the login is denied, and the password is in no message", { files: FILES }, async ({ run, server }) => {
  const url = `ftp://demo:wrongsecret@127.0.0.1:${server.address.port}/a`;
  const { status, stderr, stdout } = await run(["cat", url, "--verbose"]);
  assertEquals(status, 67);
  assertEquals((stderr + stdout).includes("wrongsecret"), false, stderr);
});

agentTest("70: the disk of the server is full, and the job stops", {
  server: { fileSystem: full() },
}, async ({ run, url, local }) => {
  for (let file = 0; file < 20; file++) await Deno.writeFile(join(local, `f${file}`), new Uint8Array(5_000));
  const { status, stdout } = await run(["mirror", local, url, "--json"]);
  assertEquals(status, 70);
  const summary = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  assertEquals([summary.event, summary.transferred < 5], ["summary", true]);
});

function full() {
  const files = new MemoryVfs({ capacity: 10_000 });
  return () => files;
}

agentTest("78: no such remote file or directory", { files: FILES }, async ({ run, url, local }) => {
  for (const args of [["cat", `${url}none`], ["ls", `${url}none/`], ["rm", `${url}none`], ["get", `${url}*.none`]]) {
    assertEquals((await run(args)).status, 78, args.join(" "));
  }
  assertEquals((await run(["mirror", `${url}none/`, local])).status, 78);
  assertEquals((await run(["mv", `${url}none`, "x"])).status, 78);
});

agentTest(
  "130: interrupted, and what was there is as it was",
  { files: { "/big": new Uint8Array(3_000_000) } },
  async (g) => {
    const abort = new AbortController();
    await Deno.writeTextFile(join(g.local, "big"), "old");
    const running = g.run(["get", `${g.url}big`, "-o", `${g.local}/`, "--limit-rate", "100K"], {
      signal: abort.signal,
    });
    while (!g.events.some(({ type }) => type === "transferStarted")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    abort.abort();
    const { status } = await running;
    assertEquals([status, await Deno.readTextFile(join(g.local, "big"))], [130, "old"]);
  },
);

const CONTENT = new TextEncoder().encode("content");
const HASHING: readonly Step[] = [
  [/^USER /, "331 Password"],
  [/^PASS /, "230 In"],
  [/^FEAT$/, "211-Features:", " HASH SHA-256*", " MLST type*;size*;modify*;", "211 End"],
  [/^TYPE I$/, "200 Binary"],
  [/^EPSV$/, ({ offerData }) => offerData()],
  [/^RETR f$/, "150 Here", async ({ data }) => {
    const connection = await data.accept();
    await connection.write(CONTENT);
    connection.close();
  }, "226 Done"],
  [/^HASH f$/, `213 SHA-256 0-6 ${"0".repeat(64)} f`],
];

Deno.test("33: the two differ after the transfer", async () => {
  await using server = new ScriptedServer("220 Ready", HASHING);
  const folder = await Deno.makeTempDir();
  try {
    const url = `ftp://u:p@127.0.0.1:${server.port}/f`;
    const args = ["get", url, "-o", join(folder, "f"), "--verify", "--tls", "off", ...QUICK];
    const { status, stderr } = await runCommand(args, { home: folder });
    assertEquals(status, 33, stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("7: the server greets with 421, after the tries that were asked for", async () => {
  await using server = new ScriptedServer("421 Too busy", LOGIN);
  const folder = await Deno.makeTempDir();
  try {
    const { status } = await runCommand(["ls", `ftp://127.0.0.1:${server.port}/`, ...QUICK], { home: folder });
    assertEquals(status, 7);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a full disk here is explained, with what became of the files", () => {
  const full = explain(new ClientError("local", "No space left on device (os error 28)"));
  assertMatch(full, /^The disk here is full: .* --resume/);
});

agentTest("23: a directory that is not there is named", { files: FILES }, async ({ run, url, local }) => {
  const { status, stderr } = await run(["get", `${url}a`, "-o", join(local, "none", "a")]);
  assertEquals([status, stderr], [23, `denoftpd: a: The directory "${join(local, "none")}" is not there\n`]);
});

agentTest("23: a reader of the output that goes ends the command without a word", {
  files: { "/big": new Uint8Array(4_000_000) },
}, async ({ home, url }) => {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: [
      "-c",
      '("$0" run -A --no-check --unstable-net "$@"; echo "status $?" >&2) | head -c 5',
      Deno.execPath(),
      main,
    ]
      .concat(["cat", `${url}big`, "--tls", "off"]),
    env: { HOME: home, DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  assertEquals(stdout.length, 5);
  assertEquals(new TextDecoder().decode(stderr), "status 23\n");
});
