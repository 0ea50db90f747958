/**
 * The doctor against servers that are each broken in one way, and against one that is not.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as x509 from "@peculiar/x509";
import type { ClientOptions } from "../../lib/client/options.ts";
import { examine, type ExamineOptions } from "../../lib/doctor/doctor.ts";
import type { Finding } from "../../lib/doctor/finding.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { type FaultRule, type FixtureOptions, startFixture } from "../../lib/fixture/fixture.ts";
import type { ServerOptions } from "../../lib/options.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { fixedCertificates, type KeyPair, parseKeyPair } from "../../lib/tls/certificates.ts";
import { createTlsEndpoint } from "../../lib/tls/tls.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { testCertificate } from "../helpers/tls.ts";

const ALWAYS = { times: 0 } as const;

Deno.test("A server in good order has no problems and no warnings", async () => {
  const findings = await examined({ tls: true });
  assertEquals(findings.map(({ id }) => id), ["clearLogin"]);
});

Deno.test("What the examination has written is removed after it", async () => {
  await using server = await startFixture({ users: { demo: "secret" }, files: { "/kept.txt": "kept" } });
  await examine({ ...asClient(server.port), tls: "off" });
  assertEquals(await server.files.texts("/"), { "/kept.txt": "kept" });
});

Deno.test("With readOnly nothing is written", async () => {
  await using server = await startFixture({ users: { demo: "secret" } });
  const findings = await examine({ ...asClient(server.port), tls: "off", readOnly: true });
  assertEquals(findings.map(({ id }) => id), ["readOnly"]);
  assertEquals(server.journal.commands().filter((line) => /^(?:STOR|MKD|DELE|RMD|APPE)/.test(line)), []);
});

broken("PASV names a foreign address", [{ verb: "PASV", action: "wrongAddress", address: "10.1.2.3", ...ALWAYS }], {
  foreignPassiveAddress: /PASV names 10\.1\.2\.3, the control connection is to 127\.0\.0\.1/,
});

Deno.test("Passive ports that nothing answers on are blocked, and active mode is used for the rest", async () => {
  using unused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = unused.addr;
  unused.close();
  const findings = await withFaults([{ verb: ["PASV", "EPSV"], action: "wrongAddress", port, ...ALWAYS }]);
  assertIncludes(findings, { passiveBlocked: /No data connection/ });
  assert(!findings.some(({ id }) => id === "checkFailed"), JSON.stringify(findings));
});

broken("EPSV is 500", [{ verb: "EPSV", action: "reply", code: 500, text: "What?", ...ALWAYS }], {
  epsvRefused: /EPSV is answered 500 What\?/,
});

broken("MLSD is only in FEAT", [{ verb: ["MLSD", "MLST"], action: "reply", code: 500, text: "Unknown", ...ALWAYS }], {
  featureBroken: /MLST: MLST is answered 500 Unknown/,
});

Deno.test("Data connections that end without close_notify are found", async () => {
  const findings = await withFaults([{ verb: ["LIST", "RETR", "MLSD"], action: "noCloseNotify", ...ALWAYS }], {
    tls: true,
  });
  assertIncludes(findings, { noCloseNotify: /ended with the connection alone/ });
});

Deno.test("An expired certificate is found, and no password is sent", async () => {
  const pair = await expiredCertificate();
  const sent: string[] = [];
  const findings = await examinedOn({ tls: { endpoint: await endpointOf(pair) } }, {
    trust: { ca: [pair.certificate] },
    onLine: ({ direction, text }) => direction === "sent" && sent.push(text),
  });
  assertIncludes(findings, { certificateExpired: /^on .*2020 GMT; its key has the SHA-256 [0-9a-f]{64}$/ });
  assertEquals(sent.filter((line) => line.startsWith("PASS") || line.startsWith("USER demo")), []);
});

Deno.test("A certificate of an unknown authority is found, and no password is sent", async () => {
  const findings = await examinedOn({ tls: { endpoint: await endpointOf(await testCertificate()) } }, { trust: {} });
  assertIncludes(findings, {
    certificateUntrusted: /it is self-signed.*SHA-256 [0-9a-f]{64}/,
    notLoggedIn: /certificate/,
  });
});

Deno.test("A server that demands the session of the control connection on data connections is found", async () => {
  const findings = await examined({ tls: { sessionReuse: "require" } });
  assertIncludes(findings, { reuseDemanded: /./ });
  assertExcludes(findings, "dataTlsFails");
});

Deno.test("A clock that is hours off is found", async () => {
  const hours = 3 * 3_600_000;
  const findings = await examinedOn({ clock: () => Date.now() + hours }, { tls: "off" }, () => Date.now() + hours);
  assertIncludes(findings, { clockOff: /, 3 h too late$/ });
});

broken("257 without quotes", [{
  verb: "PWD",
  action: "reply",
  code: 257,
  text: "/ is the current directory",
  ...ALWAYS,
}], {
  unquotedPath: /PWD is answered 257 \/ is the current directory/,
});

broken("ABOR without an answer", [{ verb: "ABOR", action: "stall", ...ALWAYS }], {
  abortSilent: /No reply|not at all/,
});

broken("An empty directory is 550", [{ verb: "LIST", action: "reply", code: 550, text: "No files", ...ALWAYS }], {
  emptyListRefused: /550 No files/,
});

broken("REST is refused", [{ verb: "REST", action: "reply", code: 502, text: "No", ...ALWAYS }], {
  featureBroken: /REST/,
  noResume: /502 No/,
  noUploadResume: /502 No/,
});

broken("No FEAT", [{ verb: "FEAT", action: "reply", code: 500, text: "No", ...ALWAYS }], { noFeatures: /./ });

Deno.test("A login that is refused ends the examination", async () => {
  await using server = await startFixture({ users: { demo: "secret" } });
  const findings = await examine({ ...asClient(server.port), tls: "off", password: "wrong" });
  assertEquals(findings.map(({ id }) => id), ["loginRefused"]);
});

Deno.test("A server that is not there ends the examination", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  const findings = await examine({ ...asClient(listener.addr.port), tls: "off" });
  assertEquals(findings.map(({ id }) => id), ["unreachable"]);
});

Deno.test("Text of the server reaches nobody's terminal with control characters", async () => {
  const findings = await withFaults([{ verb: "EPSV", action: "reply", code: 500, text: "\x1b[2Jgone", ...ALWAYS }]);
  const seen = findings.find(({ id }) => id === "epsvRefused")?.seen ?? "";
  assertStringIncludes(seen, "gone");
  assert(!seen.includes("\x1b"));
});

/** A test with a fixture that has these faults: what must be among the findings. */
function broken(name: string, faults: readonly FaultRule[], expected: Expected): void {
  Deno.test(`Broken server: ${name}`, async () => {
    assertIncludes(await withFaults(faults), expected);
  });
}

