/** What a registry would be given, and whether it works in a project that is not this checkout. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { run } from "../clients/process.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url)).replace(/\/$/, "");

Deno.test("deno publish has nothing to complain about, and leaves out tests, keys and accounts", async () => {
  const { stderr } = await run(Deno.execPath(), ["publish", "--dry-run", "--allow-dirty"], {
    cwd: ROOT,
    inheritEnvironment: true,
    timeLimit: 300_000,
  });
  assertStringIncludes(stderr, "Success");
  assertEquals(stderr.match(/warning/gi), null);
  const files = Array.from(stderr.matchAll(/file:\/\/(\S+) \(/g), ([, path = ""]) => path.slice(ROOT.length + 1));
  const outside = files.filter((path) => !path.startsWith("lib/"));
  assertEquals(outside.toSorted(), ["CHANGELOG.md", "LICENSE", "README.md", "deno.json", "main.ts"]);
  assertEquals(files.filter((path) => /\.(pem|key)$|users\.json$/.test(path)), []);
});

Deno.test("a project that links this folder can import the fixture and the server", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const imports = { "@denoftpd/denoftpd": "jsr:@denoftpd/denoftpd@^0.1.0" };
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ links: [ROOT], imports }));
    await Deno.writeTextFile(
      join(folder, "linked_test.ts"),
      `import { startFixture } from "@denoftpd/denoftpd/fixture";
import { FtpServer } from "@denoftpd/denoftpd";
Deno.test("linked", async () => {
  await using server = await startFixture({ files: { "/a": "A" }, tls: true });
  if (!(server.server instanceof FtpServer) || await server.files.readText("/a") !== "A") throw new Error();
});
`,
    );
    const { stdout } = await run(Deno.execPath(), ["test", "--allow-all", "linked_test.ts"], {
      cwd: folder,
      inheritEnvironment: true,
    });
    assertMatch(stdout, /1 passed/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
