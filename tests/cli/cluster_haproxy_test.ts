import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCluster } from "../../lib/cli/cluster/cluster.ts";

/** What `denoftpd cluster` prints. */
async function printed(...args: string[]): Promise<string> {
  const said = { stdout: "", stderr: "" };
  const status = await runCluster(args, {
    stdout: (text) => void (said.stdout += text),
    stderr: (text) => void (said.stderr += text),
  });
  assertEquals([status, said.stderr], [0, ""]);
  return said.stdout;
}

Deno.test("cluster haproxy prints deploy/haproxy.cfg for the command line in its first line", async () => {
  const shipped = await Deno.readTextFile(new URL("../../deploy/haproxy.cfg", import.meta.url));
  const [first = ""] = shipped.split("\n");
  const args = first.replace(/^# denoftpd cluster /, "").split(" ");
  assertEquals(await printed(...args), shipped);
});

Deno.test("cluster haproxy --sticky keeps an address at its node where sessions begin", async () => {
  const args = ["haproxy", "--nodes", "a=10.0.0.1", "--node-slices", "a=50000-50099", "--implicit-tls-port", "2990"];
  const config = await printed(...args, "--sticky");
  assertEquals(config.match(/^ {4}stick-table type ipv6 .*\n {4}stick on src\n/gm)?.length, 2);
  assertEquals((await printed(...args)).includes("stick"), false);
});

Deno.test("cluster haproxy writes addresses of every kind, and lets nothing out of its comment", async () => {
  const config = await printed(
    "haproxy",
    ...["--nodes", "a=2001:db8::1,b=node-b.example.org", "--node-slices", "b=50100-50199,a=50000-50099"],
    ...["--bind", "::", "--public-port", "2121"],
  );
  assertStringIncludes(config, "\n    bind [::]:2121\n");
  assertStringIncludes(config, "\n    server a [2001:db8::1]:2121 check port 9273\n");
  assertStringIncludes(
    config,
    "\nlisten slice-b\n    bind [::]:50100-50199\n    option splice-request\n    option splice-response\n" +
      "    server b node-b.example.org send-proxy-v2 resolvers system",
  );
  assertEquals(config.includes("listen ftps"), false);
});
