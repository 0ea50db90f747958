import { assert, assertEquals } from "@std/assert";
import type { FtpServer } from "../../lib/server/server.ts";
import { conversation } from "../helpers/server.ts";
import { sendData, type Wire } from "../helpers/wire.ts";

/** Asks until the only transfer has moved this many bytes. */
async function moved(server: FtpServer, ftp: Wire, bytes: number) {
  for (;;) {
    const [transfer] = server.transfers();
    if (transfer?.bytes === bytes) return transfer;
    await ftp.expect("STAT", 211);
  }
}

conversation("transferStarted comes before every transfer, with its size where that is known", {
  files: { "/d/a": "0123456789", "/empty": "" },
}, async ({ ftp, events }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.download("RETR d/a");
  await ftp.expect("REST 4", 350);
  await ftp.download("RETR d/a");
  await ftp.download("RETR empty");
  await ftp.expect("ALLO 3", 200);
  await ftp.upload("STOR new", "abc");
  await ftp.upload("STOR new", "abc");
  await ftp.downloadLines("NLST d");
  const started = events.flatMap((event) =>
    event.type === "transferStarted" ? [[event.verb, event.direction, event.path, event.offset, event.size]] : []
  );
  assertEquals(started, [
    ["RETR", "download", "/d/a", 0, 10],
    ["RETR", "download", "/d/a", 4, 6],
    ["RETR", "download", "/empty", 0, undefined],
    ["STOR", "upload", "/new", 0, 3],
    ["STOR", "upload", "/new", 0, undefined],
    ["NLST", "listing", "/d", 0, undefined],
  ]);
  const order = events.flatMap(({ type }) => type === "transferStarted" || type === "transfer" ? [type] : []);
  assertEquals(order, started.flatMap(() => ["transferStarted", "transfer"]));
});

conversation("transferStarted is followed by transfer where no data connection comes about", {
  files: { "/a": "x" },
}, async ({ ftp, event }) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  // Nothing accepts connections there any more.
  listener.close();
  await ftp.expect(`EPRT |1|127.0.0.1|${port}|`, 200);
  await ftp.expect("RETR a", 150);
  await ftp.expectReply(425);
  assertEquals((await event("transferStarted")).path, "/a");
  assertEquals((await event("transfer")).reason, "dataNotOpened");
});

conversation("Events carry the time of the server's clock", {
  options: { clock: () => 1_700_000_000_000 },
}, async ({ ftp, events }) => {
  await ftp.expect("NOOP", 200);
  assertEquals(new Set(events.map(({ time }) => time)), new Set([1_700_000_000_000]));
});

conversation("transfers shows how far a running transfer is, and no longer once it has ended", {}, async (stage) => {
  const { ftp, server } = stage;
  assertEquals(server.transfers(), []);
  await ftp.expect("TYPE I", 200);
  await ftp.expect("MKD d", 257);
  await ftp.expect("CWD d", 250);
  await ftp.expect("ALLO 10", 200);
  const data = await ftp.begin("STOR a");
  await data.write(new TextEncoder().encode("01234"));
  const { milliseconds, rate, ...first } = await moved(server, ftp, 5);
  const [info] = server.sessions();
  assertEquals(first, {
    session: info?.id ?? "",
    address: "127.0.0.1",
    user: "demo",
    verb: "STOR",
    direction: "upload",
    path: "/d/a",
    offset: 0,
    size: 10,
    bytes: 5,
  });
  assert(milliseconds > 0 && rate > 0);
  await sendData(data, "56789");
  await ftp.expectReply(226);
  assertEquals(server.transfers(), []);
});
