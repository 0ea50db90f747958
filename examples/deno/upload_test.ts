/**
 * A test with `deno test`: the fixture is an import, here of code that uploads with basic-ftp.
 *
 * deno test --allow-net=127.0.0.1 --allow-env examples/deno
 *
 * @module
 */

import { Readable } from "node:stream";
import { assertEquals, assertRejects } from "@std/assert";
// deno-lint-ignore no-import-prefix -- only this example uses it
import { Client, FTPError } from "npm:basic-ftp@6.0.1";
import { type FixtureAccount, startFixture } from "../../lib/mod.ts";

/** What is being tested: hands in a report, under another name until it is complete. */
async function handIn(report: string, { url, name, password }: FixtureAccount): Promise<void> {
  const client = new Client();
  try {
    const { hostname: host, port } = new URL(url);
    await client.access({ host, port: Number(port), user: name, password });
    await client.uploadFrom(Readable.from([report]), "report.txt.part");
    await client.rename("report.txt.part", "report.txt");
  } finally {
    client.close();
  }
}

Deno.test("handIn uploads under another name first", async () => {
  await using server = await startFixture({ users: { alice: "secret" } });
  await handIn("all well\n", server.users.alice);
  assertEquals(await server.files.texts(), { "/report.txt": "all well\n" });
  server.journal.sequence(["STOR report.txt.part", 226, "RNTO report.txt", 250], { nothingAfter: true });
});

Deno.test("handIn leaves no half report when the disk is full", async () => {
  await using server = await startFixture({ users: { alice: "secret" } });
  server.faults.add({ verb: "STOR", action: "diskFull", after: 3 });
  await assertRejects(() => handIn("all well\n", server.users.alice), FTPError, "452");
  assertEquals(await server.files.exists("/report.txt"), false);
});
