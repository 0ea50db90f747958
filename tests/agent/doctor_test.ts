import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { agentTest } from "./helpers.ts";

/** A server that answers PASV with an address that is not its own. */
const FOREIGN = { server: { passiveAddress: "10.1.2.3", passiveLocalNetworks: [] } } as const;

agentTest("doctor prints findings with the setting to change, and ends with 1", FOREIGN, async ({ run, url }) => {
  const { status, stdout } = await run(["doctor", "--tls", "off", url]);
  assertMatch(stdout, /^PROBLEM {2}PASV names an address other than the one .* \[foreignPassiveAddress\]$/m);
  assertMatch(stdout, /^ {2}seen {4}PASV names 10\.1\.2\.3, the control connection is to 127\.0\.0\.1$/m);
  assertMatch(stdout, /^ {2}change {2}denoftpd: --passive-address ADDRESS$/m);
  assertMatch(stdout, /^127\.0\.0\.1:\d+: 1 problem, 0 warnings, 0 notes$/m);
  assertEquals(status, 1);
});

agentTest("doctor names no server where the remedy is the same for all", {}, async ({ run }) => {
  const { stdout } = await run(["doctor", "--tls", "off", "ftp://127.0.0.1:1/"]);
  assertMatch(stdout, /^ {2}change {2}start the server, open its control port in firewalls, or correct the name$/m);
});

agentTest("doctor --json prints one object", FOREIGN, async ({ run, url }) => {
  const { status, events, stderr } = await run(["doctor", "--json", "--tls", "off", url]);
  assertEquals(events.length, 1);
  const findings = events[0]?.["findings"] as Record<string, unknown>[];
  assertEquals(findings.map(({ id, severity }) => [id, severity]), [["foreignPassiveAddress", "problem"]]);
  assertEquals([status, stderr], [1, ""]);
});

agentTest("doctor of a server in good order says so, and ends with 0", {}, async ({ run, url }) => {
  const { status, stdout } = await run(["doctor", "--tls", "off", url]);
  assertMatch(stdout, /^127\.0\.0\.1:\d+ is in good order\n$/);
  assertEquals(status, 0);
});

agentTest("doctor --self takes address and port from the configuration of serve", {}, async (grounds) => {
  const { run, server, local } = grounds;
  const config = join(local, "server.json");
  await Deno.writeTextFile(config, JSON.stringify({ port: server.address.port }));
  const args = ["doctor", "--self", "--config", config, "--user", "demo", "--tls", "off"];
  const { status, stdout, stderr } = await run(args, { variables: { DENOFTPD_PASSWORD: "demo" } });
  assertEquals([stdout, stderr, status], [`127.0.0.1:${server.address.port} is in good order\n`, "", 0]);
});

agentTest("doctor needs a URL or --self, and not both", {}, async ({ run, url }) => {
  const none = await run(["doctor"]);
  assertEquals([none.status, none.stderr], [2, "denoftpd: URL is missing\n"]);
  const both = await run(["doctor", "--self", url]);
  assertEquals([both.status, both.stderr], [2, 'denoftpd: Flag "--self" and a URL exclude each other\n']);
});
