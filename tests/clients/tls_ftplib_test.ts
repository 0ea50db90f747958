import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import type { Bench } from "./bench.ts";
import { makePayload, sha256, sha256OfFile } from "./payload.ts";
import type { Finished, RunOptions } from "./process.ts";
import { ALICE, ServerUnderTest } from "./server_under_test.ts";
import { SERVER, testTlsClient, type TlsClient, type TlsKind, type TlsTransfer } from "./tls_suite.ts";

const SCRIPT = fromFileUrl(new URL("./tls_ftplib_client.py", import.meta.url));

function ftplib(
  bench: Bench,
  kind: TlsKind,
  job: Readonly<Record<string, unknown>>,
  options?: RunOptions,
): Promise<Finished> {
  const { host, port, implicitPort, certificateFile } = bench.server;
  const where = { host, port: kind === "implicit" ? implicitPort : port, kind, trust: certificateFile };
  return bench.run("python3", ["-B", SCRIPT, JSON.stringify({ ...where, ...ALICE, ...job })], options);
}

/** The standard library as it comes, and with the usual recipe for taking up the control connection's session. */
function client(reuse: boolean): TlsClient {
  return {
    name: `ftplib ${reuse ? "with" : "without"} session reuse`,
    programs: ["python3"],
    kinds: ["explicit", "implicit"],
    modes: ["EPSV", "PASV", "PORT", "EPRT"],
    versions: ["1.2", "1.3"],
    resumes: reuse ? ["1.2", "1.3"] : [],

    async transfer(
      bench: Bench,
      { kind, direction: action, local, remote, mode, version }: TlsTransfer,
    ): Promise<string> {
      const job = { action, local, remote, mode, reuse, ...(version !== undefined && { version }) };
      return (await ftplib(bench, kind, job)).stdout;
    },
  };
}

await testTlsClient(client(false));
const tests = await testTlsClient(client(true));

tests.test("resumes each of 20 data connections with the control connection's session", async (bench) => {
  const start = bench.server.logSize();
  for (const version of ["1.2", "1.3"]) {
    await Deno.writeFile(join(bench.local, "sent.bin"), makePayload(70_001));
    await ftplib(bench, "explicit", {
      action: "many",
      local: "sent.bin",
      count: 10,
      mode: "EPSV",
      reuse: true,
      version,
    });
  }
  const log = await bench.server.untilLogged(/(Session closed[^]*){2}/, start);
  const resumed = Array(20).fill("Data connection open, TLS, resumed");
  // The relay takes a ticket of TLS 1.3 once, and this client shows the same one again.
  if (await bench.server.tlsRoute() === "relay") resumed.fill("Data connection open, TLS", 11);
  assertEquals(log.match(/Data connection open, TLS.*/g), resumed);
  for (let index = 0; index < 10; index++) {
    assertEquals(await sha256OfFile(join(bench.remote, `${index}.bin`)), await sha256(makePayload(70_001)));
  }
});

tests.test("is let in by a server that requires reuse, and turned away without", async (bench) => {
  const flags = ["--tls", "required", "--tls-data", "required", "--tls-session-reuse", "require"];
  if (await bench.server.tlsRoute() === "relay") {
    // It says at its start that it would refuse well-behaved clients.
    await assertRejects(
      () => ServerUnderTest.start({ ...SERVER, flags }),
      Error,
      "it would refuse well-behaved clients",
    );
    return;
  }
  await using server = await ServerUnderTest.start({ ...SERVER, flags });
  const strict = { ...bench, server };
  await Deno.writeFile(join(bench.local, "sent.bin"), makePayload(70_001));
  for (const version of ["1.2", "1.3"]) {
    const job = { action: "upload", local: "sent.bin", remote: `sent ${version}`, mode: "EPSV", version };
    await ftplib(strict, "explicit", { ...job, reuse: true });
    assertEquals(await sha256OfFile(join(server.root, `sent ${version}`)), await sha256(makePayload(70_001)));
    const refused = await ftplib(strict, "explicit", { ...job, reuse: false }, { allowFailure: true });
    assertEquals(refused.code, 1);
    await server.untilLogged(/522 "TLS on the data connection failed"/);
  }
});

tests.test("is told of its own way of ending an upload without close_notify", async (bench) => {
  await Deno.writeFile(join(bench.local, "sent.bin"), makePayload(70_001));
  const job = { action: "upload", local: "sent.bin", remote: "cut.bin", mode: "EPSV", reuse: true, cut: true };
  const start = bench.server.logSize();
  await ftplib(bench, "explicit", job);
  await bench.server.untilLogged(/An upload ended without close_notify/, start);
  await using server = await ServerUnderTest.start({ ...SERVER, flags: ["--tls-strict-close"] });
  const refused = await ftplib({ ...bench, server }, "explicit", job, { allowFailure: true });
  assertMatch(refused.stderr, /426 /);
});
