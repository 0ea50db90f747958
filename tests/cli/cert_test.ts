import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runCert } from "../../lib/cli/cert.ts";
import { loadKeyPair } from "../../lib/tls/certificates.ts";
import { daysLeft } from "../../lib/tls/days_left.ts";

/** Runs the command and collects what it says. */
async function cert(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  const status = await runCert(args, { stdout: (text) => stdout += text, stderr: (text) => stderr += text });
  return { status, stdout, stderr };
}

async function inTempDir(action: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("runCert writes a pair that serves, its key for the owner alone", () =>
  inTempDir(async (dir) => {
    const out = join(dir, "new", "folder");
    const { status, stdout, stderr } = await cert(
      "--out",
      out,
      "--name",
      "ftp.example",
      "--name=192.0.2.7",
      "--days",
      "9",
    );
    assertEquals([status, stderr], [0, ""]);
    assertStringIncludes(stdout, join(out, "cert.pem"));
    const pair = await loadKeyPair({
      certificateFile: join(out, "cert.pem"),
      privateKeyFile: join(out, "key.pem"),
    });
    for (const name of ["ftp.example", "192.0.2.7", "localhost", "127.0.0.1"]) assert(pair.names.includes(name), name);
    assertEquals(daysLeft(pair), 8);
    const { mode } = await Deno.stat(join(out, "key.pem"));
    if (mode !== null) assertEquals(mode & 0o777, 0o600);
    assertEquals([...Deno.readDirSync(out)].length, 2);
  }));

Deno.test("runCert replaces files only with --force", () =>
  inTempDir(async (dir) => {
    const key = join(dir, "key.pem");
    await Deno.writeTextFile(key, "precious", { mode: 0o644 });
    const refused = await cert("--out", dir);
    assertEquals([refused.status, refused.stderr], [
      1,
      `denoftpd: File "${key}" already exists: use --force to replace it\n`,
    ]);
    assertEquals(await Deno.readTextFile(key), "precious");
    assertEquals((await cert("--out", dir, "--force")).status, 0);
    assertMatch(await Deno.readTextFile(key), /PRIVATE KEY/);
    const { mode } = await Deno.stat(key);
    if (mode !== null) assertEquals(mode & 0o777, 0o600);
  }));

Deno.test("runCert answers 1 when it cannot write", () =>
  inTempDir(async (dir) => {
    const file = join(dir, "file");
    await Deno.writeTextFile(file, "");
    const { status, stderr } = await cert("--out", file);
    assertEquals(status, 1);
    assertStringIncludes(stderr, `"${file}" cannot be written`);
  }));

Deno.test("runCert answers 2 with one line that names the mistake", async () => {
  const table: [string[], string][] = [
    [[], "--out"],
    [["--out="], "--out"],
    [["--out", "x", "--days", "soon"], "Validity in days"],
    [["--out", "x", "--days="], 'Flag "--days" needs a value'],
    [["--out", "x", "--days", "0"], '"0"'],
    [["--out", "x", "--name", "a b"], '"a b"'],
    [["--out", "x", "--nmae", "a"], '"--nmae"'],
    [["--out", "x", "extra"], '"extra"'],
  ];
  for (const [args, mistake] of table) {
    const { status, stdout, stderr } = await cert(...args);
    assertEquals([status, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, mistake);
    assertMatch(stderr, /^[^\n]+\n$/);
  }
});

Deno.test("runCert prints its usage", async () => {
  for (const flag of ["--help", "-h"]) {
    const { status, stdout } = await cert(flag);
    assertEquals(status, 0);
    assertStringIncludes(stdout, "denoftpd cert --out DIR");
  }
});
