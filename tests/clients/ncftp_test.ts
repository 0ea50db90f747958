import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Bench } from "./bench.ts";
import { makePayload, sha256, sha256OfFile } from "./payload.ts";
import type { Finished, RunOptions } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { type Change, type Client, testClient, type Transfer } from "./suite.ts";

type Program = "ncftpget" | "ncftpput" | "ncftpls";

function ncftp(
  bench: Bench,
  program: Program,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const login = [
    "-u",
    ALICE.user,
    "-p",
    ALICE.password,
    "-P",
    String(bench.server.port),
    "-d",
    "stdout",
    "-t",
    "20",
    "-r",
    "0",
  ];
  return bench.run(program, [...login, ...(program === "ncftpls" ? [] : ["-V"]), ...args], options);
}

/** Commands sent as they are, for what the three programs have no flag for. */
async function raw(bench: Bench, commands: readonly string[]): Promise<void> {
  const flags = commands.flatMap((command) => ["-W", command]);
  const url = `ftp://${bench.server.host}/`;
  // Without a listing, `-Z`, its exit status is always 4.
  const { stdout } = await ncftp(bench, "ncftpls", [...flags, "-Z", url], { allowFailure: true });
  const answers = stdout.slice(stdout.indexOf("Cmd: TYPE I"));
  if (/^[45]\d\d[: -]/m.test(answers)) throw new Error(`ncftpls was refused something:\n${stdout}`);
}

const client: Client = {
  name: "ncftp",
  programs: ["ncftpget", "ncftpput", "ncftpls"],
  modes: ["PASV", "PORT"],
  modes6: [], // It knows neither EPSV nor EPRT.
  // It does not resume uploads: 3.2.6 says `REST` and then sends the file from its start (sendfile without an offset).
  skills: ["resume download", "append", "ascii"],

  async transfer(bench: Bench, transfer: Transfer): Promise<string> {
    const { direction, local, remote, mode, resume, append, ascii } = transfer;
    const flags = [
      mode === "PORT" ? "-E" : "-F",
      resume ? "-z" : "-Z",
      ...(append ? ["-A"] : []),
      ...(ascii ? ["-a"] : []),
    ];
    const { host } = bench.server;
    const { stdout } = direction === "upload"
      ? await ncftp(bench, "ncftpput", [...flags, "-C", host, local, remote])
      : await ncftp(bench, "ncftpget", [...flags, "-C", host, remote, local]);
    return stdout;
  },

  async change(bench: Bench, change: Change): Promise<void> {
    switch (change.verb) {
      case "mkdir":
        return await raw(bench, [`MKD ${change.path}`]);
      case "rmdir":
        return await raw(bench, [`RMD ${change.path}`]);
      case "delete":
        return await raw(bench, [`DELE ${change.path}`]);
      case "rename":
        return await raw(bench, [`RNFR ${change.path}`, `RNTO ${change.to}`]);
    }
  },

  async list(bench: Bench, directory: string): Promise<string[]> {
    const { host, port } = bench.server;
    const flags = ["-u", ALICE.user, "-p", ALICE.password, "-P", String(port), "-t", "20", "-r", "0", "-1"];
    const { stdout } = await bench.run("ncftpls", [...flags, `ftp://${host}/${encodeURIComponent(directory)}/`]);
    return stdout.split("\n").filter((line) => line !== "");
  },
};

const tests = await testClient(client);

tests.test("copies a tree up and down", async (bench) => {
  const payload = makePayload(70_001);
  await Deno.mkdir(join(bench.local, "tree", "sub dir"), { recursive: true });
  await Deno.writeFile(join(bench.local, "tree", "sub dir", "file"), payload);
  await Deno.writeTextFile(join(bench.local, "tree", "empty"), "");
  await ncftp(bench, "ncftpput", ["-R", bench.server.host, "/", "tree"]);
  assertEquals(await sha256OfFile(join(bench.remote, "tree", "sub dir", "file")), await sha256(payload));
  await Deno.mkdir(join(bench.local, "back"));
  await ncftp(bench, "ncftpget", ["-R", "-T", bench.server.host, "back", "/tree"]);
  assertEquals(await sha256OfFile(join(bench.local, "back", "tree", "sub dir", "file")), await sha256(payload));
  assertEquals(await Deno.readTextFile(join(bench.local, "back", "tree", "empty")), "");
});

tests.test("uploads under a temporary name and renames", async (bench) => {
  await Deno.writeTextFile(join(bench.local, "report"), "whole");
  await ncftp(bench, "ncftpput", ["-S", ".part", bench.server.host, "/", "report"]);
  assertEquals([...Deno.readDirSync(bench.remote)].map(({ name }) => name), ["report"]);
});

tests.test("deletes a file on the server once it has fetched it", async (bench) => {
  await Deno.writeTextFile(join(bench.remote, "once"), "once");
  await ncftp(bench, "ncftpget", ["-DD", bench.server.host, ".", "/once"]);
  assertEquals(await Deno.readTextFile(join(bench.local, "once")), "once");
  assertEquals([...Deno.readDirSync(bench.remote)], []);
});

tests.test("stores standard input", async (bench) => {
  const { host, port } = bench.server;
  const args = ["-u", ALICE.user, "-p", ALICE.password, "-P", String(port), "-V", "-c", host, "/from stdin"];
  await bench.run("ncftpput", args, { stdin: "piped text" });
  assertEquals(await Deno.readTextFile(join(bench.remote, "from stdin")), "piped text");
});