type Expected = { readonly [id in Finding["id"]]?: RegExp };

function assertIncludes(findings: readonly Finding[], expected: Expected): void {
  for (const [id, seen] of Object.entries(expected)) {
    const finding = findings.find((one) => one.id === id);
    assert(finding, `No ${id} in ${JSON.stringify(findings)}`);
    assert(seen.test(finding.seen), `${id}: ${finding.seen}`);
  }
}

function assertExcludes(findings: readonly Finding[], id: Finding["id"]): void {
  assertEquals(findings.filter((one) => one.id === id), []);
}

/** Milliseconds for each step. A broken server costs several of them. */
const TIMEOUT = 2_000;

function asClient(port: number): ExamineOptions & ClientOptions {
  return { host: "127.0.0.1", port, user: "demo", password: "secret", timeout: TIMEOUT };
}

async function withFaults(faults: readonly FaultRule[], options: FixtureOptions = {}): Promise<readonly Finding[]> {
  return await examined({ ...options, faults });
}

async function examined(options: FixtureOptions): Promise<readonly Finding[]> {
  await using server = await startFixture({ ...options, users: { demo: "secret" } });
  return await examine({
    ...asClient(server.port),
    ...(server.ca === undefined ? { tls: "off" } : { trust: { ca: [server.ca] } }),
  });
}

/** A server that no fixture can be. */
async function examinedOn(
  options: Partial<ServerOptions>,
  client: Partial<ExamineOptions>,
  clock?: () => number,
): Promise<readonly Finding[]> {
  const files = new MemoryVfs({ ...(clock && { clock }) });
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }),
    fileSystem: () => files,
    port: 0,
    failureDelay: 0,
    ...options,
  });
  server.listen();
  return await examine({ ...asClient(server.address.port), password: "demo", ...client });
}

async function endpointOf(pair: KeyPair): ReturnType<typeof createTlsEndpoint> {
  return await createTlsEndpoint(fixedCertificates(pair), { route: "socket" });
}

/** For 127.0.0.1, and valid in 2019 alone. */
async function expiredCertificate(): Promise<KeyPair> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm: algorithm,
    name: "CN=localhost",
    notBefore: new Date("2019-01-01T00:00:00Z"),
    notAfter: new Date("2020-01-01T00:00:00Z"),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
  });
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return parseKeyPair(`${certificate.toString("pem")}\n`, `${key}\n`);
}
