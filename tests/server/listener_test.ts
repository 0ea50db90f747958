import { assertEquals } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { resolveOptions } from "../../lib/options/resolve.ts";
import { Listeners } from "../../lib/server/listener.ts";

/** The length of the system's queue. */
const QUEUE = 512;

Deno.test("Listeners take the first connections for those that came before their port was prepared", async () => {
  const options = resolveOptions({
    authenticator: { authenticate: () => ({ ok: false, reason: "unknown" }) },
    fileSystem: () => new MemoryVfs(),
    host: "127.0.0.1",
    port: 0,
    prepareListener: () => true,
  });
  const prepared: boolean[] = [];
  const all = Promise.withResolvers<void>();
  const listeners = new Listeners(options, {
    receive(connection, port) {
      connection.close();
      prepared.push(port.prepared);
      if (prepared.length === QUEUE + 1) all.resolve();
    },
    acceptFailed: (error) => all.reject(error),
  });
  listeners.bind();
  listeners.accept();
  for (let count = 0; count <= QUEUE; count++) {
    using _connection = await Deno.connect(listeners.address);
  }
  await all.promise;
  await listeners.close();
  assertEquals(prepared.indexOf(true), QUEUE);
});
