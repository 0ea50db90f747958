import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import type { Bench } from "./bench.ts";
import { makePayload, sha256, sha256OfFile } from "./payload.ts";
import type { Finished } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { type Change, type Client, testClient, type Transfer } from "./suite.ts";

const SCRIPT = fromFileUrl(new URL("./basic_ftp_client.ts", import.meta.url));

function basicFtp(bench: Bench, job: Readonly<Record<string, unknown>>): Promise<Finished> {
  const { host, port } = bench.server;
  const permissions = [
    "--quiet",
    "--no-prompt",
    "--no-check",
    "--allow-net",
    `--allow-read=${bench.local}`,
    `--allow-write=${bench.local}`,
  ];
  return bench.run(
    Deno.execPath(),
    ["run", ...permissions, "--allow-env", SCRIPT, JSON.stringify({ host, port, ...ALICE, ...job })],
    { inheritEnvironment: true },
  );
}

const client: Client = {
  name: "basic-ftp",
  programs: [],
  modes: ["EPSV"], // It tries PASV only when a server refuses EPSV, and has no active mode.
  modes6: ["EPSV"],
  skills: ["resume download", "resume upload", "append"],

  async transfer(bench: Bench, transfer: Transfer): Promise<string> {
    return (await basicFtp(bench, { action: transfer.direction, ...transfer })).stdout;
  },

  async change(bench: Bench, change: Change): Promise<void> {
    await basicFtp(bench, { action: "change", ...change });
  },

  async list(bench: Bench, directory: string): Promise<string[]> {
    const { stderr } = await basicFtp(bench, { action: "names", path: directory });
    return stderr.split("\n").filter((line) => line !== "");
  },
};

const tests = await testClient(client);

tests.test("copies a tree up and down", async (bench) => {
  const payload = makePayload(70_001);
  await Deno.mkdir(join(bench.local, "tree", "sub dir"), { recursive: true });
  await Deno.writeFile(join(bench.local, "tree", "sub dir", "file"), payload);
  await Deno.writeTextFile(join(bench.local, "tree", "empty"), "");
  await basicFtp(bench, { action: "tree up", local: "tree", remote: "copy" });
  assertEquals(await sha256OfFile(join(bench.remote, "copy", "sub dir", "file")), await sha256(payload));
  await basicFtp(bench, { action: "tree down", local: "back", remote: "copy" });
  assertEquals(await sha256OfFile(join(bench.local, "back", "sub dir", "file")), await sha256(payload));
  assertEquals(await Deno.readTextFile(join(bench.local, "back", "empty")), "");
});
