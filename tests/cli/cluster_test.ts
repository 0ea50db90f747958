import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { configTable } from "../../lib/cli/config.ts";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { gatherSettings, parseGathered } from "../../lib/cli/settings/read.ts";
import { runServe } from "../../lib/cli/serve/serve.ts";

const NOTHING = { env: () => undefined, readFile: () => Promise.reject(new Error("No file")) };

/** Status and standard error of `serve`, which does not start. */
async function refused(args: readonly string[]): Promise<string> {
  let text = "";
  const io = { stdout: () => assert(false, "It started"), stderr: (more: string) => void (text += more) };
  assertEquals(await runServe(["--port", "0", "--anonymous", "docs", "--allow-root", ...args], io), 2);
  return text;
}

Deno.test("--cluster is permitted to reach Redis, and nothing else", async () => {
  let text = "";
  const args = ["--anonymous", "docs", "--cluster", "redis://me:secret@cache.example:7000/2"];
  const io = { stdout: (more: string) => void (text += more), stderr: (message: string) => assert(false, message) };
  assertEquals(await runPermissions(args, io), 0);
  assertStringIncludes(text, "cache.example:7000");
  assert(!text.includes("secret"), text);
});

Deno.test("config lists --cluster without its name and password, from wherever it comes", async () => {
  const url = "redis://me:sec/ret@127.0.0.1:7000";
  const encoded = "redis://me:sec%2Fret@127.0.0.1:7000";
  const gathered = await gatherSettings(["--cluster", encoded], NOTHING);
  assertEquals(parseGathered(gathered).cluster?.password, "sec/ret");
  const fromEnvironment = await gatherSettings([], {
    ...NOTHING,
    env: (name) => name === "DENOFTPD_CLUSTER" ? encoded : undefined,
  });
  for (const each of [gathered, fromEnvironment]) {
    const table = configTable(each);
    assertStringIncludes(table, "redis://***@127.0.0.1:7000");
    assert(!/me:|sec|ret@/.test(table.split("\n").find((line) => line.startsWith("cluster ")) ?? "ret@"), table);
  }
  const message = await refused(["--cluster", url]);
  assertStringIncludes(message, 'Flag "--cluster" must be a URL such as redis://');
  assert(!message.includes("ret@"), message);
});

Deno.test("--cluster-password-file is refused where it has no effect, and where it cannot be read", async () => {
  assertStringIncludes(await refused(["--cluster-password-file", "x"]), 'needs "--cluster URL"');
  const [url, withPassword] = ["redis://127.0.0.1:1", "redis://:secret@127.0.0.1:1"];
  const twice = await refused(["--cluster", withPassword, "--cluster-password-file", "x"]);
  assertStringIncludes(twice, "cannot be used together");
  assertStringIncludes(await refused(["--cluster", url, "--cluster-password-file", "/nowhere/x"]), "cannot read");
});

Deno.test("--cluster-ca-file is refused without TLS, and if it has no certificate", async () => {
  const needs = 'needs "--cluster" with a URL that begins with rediss://';
  assertStringIncludes(await refused(["--cluster-ca-file", "x"]), needs);
  assertStringIncludes(await refused(["--cluster", "redis://127.0.0.1:1", "--cluster-ca-file", "x"]), needs);
  const tls = ["--cluster", "rediss://127.0.0.1:1", "--cluster-ca-file"];
  assertStringIncludes(await refused([...tls, "/nowhere/x"]), 'Flag "--cluster-ca-file": cannot read "/nowhere/x"');
  const own = fromFileUrl(new URL("../../LICENSE", import.meta.url));
  assertStringIncludes(await refused([...tls, own]), "has no certificate in the form of PEM");
});
