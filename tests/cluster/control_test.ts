import { assertEquals } from "@std/assert";
import { Cluster } from "../../lib/cluster/cluster.ts";
import { ClusterMember } from "../../lib/cluster/state.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { authenticatorOf } from "../helpers/server.ts";

Deno.test("ClusterMember.control bans at a server that does not share its bans", async () => {
  // Nothing is connected.
  await using cluster = new Cluster({ hostname: "127.0.0.1", port: 1, database: 0, tls: false });
  using member = new ClusterMember(cluster);
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }),
    fileSystem: () => new MemoryVfs(),
  });
  const control = member.control(server);
  const ban = await control.ban("192.0.2.7", { duration: 60_000, reason: "a scan" });
  assertEquals(ban?.address, "192.0.2.7");
  assertEquals((await control.bans()).map(({ address }) => address), ["192.0.2.7"]);
  assertEquals(await control.unban("192.0.2.7"), true);
  assertEquals(await control.bans(), []);
});
