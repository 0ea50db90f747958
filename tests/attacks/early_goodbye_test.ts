import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { protectAndSayGoodbye, protectTrusting } from "../helpers/tls.ts";
import { report, rounds, Target } from "./stage.ts";

const SIZE = 1024 * 1024;
const ROUNDS = rounds({ short: 6, long: 48 });

Deno.test(`${ROUNDS} downloads of 1 MiB are whole though the client says close_notify right after the handshake`, async () => {
  await using target = await Target.start({ tls: true });
  await Deno.writeFile(join(target.server.root, "file"), new Uint8Array(SIZE));
  const certificate = await Deno.readTextFile(target.server.certificateFile);
  await using ftp = await target.connect();
  await ftp.startTls(protectTrusting([certificate]));
  await ftp.login("alice", "wonder-land.7");
  await ftp.expect("TYPE I", 200);
  const received = [];
  for (let round = 0; round < ROUNDS; round++) {
    const data = await ftp.passive();
    await ftp.expect("RETR file", 150);
    using agent = await protectAndSayGoodbye(data, certificate);
    const [{ bytes }] = await Promise.all([agent.readToEnd(), ftp.expectReply(226)]);
    received.push(bytes);
  }
  report("early close_notify", { whole: received.filter((bytes) => bytes === SIZE).length, of: ROUNDS });
  assertEquals(received, Array(ROUNDS).fill(SIZE));
});
