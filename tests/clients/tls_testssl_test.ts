import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { ClientTests } from "./bench.ts";
import { SERVER } from "./tls_suite.ts";

/** What testssl.sh says about one thing. */
interface Finding {
  readonly id: string;
  readonly severity: "DEBUG" | "INFO" | "WARN" | "OK" | "LOW" | "MEDIUM" | "HIGH" | "CRITICAL";
  readonly finding: string;
}

const SECTIONS = ["--protocols", "--std", "--server-preference", "--server-defaults", "--vulnerable"];

/** Findings above "medium" that stay, each with the reason. */
const ACCEPTED: Readonly<Record<string, string>> = {
  cipher_order: "The runtime leaves the choice to the client; every suite there is has forward secrecy and AEAD",
  cert_revocation: "It is about the certificate, which is self-signed in this test",
};

const tests = await ClientTests.of("testssl.sh", ["testssl"], SERVER);

tests.test("finds nothing above medium", async (bench) => {
  const { port, certificateFile } = bench.server;
  const always = ["--quiet", "--color", "0", "--warnings", "off", "--ip", "one", "--starttls", "ftp"];
  const output = ["--add-ca", certificateFile, "--jsonfile", "findings.json", `127.0.0.1:${port}`];
  await bench.run("testssl", [...always, ...SECTIONS, ...output], { allowFailure: true, timeLimit: 900_000 });
  const findings: Finding[] = JSON.parse(await Deno.readTextFile(join(bench.local, "findings.json")));
  const versions = findings.filter(({ id, finding }) => /^(SSL|TLS)/.test(id) && finding.startsWith("offered"));
  assertEquals(versions.map(({ id }) => id), ["TLS1_2", "TLS1_3"]);
  const grave = findings.filter(({ id, severity }) => /HIGH|CRITICAL/.test(severity) && !(id in ACCEPTED));
  assertEquals(grave, []);
});
