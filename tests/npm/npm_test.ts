/**
 * The npm package as its users have it: packed, installed into an empty folder, and used by the test runners of Node,
 * by Bun and by Deno. Ignored where there is no npm, except in CI.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { find, run, type RunOptions } from "../clients/process.ts";
import { blocksOf, handIn } from "../fixture/document.ts";
import { assertNothingIsLeft } from "../fixture/starts/starts.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const EXAMPLES = join(ROOT, "examples");
const ignore = Deno.env.get("CI") === undefined && await find("npm") === undefined;
/** Other people's packages take their time to arrive. */
const INSTALL_LIMIT_MS = 300_000;

/** A folder in which the package is installed with what the tests use, made once. */
class Project {
  readonly folder: string;
  readonly options: RunOptions;

  private constructor(folder: string) {
    this.folder = folder;
    this.options = { cwd: folder, inheritEnvironment: true };
  }

  static async create(): Promise<Project> {
    const project = new Project(await Deno.makeTempDir());
    const packed = { cwd: ROOT, inheritEnvironment: true, timeLimit: INSTALL_LIMIT_MS };
    await run(Deno.execPath(), ["task", "npm", "--output", project.folder], packed);
    await project.run("npm", "init", "-y");
    const packages = ["./denoftpd-0.1.0.tgz", "basic-ftp@6.0.1", "vitest@3.2.4", "jest@30.5.2", "bun@1.4.5"];
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    await run("npm", ["install", ...flags, ...packages], { ...project.options, timeLimit: INSTALL_LIMIT_MS });
    return project;
  }

  /** Copies an example into a folder below this one, where it finds the packages. */
  async copy(example: string): Promise<string> {
    const folder = join(this.folder, example);
    await Deno.mkdir(folder);
    for await (const { name } of Deno.readDir(join(EXAMPLES, example))) {
      await Deno.copyFile(join(EXAMPLES, example, name), join(folder, name));
    }
    return folder;
  }

  async write(name: string, text: string): Promise<string> {
    await Deno.writeTextFile(join(this.folder, name), text);
    return name;
  }

  async run(program: string, ...args: readonly string[]): Promise<string> {
    return (await run(program, args, this.options)).stdout;
  }

  /** What the module `text` writes on Node. */
  async node(text: string): Promise<string> {
    return await this.run("node", await this.write(`${crypto.randomUUID()}.mjs`, text));
  }
}

Deno.test({ name: "the npm package", ignore }, async (t) => {
  const project = await Project.create();
  try {
    for (const [name, act] of Object.entries(STEPS)) await t.step(name, () => act(project));
  } finally {
    await Deno.remove(project.folder, { recursive: true });
  }
});

