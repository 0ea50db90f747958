import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Bench } from "./bench.ts";
import type { Finished, RunOptions } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { testTlsClient, type TlsClient, type TlsKind, type TlsTransfer, type TlsVersion } from "./tls_suite.ts";

const VERSION_FLAGS: Readonly<Record<TlsVersion, readonly string[]>> = {
  "1.2": ["--tls-max", "1.2"],
  "1.3": ["--tlsv1.3"],
};

function address(bench: Bench, kind: TlsKind, path: string): string {
  const { port, implicitPort } = bench.server;
  return kind === "implicit" ? `ftps://127.0.0.1:${implicitPort}/${path}` : `ftp://127.0.0.1:${port}/${path}`;
}

function curl(bench: Bench, args: readonly string[], options?: RunOptions): Promise<Finished> {
  const always = ["--disable", "--verbose", "--no-progress-meter", "--globoff", "--max-time", "50"];
  const trust = ["--cacert", bench.server.certificateFile];
  return bench.run("curl", [...always, ...trust, "--user", `${ALICE.user}:${ALICE.password}`, ...args], options);
}

const client: TlsClient = {
  name: "curl",
  programs: ["curl"],
  kinds: ["explicit", "implicit"],
  // Active mode under TLS is broken in curl 7.88.1, the one of Debian 12: see docs/tls.md.
  modes: ["EPSV", "PASV"],
  versions: ["1.2", "1.3"],
  // Under TLS 1.2 it asks for no tickets, and sessions are kept in nothing else here.
  resumes: ["1.3"],

  async transfer(bench: Bench, { kind, direction, local, remote, mode, version }: TlsTransfer): Promise<string> {
    const flags = [
      ...(kind === "explicit" ? ["--ssl-reqd"] : []),
      ...(mode === "PASV" ? ["--disable-epsv"] : []),
      ...(version === undefined ? [] : VERSION_FLAGS[version]),
    ];
    const file = direction === "upload" ? "--upload-file" : "--output";
    return (await curl(bench, [...flags, file, local, address(bench, kind, remote)])).stderr;
  },
};

const tests = await testTlsClient(client);

tests.test("lists a directory", async (bench) => {
  await Deno.writeTextFile(`${bench.remote}/a b`, "12345");
  for (const kind of client.kinds) {
    const { stdout } = await curl(bench, ["--ssl-reqd", "--list-only", address(bench, kind, "")]);
    assertEquals(stdout.trimEnd(), "a b");
  }
});

tests.test("moves several files over one session", async (bench) => {
  for (const name of ["1", "2", "3"]) await Deno.writeTextFile(`${bench.remote}/${name}`, name);
  const { stdout } = await curl(bench, [
    "--ssl-reqd",
    ...["1", "2", "3"].map((name) => address(bench, "explicit", name)),
  ]);
  assertEquals(stdout, "123");
});

tests.test("gives up in clear with status 67", async (bench) => {
  const { code, stderr } = await curl(bench, [address(bench, "explicit", "")], { allowFailure: true });
  assertEquals(code, 67, stderr);
  assertStringIncludes(stderr, "530 Policy requires TLS");
});

tests.test("gives up with status 19 when there is no protection for data", async (bench) => {
  const flags = ["--ftp-ssl-control"];
  const { code, stderr } = await curl(bench, [...flags, address(bench, "explicit", "")], { allowFailure: true });
  assertEquals(code, 19, stderr);
  assertStringIncludes(stderr, "521 ");
});
