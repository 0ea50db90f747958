import { assertEquals } from "@std/assert";
import { writeAll } from "../../lib/net/connection.ts";
import { LingeringConnections } from "../../lib/net/lingering.ts";
import { protectAndSayGoodbye, testCertificate } from "../helpers/tls.ts";
import { endpoint, loopback, ROUTES } from "./helpers.ts";

const SIZE = 400_000;

for (const route of ROUTES) {
  Deno.test(`LingeringConnections let a peer have all that has said close_notify already, by the ${route} route`, async () => {
    using tls = await endpoint({ route }, await testCertificate());
    const { client, server } = await loopback();
    const [secured, agent] = await Promise.all([tls.secure(server), protectAndSayGoodbye(client)]);
    const all = new LingeringConnections();
    using _agent = agent;
    await writeAll(secured, new Uint8Array(SIZE));
    await secured.closeWrite();
    all.add(secured, "one");
    assertEquals(await agent.readToEnd(), { bytes: SIZE, clean: true });
    agent[Symbol.dispose]();
    await all.over();
  });
}
