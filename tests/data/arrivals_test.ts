import { assertEquals, assertRejects } from "@std/assert";
import { Arrivals } from "../../lib/data/arrivals.ts";
import { parseNetwork } from "../../lib/net/ip.ts";

const networks = [parseNetwork("192.0.2.0/24")].filter((network) => network !== undefined);

Deno.test("Arrivals closes a connection that was accepted while the port was being closed", async () => {
  let closed = 0;
  const remoteAddr = { hostname: "198.51.100.7", port: 50000 };
  const socket = { remoteAddr, read: () => Promise.resolve(null), close: () => void closed++ };
  const accepted = Promise.withResolvers<typeof socket>();
  const ends = () => Promise.reject(new Deno.errors.BadResource("The listener is closed"));
  const accepts = [() => accepted.promise, ends];
  const rules = { networks, timeout: 0, onRefused: () => {} };
  const arrivals = new Arrivals(() => (accepts.shift() ?? ends)(), rules);
  const next = assertRejects(() => arrivals.next(), Deno.errors.BadResource);
  arrivals.close();
  accepted.resolve(socket);
  await next;
  assertEquals(closed, 1);
});
