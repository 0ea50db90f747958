import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Bench } from "./bench.ts";
import type { Finished } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { type Change, type Client, type DataMode, testClient, type Transfer } from "./suite.ts";

const MODE_FLAGS: Readonly<Record<DataMode, readonly string[]>> = {
  PASV: ["--disable-epsv"],
  EPSV: [],
  PORT: ["--ftp-port", "-", "--disable-eprt"],
  EPRT: ["--ftp-port", "-"],
};

function address(bench: Bench, path: string): string {
  const { host, port } = bench.server;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `ftp://${host.includes(":") ? `[${host}]` : host}:${port}/${encoded}`;
}

function curl(bench: Bench, args: readonly string[]): Promise<Finished> {
  const always = ["--disable", "--verbose", "--no-progress-meter", "--globoff", "--max-time", "50"];
  return bench.run("curl", [...always, "--user", `${ALICE.user}:${ALICE.password}`, ...args]);
}

const client: Client = {
  name: "curl",
  programs: ["curl"],
  modes: ["EPSV", "PASV", "EPRT", "PORT"],
  modes6: ["EPSV", "EPRT"],
  skills: ["resume download", "resume upload", "append", "ascii"],

  async transfer(bench: Bench, transfer: Transfer): Promise<string> {
    const { direction, local, remote, mode, resume, append, ascii } = transfer;
    const flags = [...MODE_FLAGS[mode], ...(resume ? ["--continue-at", "-"] : []), ...(append ? ["--append"] : [])];
    if (ascii) flags.push("--use-ascii", "--crlf");
    flags.push(direction === "upload" ? "--upload-file" : "--output", local);
    return (await curl(bench, [...flags, address(bench, remote)])).stderr;
  },

  async change(bench: Bench, change: Change): Promise<void> {
    await curl(bench, [...quoted(change).flatMap((line) => ["--quote", line]), "--head", address(bench, "")]);
  },

  async list(bench: Bench, directory: string): Promise<string[]> {
    const { stdout } = await curl(bench, ["--list-only", address(bench, `${directory}/`)]);
    return stdout.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
  },
};

function quoted(change: Change): string[] {
  switch (change.verb) {
    case "mkdir":
      return [`MKD ${change.path}`];
    case "rmdir":
      return [`RMD ${change.path}`];
    case "delete":
      return [`DELE ${change.path}`];
    case "rename":
      return [`RNFR ${change.path}`, `RNTO ${change.to}`];
  }
}

const tests = await testClient(client);

tests.test("prints a long listing", async (bench) => {
  await Deno.writeTextFile(join(bench.remote, "a b"), "12345");
  const { stdout } = await curl(bench, [address(bench, "")]);
  assertMatch(stdout, /^-rw\S* +\d+ \S+ +\S+ +5 [A-Z][a-z]{2} +\d+ +[\d:]+ a b\r?\n$/);
});

tests.test("prints MLSD facts", async (bench) => {
  await Deno.writeTextFile(join(bench.remote, "a b"), "12345");
  const { stdout } = await curl(bench, ["--request", "MLSD", address(bench, "")]);
  assertMatch(stdout, /^(?=.*type=file;)(?=.*size=5;)(?=.*modify=\d{14}).*; a b\r?$/im);
});

tests.test("reads size and time of a file without fetching it", async (bench) => {
  await Deno.writeTextFile(join(bench.remote, "dated"), "12345");
  await Deno.utime(join(bench.remote, "dated"), 1_700_000_000, 1_700_000_000);
  const { stdout } = await curl(bench, ["--head", address(bench, "dated")]);
  assertStringIncludes(stdout, "Content-Length: 5");
  assertStringIncludes(stdout, "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT");
});

tests.test("fetches a range", async (bench) => {
  await Deno.writeTextFile(join(bench.remote, "digits"), "0123456789");
  const { stdout } = await curl(bench, ["--range", "3-6", address(bench, "digits")]);
  assertEquals(stdout, "3456");
});

tests.test("makes the directories on the way to an upload", async (bench) => {
  await Deno.writeTextFile(join(bench.local, "deep"), "deep");
  await curl(bench, ["--ftp-create-dirs", "--upload-file", "deep", address(bench, "one/two two/deep")]);
  assertEquals(await Deno.readTextFile(join(bench.remote, "one", "two two", "deep")), "deep");
});

tests.test("moves several files over one session with each way through the directories", async (bench) => {
  await Deno.mkdir(join(bench.remote, "d", "e"), { recursive: true });
  for (const name of ["1", "2", "3"]) await Deno.writeTextFile(join(bench.remote, "d", "e", name), name);
  for (const method of ["multicwd", "singlecwd", "nocwd"]) {
    const { stdout } = await curl(bench, [
      ...["--ftp-method", method],
      ...["1", "2", "3"].map((name) => address(bench, `d/e/${name}`)),
    ]);
    assertEquals(stdout, "123", method);
  }
});

tests.test("is told of a missing file with status 78, of a wrong password with 67", async (bench) => {
  const url = address(bench, "absent");
  const missing = await bench.run("curl", ["--disable", "--user", `${ALICE.user}:${ALICE.password}`, url], {
    allowFailure: true,
  });
  assertEquals(missing.code, 78, missing.stderr);
  const refused = await bench.run("curl", ["--disable", "--user", `${ALICE.user}:wrong`, url], { allowFailure: true });
  assertEquals(refused.code, 67, refused.stderr);
});
