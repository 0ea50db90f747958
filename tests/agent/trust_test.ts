import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { testCertificate } from "../helpers/tls.ts";
import { agentTest } from "./helpers.ts";

const FILES = { "/f": "content" };

agentTest(
  "an unknown certificate is status 60 where nobody can be asked",
  { files: FILES, tls: true },
  async (grounds) => {
    const { run, url, events } = grounds;
    const { status, stderr } = await run(["cat", `${url}f`]);
    assertEquals(status, 60);
    assertStringIncludes(stderr, "--pin");
    assertEquals(events.filter(({ type }) => type === "login"), []);
    // Nor in clear: the server offers TLS.
    assertEquals((await run(["cat", `${url}f`], { ask: () => Promise.resolve("n") })).status, 60);
    assertEquals(events.filter(({ type }) => type === "login"), []);
  },
);

agentTest(
  "an accepted certificate is asked about once, and remembered",
  { files: FILES, tls: true },
  async (grounds) => {
    const { run, url, home } = grounds;
    const questions: string[] = [];
    const ask = (question: string) => {
      questions.push(question);
      return Promise.resolve("y");
    };
    const first = await run(["cat", `${url}f`], { ask });
    assertEquals([first.status, new TextDecoder().decode(first.bytes)], [0, "content"]);
    assertStringIncludes(questions[0] ?? "", "self-signed");
    assertEquals((await run(["cat", `${url}f`], { ask })).status, 0);
    assertEquals((await run(["cat", `${url}f`])).status, 0);
    assertEquals(questions.length, 1);
    if (Deno.build.os === "windows") return;
    for (const path of [".config/denoftpd/known_hosts.json", ".local/state/denoftpd/servers.json"]) {
      assertEquals(((await Deno.stat(join(home, path))).mode ?? 0) & 0o777, 0o600, path);
    }
  },
);

agentTest("a changed key stops with both, and is not asked about", { files: FILES, tls: true }, async (grounds) => {
  const { run, url, home, server } = grounds;
  const old = "ab".repeat(32);
  const hosts = { [`127.0.0.1:${server.address.port}`]: { pin: old, subject: "CN=x", since: "2026-01-01" } };
  await Deno.mkdir(join(home, ".config/denoftpd"), { recursive: true });
  await Deno.writeTextFile(join(home, ".config/denoftpd/known_hosts.json"), JSON.stringify({ hosts }));
  const ask = () => Promise.reject(new Error("asked"));
  const { status, stderr } = await run(["cat", `${url}f`], { ask });
  assertEquals(status, 60);
  assertStringIncludes(stderr, old);
  assertEquals(stderr.match(/[0-9a-f]{64}/g)?.length, 2);
});

agentTest("--ca, --pin and --insecure decide by themselves", { files: FILES, tls: true }, async (grounds) => {
  const { run, url, local } = grounds;
  const { certificate } = await testCertificate();
  const ca = join(local, "ca.pem");
  await Deno.writeTextFile(ca, certificate);
  assertEquals((await run(["cat", `${url}f`, "--ca", ca])).status, 0);
  const insecure = await run(["cat", `${url}f`, "--insecure"]);
  assertEquals(insecure.status, 0);
  assertStringIncludes(insecure.stderr, "--insecure");
  const refused = await run(["cat", `${url}f`]);
  const [pin = ""] = /[0-9a-f]{64}/.exec(refused.stderr) ?? [];
  assertEquals((await run(["cat", `${url}f`, "--pin", pin.toUpperCase()])).status, 0);
  const ask = () => Promise.reject(new Error("asked"));
  assertEquals((await run(["cat", `${url}f`, "--pin", "00".repeat(32)], { ask })).status, 60);
  assertEquals((await run(["cat", `${url}f`, "--pin", "0011"])).status, 2);
  assertEquals((await run(["cat", `${url}f`, "--ca", join(local, "none.pem")])).status, 2);
});

agentTest(
  "a server that had TLS and refuses it is status 60",
  { files: FILES },
  async ({ run, url, home, server, events }) => {
    const servers = { [`127.0.0.1:${server.address.port}`]: { tls: "2026-01-01" } };
    await Deno.mkdir(join(home, ".local/state/denoftpd"), { recursive: true });
    await Deno.writeTextFile(join(home, ".local/state/denoftpd/servers.json"), JSON.stringify({ servers }));
    const { status, stderr } = await run(["cat", `${url}f`]);
    assertEquals(status, 60);
    assertStringIncludes(stderr, "had TLS before (2026-01-01)");
    assertEquals(events.filter(({ type }) => type === "login"), []);
    assertEquals((await run(["cat", `${url}f`, "--tls", "off"])).status, 0);
  },
);

agentTest("TLS that was seen is remembered", { files: FILES, tls: true }, async ({ run, url, home, server }) => {
  assertEquals((await run(["ls", url, "--insecure"])).status, 0);
  const { servers } = JSON.parse(await Deno.readTextFile(join(home, ".local/state/denoftpd/servers.json")));
  assertEquals(typeof servers[`127.0.0.1:${server.address.port}`].tls, "string");
});

agentTest("ftpes and ftps insist on TLS", { files: FILES }, async ({ run, server }) => {
  assertEquals((await run(["cat", `ftpes://demo:demo@127.0.0.1:${server.address.port}/f`])).status, 60);
  assertEquals(
    (await run(["cat", `ftp://demo:demo@127.0.0.1:${server.address.port}/f`, "--tls", "required"])).status,
    60,
  );
});

agentTest("a renewal with the same key is trusted, and a broken file is not overwritten", {
  files: FILES,
  tls: true,
}, async ({ run, url, home }) => {
  assertEquals((await run(["cat", `${url}f`], { ask: () => Promise.resolve("yes") })).status, 0);
  const path = join(home, ".config/denoftpd/known_hosts.json");
  // Only the key is compared.
  const text = (await Deno.readTextFile(path)).replace("CN=localhost", "CN=renewed");
  await Deno.writeTextFile(path, text);
  assertEquals((await run(["cat", `${url}f`])).status, 0);
  await Deno.writeTextFile(path, "{ broken");
  const { status, stderr } = await run(["cat", `${url}f`]);
  assertEquals(status, 2);
  assertStringIncludes(stderr, path);
  assertEquals(await Deno.readTextFile(path), "{ broken");
});
