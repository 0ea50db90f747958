import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { ALICE, ServerUnderTest } from "../clients/server_under_test.ts";
import { Wire } from "../helpers/wire.ts";

/** Logs in and reads a file; the server closes that data connection, and its port then waits (TIME_WAIT). */
async function visit(server: ServerUnderTest): Promise<Wire> {
  await Deno.writeTextFile(join(server.root, "file"), "content");
  const wire = await Wire.connect(server.port);
  await wire.expectReply(220);
  await wire.login(ALICE.user, ALICE.password);
  assertEquals(await wire.downloadText("RETR file"), "content");
  return wire;
}

for (const workers of [1, 2]) {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    Deno.test({
      name: `serve --workers ${workers} starts on its port again right after ${signal}, with clients still connected`,
      ignore: Deno.build.os === "windows",
      fn: async () => {
        let port = 0;
        const clients: Wire[] = [];
        for (let times = 0; times < 2; times++) {
          await using server = await ServerUnderTest.start({ workers, port });
          if (port > 0) assertEquals(server.port, port);
          port = server.port;
          clients.push(await visit(server));
          // A client that does not close leaves the server's end of its connection behind.
          if (signal === "SIGTERM") assertEquals((await server.stop()).code, 0);
          else Deno.kill(server.pid, signal);
        }
        for (const client of clients) client.close();
      },
    });
  }
}
