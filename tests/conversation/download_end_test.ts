import { assertEquals } from "@std/assert";
import { plainConversation, tlsConversation } from "../helpers/server.ts";
import { protect, protectAndSayGoodbye } from "../helpers/tls.ts";
import { readAll } from "../helpers/wire.ts";

/** It fits into the sockets' buffers, and most of it is still in the server's when everything is sent. */
const SIZE = 400_000;
const files = { "/big": "x".repeat(SIZE) };

tlsConversation(
  "A download reaches a client whole that says close_notify before it reads",
  { files },
  async (stage) => {
    const { ftp, event } = stage;
    await ftp.startTls(protect);
    await ftp.login();
    await ftp.expect("TYPE I", 200);
    const data = await ftp.passive();
    await ftp.expect("RETR big", 150);
    using agent = await protectAndSayGoodbye(data);
    assertEquals((await event("transfer")).complete, true);
    await ftp.expectReply(226);
    assertEquals(await agent.readToEnd(), { bytes: SIZE, clean: true });
  },
);

plainConversation(
  "A download reaches a client whole that has sent something before it reads",
  { files },
  async (stage) => {
    const { ftp, event } = stage;
    await ftp.expect("TYPE I", 200);
    const data = await ftp.passive();
    await data.write(new Uint8Array(10));
    await ftp.expect("RETR big", 150);
    assertEquals((await event("transfer")).complete, true);
    await ftp.expectReply(226);
    assertEquals((await readAll(data)).length, SIZE);
  },
);
