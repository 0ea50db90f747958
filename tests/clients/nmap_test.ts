/**
 * What the scripts of nmap say about a server: they are what an administrator's own scan, and a stranger's, begin with.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Bench, ClientTests } from "./bench.ts";

const TIME_LIMIT = 300_000;
/** Guesses of ftp-brute: the server answers one a second. */
const GUESSES = 10;

const tests = await ClientTests.of("nmap", ["nmap"], { tls: true });

interface Scan {
  readonly port?: number;
  /** Arguments of the scripts. */
  readonly args?: string;
}

/** Runs scripts against the control port or another one, whatever service nmap believes is there. */
async function scan({ server, run }: Bench, scripts: readonly string[], options: Scan = {}): Promise<string> {
  const { port = server.port, args } = options;
  const always = ["-Pn", "-n", "-sT", "-p", String(port), "--script", scripts.map((name) => `+${name}`).join()];
  const given = args === undefined ? [] : ["--script-args", args];
  const { stdout } = await run("nmap", [...always, ...given, server.host], { timeLimit: TIME_LIMIT });
  assertMatch(stdout, /^\d+\/tcp open/m);
  return stdout;
}

tests.test("finds no anonymous login, no bounce and no known hole", async (bench) => {
  const report = await scan(bench, [
    ...["ftp-anon", "ftp-bounce", "ftp-syst", "ftp-libopie"],
    ...["ftp-proftpd-backdoor", "ftp-vsftpd-backdoor", "ftp-vuln-cve2010-4221"],
  ]);
  assertStringIncludes(report, "Not logged in");
  assert(!/Anonymous FTP login allowed|bounce working|VULNERABLE|backdoor has been/i.test(report), report);
});

tests.test("guesses no password", async (bench) => {
  const args = `brute.guesses=${GUESSES},brute.threads=2,unpwdb.userlimit=2,unpwdb.passlimit=5,ftp-brute.timeout=20s`;
  const report = await scan(bench, ["ftp-brute"], { args });
  assertStringIncludes(report, "No valid accounts found");
});

tests.test("gives every cipher suite an A", async (bench) => {
  const report = await scan(bench, ["ssl-enum-ciphers"], { port: bench.server.implicitPort });
  assertStringIncludes(report, "least strength: A");
  const versions = Array.from(report.matchAll(/^\| {3}(\S+): *$/gm), ([, version]) => version);
  assertEquals(versions, ["TLSv1.2", "TLSv1.3"]);
});