const STEPS: Readonly<Record<string, (project: Project) => Promise<void>>> = {
  "runs a test of ten lines with Node's runner": async (project) => {
    const test = await project.write(
      "ten.test.mjs",
      `import assert from "node:assert";
import test from "node:test";
import { startFixture } from "denoftpd";
test("stores the report", async () => {
  const server = await startFixture({ users: { alice: "secret" } });
  await fetch(server.control + "/files/report.txt", { method: "PUT", body: "all well" });
  assert.deepEqual(await server.files.texts(), { "/report.txt": "all well" });
  await server.stop();
});
`,
    );
    assertMatch(await project.run("node", "--test", "--test-reporter=tap", test), /^# pass 1$/m);
  },

  "runs the example of Node": async (project) => {
    const folder = await project.copy("node");
    const { stdout } = await run("node", ["--test", "--test-reporter=tap"], { ...project.options, cwd: folder });
    assertMatch(stdout, /^# pass 3$/m);
  },

  "runs what docs/fixture.md shows for Node and Vitest": async (project) => {
    // There is no container to run that of Testcontainers with: `tests/cli/image_test.ts` reads its command.
    const runnable = blocksOf("js").filter((block) => !block.includes("GenericContainer"));
    const [test = "", setup = "", ...more] = runnable;
    assertEquals(more, []);
    const script = await project.write("document.test.mjs", `${handIn("url", "basic-ftp")}\n${test}`);
    assertMatch(await project.run("node", "--test", "--test-reporter=tap", script), /^# pass 1$/m);
    const folder = await project.copy("vitest");
    const [, configuration = ""] = /^\/\/ vitest\.config\.js: (.*)$/m.exec(setup) ?? [];
    await Deno.writeTextFile(join(folder, "ftp_server.js"), setup);
    await Deno.writeTextFile(join(folder, "vitest.config.js"), configuration);
    await Deno.writeTextFile(
      join(folder, "upload.test.js"),
      `import { connectFixture } from "denoftpd";
import { expect, inject, test } from "vitest";
test("is there", async () => expect(await (await connectFixture(inject("ftp"))).files.list()).toEqual([]));
`,
    );
    const { stdout } = await run("npx", ["vitest", "run"], { ...project.options, cwd: folder });
    assertMatch(stdout, /Tests +1 passed/);
    await Deno.remove(folder, { recursive: true });
  },

  "runs the example of Vitest": async (project) => {
    const folder = await project.copy("vitest");
    const { stdout } = await run("npx", ["vitest", "run"], { ...project.options, cwd: folder });
    assertMatch(stdout, /Tests +1 passed/);
  },

  "runs the example of Jest": async (project) => {
    const folder = await project.copy("jest");
    const { stderr } = await run("npx", ["jest"], { ...project.options, cwd: folder });
    assertMatch(stderr, /Tests: +1 passed/);
  },

  "is all of the fixture for Node, Bun and Deno": async (project) => {
    const script = await project.write("all.mjs", ALL);
    // Its installation script, which puts it elsewhere, has not been run.
    const bun = join(project.folder, "node_modules", "@oven", `bun-linux-${BUN_ARCH}`, "bin", "bun");
    // As behind the proxy of a company, which has no business with it.
    const proxy = { http_proxy: NOWHERE, HTTP_PROXY: NOWHERE, no_proxy: "", NO_PROXY: "" };
    for (const runtime of [["node"], [bun], [Deno.execPath(), "run", "--allow-all"]]) {
      const [program = "", ...words] = runtime;
      const { stdout } = await run(program, [...words, script], { ...project.options, environment: proxy });
      assertEquals(stdout, "ok\n");
    }
  },

  "has types for ES modules and CommonJS": async (project) => {
    const types = await project.write("types.mts", TYPES);
    await project.run(Deno.execPath(), "check", types);
    const wrong = await project.write("wrong.mts", TYPES.replace('alice: "secret"', 'alise: "secret"'));
    const { code, stderr } = await run(Deno.execPath(), ["check", wrong], { ...project.options, allowFailure: true });
    assertEquals(code, 1);
    assertStringIncludes(stderr, "alice");
    const required = await project.write("types.cts", 'import { startFixture } from "denoftpd";\nvoid startFixture;\n');
    await project.run(Deno.execPath(), "check", required);
  },

  "says what is wrong with an option": async (project) => {
    const text = await project.node(`
import { startFixture } from "denoftpd";
await startFixture({ userz: {} }).catch((error) => console.log(error.message));`);
    assertStringIncludes(text, 'Option "userz" is unknown: did you mean "users"?');
  },

  "says in the running test that the fixture has died, and stops all the same": async (project) => {
    const script = await project.write(
      "died.mjs",
      `import { startFixture } from "denoftpd";
const server = await startFixture();
const waiting = server.waitFor({ type: "login" }).catch((error) => error.message);
process.kill(server.pid, "SIGKILL");
console.log(await waiting);
console.log(await server.files.list().catch((error) => error.message));
await server.stop();
console.log("stopped");
`,
    );
    const { stdout, stderr } = await run("node", [script], project.options);
    const [waiting, listing, stopped] = stdout.split("\n");
    assertMatch(waiting ?? "", /^The fixture at ftp:\/\/127\.0\.0\.1:\d+ has ended by itself, by SIGKILL$/);
    assertEquals(listing, waiting);
    assertEquals(stopped, "stopped");
    assertStringIncludes(stderr, `denoftpd: ${waiting}\n`);
  },

  "ends with a program that forgets to stop it": async (project) => {
    const pid = await project.node(`
import { startFixture } from "denoftpd";
const { pid } = await startFixture();
console.log(pid);`);
    // It ends when its standard input does, which is soon after, and there is nothing to wait for but that.
    while (await isThere(Number(pid))) await new Promise((resolve) => setTimeout(resolve, 10));
  },

  "leaves no descriptor, thread, process, port, file or handle": (project) =>
    assertNothingIsLeft({
      title: "the npm package",
      runtime: ["node", "--expose-gc"],
      way: { module: join(project.folder, "node_modules/denoftpd/index.mjs") },
    }),

  "runs the commands": async (project) => {
    assertStringIncludes(await project.run("npx", "denoftpd", "version"), "denoftpd 0.1.0");
    const { code, stderr } = await run("npx", ["denoftpd", "serve", "--prot", "0"], {
      ...project.options,
      allowFailure: true,
    });
    assertEquals([code, stderr], [
      2,
      'denoftpd: Unknown flag "--prot": did you mean "--port"? See denoftpd help serve\n',
    ]);
    const text = await project.node(`
import { startFixture } from "denoftpd";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
const server = await startFixture({ users: { test: "secret" }, files: { "/hello.txt": "hello" } });
const url = server.users.test.url + "/hello.txt";
const { stdout } = await promisify(execFile)("npx", ["denoftpd", "get", url, "-o", "-"]);
console.log(stdout);
await server.stop();`);
    assertEquals(text, "hello\n");
  },
};

const NOWHERE = "http://127.0.0.1:9";
const BUN_ARCH = Deno.build.arch === "aarch64" ? "aarch64" : "x64";

async function isThere(pid: number): Promise<boolean> {
  return (await run("/bin/sh", ["-c", 'kill -0 "$1"', "sh", String(pid)], { allowFailure: true })).code === 0;
}

const TYPES = `import { type Fixture, type JournalEntryOf, startFixture } from "denoftpd";
const server: Fixture<"alice"> = await startFixture({ users: { alice: "secret" }, tls: { implicit: true } });
const url: string = server.users.alice.url;
const entry: JournalEntryOf<"transfer"> = await server.waitFor({ type: "transfer", path: "/a" });
const bytes: number = entry.bytes;
await server.faults.add({ verb: "RETR", action: "delay", milliseconds: bytes });
console.log(url);
await server[Symbol.asyncDispose]();
`;

const ALL = `import assert from "node:assert/strict";
import { connectFixture, FixtureError, SequenceError, startFixture } from "denoftpd";

const server = await startFixture({
  users: { alice: { password: "secret", permissions: "rw" } },
  files: { "/a.txt": "A", "/bin": new Uint8Array([0, 255]), "/empty/": "" },
  server: { banner: "hello from a test" },
  tls: true,
});
const other = await connectFixture(server.control);
assert.equal(other.url, server.url);
assert.equal(server.users.alice.url, "ftp://alice:secret@127.0.0.1:" + server.port);
assert.match(server.ca, /BEGIN CERTIFICATE/);

const { files } = server;
assert.deepEqual(await files.list(), ["/a.txt", "/bin", "/empty/"]);
assert.deepEqual([...await files.read("bin")], [0, 255]);
const snapshot = await files.snapshot();
await files.write("new dir/ü.txt", "text");
await files.mkdir("/deep/er");
assert.equal(await other.files.readText("/new dir/ü.txt"), "text");
assert.deepEqual([await files.exists("/deep"), await files.exists("/shallow")], [true, false]);
await files.remove("/deep");
await assert.rejects(files.read("/deep"), FixtureError);
await files.restore(snapshot);
assert.deepEqual(await server.files.texts("/"), { "/a.txt": "A", "/bin": "\\0\\ufffd" });
await files.write("/a.txt", "B");
await files.reset();
assert.equal(await files.readText("/a.txt"), "A");
assert.deepEqual(await server.filesOf("label").list(), ["/a.txt", "/bin", "/empty/"]);

const added = await server.faults.add({ verb: "CONNECT", action: "reply", code: 421, text: "Not now" });
assert.equal((await server.faults.status)[0].hits, 0);
const greeting = server.waitFor((entry) => entry.type === "reply" && entry.text.startsWith("hello"));
await added.remove();
assert.deepEqual(await server.faults.status, []);
await assert.rejects(server.faults.add({ action: "explode" }), /Field "action" must be one of/);

const { connect } = await import("node:net");
const socket = connect(server.port, server.hostname);
socket.write("USER alice\\r\\nNOOP\\r\\n");
assert.equal((await greeting).code, 220);
await server.waitFor({ type: "command", line: "NOOP" });
socket.destroy();
await server.waitFor({ type: "sessionClosed" });
assert.deepEqual(await server.journal.commands(), ["USER alice", "NOOP"]);
assert.match(await server.journal.transcript(), /^S: 220 .*\\nC: USER alice\\nS: 331 .*\\nC: NOOP\\n/);
assert.equal((await server.journal.sequence([220, /^user/i, 331])).length, 3);
await assert.rejects(server.journal.sequence(["QUIT"]), SequenceError);
await assert.rejects(server.waitFor({ type: "transfer" }, { timeout: 1 }), /No journal entry/);
await assert.rejects(server.waitFor(() => false, { timeout: 1 }), /No journal entry/);
assert.ok(await server.journal.last > 3);
assert.equal(await server.journal.dropped, 0);
await server.journal.clear();
assert.deepEqual(await server.journal.entries, []);

await server.setPassive({ host: "192.0.2.7", ports: {} });
assert.equal((await server.passive).host, "192.0.2.7");
await server.reset();
assert.deepEqual(await server.passive, {});
await server.stop();
await other.stop();
await server[Symbol.asyncDispose]();
console.log("ok");
`;
