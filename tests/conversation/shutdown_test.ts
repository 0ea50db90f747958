import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { conversation, plainConversation } from "../helpers/server.ts";
import { sendData, Wire } from "../helpers/wire.ts";

const files = { "/big": "x".repeat(32 << 20), "/a": "small" };

conversation(
  "shutdown answers 421 to idle sessions and turns everybody else away",
  {},
  async ({ ftp, server, connect, event }) => {
    const other = await connect();
    const { port } = server.address;
    await server.shutdown();
    for (const wire of [ftp, other]) {
      await wire.expectReply(421);
      assertEquals(await wire.closed(), "");
    }
    assertEquals(server.sessionCount, 0);
    assertEquals((await event("sessionClosed")).reason, "shutdown");
    await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
  },
);

conversation(
  "shutdown lets a running transfer end, answers it, and then says 421",
  {},
  async ({ ftp, server, files, connect }) => {
    const idle = await connect();
    const data = await ftp.begin("STOR a");
    const ended = server.shutdown({ grace: 60_000 });
    await idle.expectReply(421);
    await sendData(data, "whole");
    assertEquals(await ftp.codes(2), [226, 421]);
    await ended;
    assertEquals(new TextDecoder().decode(files.read("/a")), "whole");
  },
);

conversation("shutdown ends what outlives the grace time, and says why", { files }, async ({ ftp, server, event }) => {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin("RETR big");
  await data.read(new Uint8Array(1000));
  await server.shutdown({ grace: 20 });
  assertEquals(await ftp.codes(2), [426, 421]);
  const { complete, reason } = await event("transfer");
  assertEquals([complete, reason], [false, "shutdown"]);
});

conversation("shutdown does not begin what waits for a transfer", {}, async ({ ftp, server, files }) => {
  const data = await ftp.begin("STOR a");
  await ftp.sendAll("MKD d", "STAT");
  await ftp.expectReply(211);
  const ended = server.shutdown({ grace: 60_000 });
  await sendData(data, "x");
  assertEquals(await ftp.codes(2), [226, 421]);
  await ended;
  assertEquals((await Array.fromAsync(files.names("/" as never))).flat(), ["a"]);
});

plainConversation(
  "shutdown resolves at once without sessions, and as often as it is called",
  {},
  async ({ ftp, server, event }) => {
    await ftp.expect("QUIT", 221);
    await event("sessionClosed");
    await Promise.all([server.shutdown(), server.shutdown()]);
    await server.shutdown();
  },
);

plainConversation("listen works again after shutdown, and not before", {}, async ({ server, connect }) => {
  assertThrows(() => server.listen(), Error, "already listening");
  await server.shutdown();
  assertThrows(() => server.address, Error, "does not listen");
  server.listen();
  const ftp = await connect();
  await ftp.login();
  await ftp.upload("STOR a", "x");
});

plainConversation("shutdown does not wait for a client that reads nothing", { files }, async ({ server, event }) => {
  await using deaf = await Wire.connect(server.address.port);
  await deaf.expectReply(220);
  await deaf.login();
  // More replies than the sockets in between can hold, and nobody takes them.
  deaf.sendRaw("HELP\r\n".repeat(60_000)).catch(() => {});
  await event("command", ({ line }) => line === "HELP");
  await server.shutdown({ grace: 0 });
  assertEquals(server.sessionCount, 0);
});

/** A file that takes for ever to read. */
function endless(): MemoryVfs {
  const vfs = new MemoryVfs({ files: { "/a": "x" } });
  const openRead = vfs.openRead.bind(vfs);
  vfs.openRead = async (path, offset) => {
    const source = await openRead(path, offset);
    const read = () => new Promise<number>((resolve) => setTimeout(resolve, 1, 1));
    return { size: 2 ** 50, read, close: () => source.close() };
  };
  const stat = vfs.stat.bind(vfs);
  vfs.stat = async (path) => ({ ...await stat(path), size: 2 ** 50 });
  return vfs;
}

conversation(
  "shutdown does not wait for a digest that takes hours",
  { vfs: endless },
  async ({ ftp, server, event }) => {
    await ftp.send("HASH a");
    await event("command", ({ line }) => line === "HASH a");
    await server.shutdown({ grace: 20 });
    await ftp.expectReply(421);
    assertEquals(await ftp.closed(), "");
  },
);

plainConversation("await using ends everything", { files }, async ({ ftp, server }) => {
  await ftp.begin("RETR big");
  {
    await using _same = server;
  }
  assertEquals(server.sessionCount, 0);
  assert((await ftp.codes(2)).includes(421));
});
