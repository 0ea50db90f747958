/**
 * A test with `deno test`: the fixture is an import, here of code that uploads with basic-ftp, over TLS.
 *
 * deno test --allow-net=127.0.0.1 --allow-env examples/deno
 *
 * @module
 */

import { Readable } from "node:stream";
import { assertEquals, assertRejects } from "@std/assert";
// deno-lint-ignore no-import-prefix -- only this example uses it
import { Client, FTPError } from "npm:basic-ftp@6.0.1";
import { type Fixture, startFixture } from "../../lib/mod.ts";

/** What is being tested: hands in a report, under another name until it is complete. */
async function handIn(report: string, { hostname: host, port, users, ca }: Fixture<"alice">): Promise<void> {
  const client = new Client();
  try {
    const { name: user, password } = users.alice;
    await client.access({ host, port, user, password, secure: true, ...(ca && { secureOptions: { ca } }) });
    await client.uploadFrom(Readable.from([report]), "report.txt.part");
    await client.rename("report.txt.part", "report.txt");
  } finally {
    client.close();
  }
}

Deno.test("handIn uploads under another name first", async () => {
  await using server = await startFixture({ users: { alice: "secret" }, tls: true });
  await handIn("all well\n", server);
  assertEquals(await server.files.texts(), { "/report.txt": "all well\n" });
  server.journal.sequence(["STOR report.txt.part", 226, "RNTO report.txt", 250], { nothingAfter: true });
});

Deno.test("handIn leaves no half report when the disk is full", async () => {
  await using server = await startFixture({ users: { alice: "secret" }, tls: true });
  server.faults.add({ verb: "STOR", action: "diskFull", after: 3 });
  await assertRejects(() => handIn("all well\n", server), FTPError, "452");
  assertEquals(await server.files.exists("/report.txt"), false);
});
