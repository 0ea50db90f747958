import { assert, assertEquals, assertMatch } from "@std/assert";
import { writeAll } from "../../lib/net/connection.ts";
import { parseExtendedPassiveText } from "../../lib/protocol/address.ts";
import { conversation, plainConversation } from "../helpers/server.ts";
import { readAll, sendData } from "../helpers/wire.ts";

const big = { "/big": "x".repeat(32 << 20), "/a": "small" };

/**
 * Ways in which clients send ABOR: plainly, and with what is left of the Telnet Synch in front (RFC 959 section 4.1.3).
 */
const ABORTS: Readonly<Record<string, Uint8Array>> = {
  "ABOR": new TextEncoder().encode("ABOR\r\n"),
  "ABOR behind IAC IP IAC DM": Uint8Array.from([255, 244, 255, 242, ...new TextEncoder().encode("ABOR\r\n")]),
  "ABOR behind IAC IP IAC": Uint8Array.from([255, 244, 255, ...new TextEncoder().encode("ABOR\r\n")]),
  "ABOR behind DM alone": Uint8Array.from([242, ...new TextEncoder().encode("ABOR\r\n")]),
  "abor in small letters": new TextEncoder().encode("abor\r\n"),
};

for (const [name, bytes] of Object.entries(ABORTS)) {
  conversation(`RETR is ended by ${name}: 426, then 226`, { files: big }, async ({ ftp, event }) => {
    await ftp.expect("TYPE I", 200);
    const data = await ftp.begin("RETR big");
    await data.read(new Uint8Array(1000));
    await ftp.sendRaw(bytes);
    assertEquals(await ftp.codes(2), [426, 226]);
    const { complete, reason, bytes: moved } = await event("transfer");
    assertEquals([complete, reason], [false, "aborted"]);
    assert(moved > 0 && moved < 32 << 20);
    await ftp.expect("NOOP", 200);
    assertEquals(await ftp.downloadText("RETR a"), "small");
  });
}

conversation("ABOR ends an upload and keeps what has arrived", {}, async ({ ftp, files, event }) => {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin("STOR a");
  await writeAll(data, new TextEncoder().encode("12345"));
  while (!(await ftp.say("STAT")).lines.includes(" STOR a: 5 bytes so far"));
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
  assertEquals((await event("transfer")).reason, "aborted");
  assertEquals(files.read("/a").length, 5);
});

for (const line of ["RETR a", "STOR b", "LIST"]) {
  conversation(`ABOR ends ${line} that waits for its data connection`, { files: big }, async ({ ftp, event }) => {
    await ftp.expect("EPSV", 229);
    await ftp.expect(line, 150);
    await ftp.send("ABOR");
    assertEquals(await ftp.codes(2), [426, 226]);
    const { bytes, reason } = await event("transfer");
    assertEquals([bytes, reason], [0, "aborted"]);
    await ftp.expect(line, 425);
  });

  conversation(`ABOR in the same packet as ${line} gets its answers in order`, { files: big }, async ({ ftp }) => {
    await ftp.expect("EPSV", 229);
    await ftp.sendAll(line, "ABOR", "NOOP");
    assertEquals(await ftp.codes(4), [150, 426, 226, 200]);
  });
}

conversation("ABOR without a transfer is answered 226, with a data connection open too", {}, async ({ ftp }) => {
  await ftp.expect("ABOR", 226);
  const data = await ftp.passive();
  await ftp.expect("ABOR", 226);
  assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
  await ftp.expect("LIST", 425);
});

conversation(
  "ABOR is answered right behind the transfer, before what waited for its turn",
  { files: big },
  async ({ ftp }) => {
    await ftp.expect("TYPE I", 200);
    await ftp.begin("RETR big");
    await ftp.sendAll("NOOP", "MKD d", "SIZE a", "ABOR", "PWD");
    assertEquals(await ftp.codes(6), [426, 226, 200, 257, 213, 257]);
  },
);

conversation("ABOR a second time has nothing to end", { files: big }, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.begin("RETR big");
  await ftp.sendAll("ABOR", "ABOR", "NOOP");
  assertEquals(await ftp.codes(4), [426, 226, 226, 200]);
});

conversation("STAT reports the progress of a running transfer", { files: big }, async ({ ftp }) => {
  const data = await ftp.begin("STOR new");
  await writeAll(data, new Uint8Array(1000));
  let lines: readonly string[] = [];
  while (!lines.some((line) => line === " STOR new: 1000 bytes so far")) lines = (await ftp.expect("STAT", 211)).lines;
  assertEquals(lines[0], "211-denoftpd status");
  assertEquals(lines.at(-1), "211 End of status");
  await sendData(data, "");
  await ftp.expectReply(226);
  assert((await ftp.expect("STAT", 211)).lines.includes(" No transfer in progress"));
});

conversation("STAT with a path waits for the end of the transfer", { files: big }, async ({ ftp }) => {
  const data = await ftp.begin("STOR new");
  await ftp.sendAll("STAT a", "STAT");
  await ftp.expectReply(211);
  await sendData(data, "");
  assertEquals(await ftp.codes(2), [226, 213]);
});

plainConversation("QUIT and a half-closed control connection let a download end", {
  files: { "/a": "x".repeat(4 << 20) },
}, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin("RETR a");
  await ftp.send("QUIT");
  await ftp.halfClose();
  assertEquals((await readAll(data)).length, 4 << 20);
  await ftp.expectReply(226);
  await ftp.expectReply(221);
});

for (const verb of ["STOR", "APPE", "STOU"]) {
  conversation(
    `QUIT during ${verb} is answered at once, the upload when it has ended`,
    {},
    async ({ ftp, files, event }) => {
      const data = await ftp.begin(`${verb} a`);
      await writeAll(data, new TextEncoder().encode("wh"));
      await ftp.expect("QUIT", 221);
      // Nothing is run behind QUIT, but it can still be asked how far the upload is.
      await ftp.sendAll("MKD never", "FROBNICATE", "DELE \0", "STAT");
      assert((await ftp.expectReply(211)).lines.some((line) => line.includes("bytes so far")));
      await sendData(data, "ole");
      await ftp.expectReply(226);
      assertEquals(await ftp.closed(), "");
      assertEquals(new TextDecoder().decode(files.read("/a")), "whole");
      assertEquals(await Array.fromAsync(files.names("/" as never)), [["a"]]);
      assertEquals((await event("sessionClosed")).reason, "quit");
    },
  );
}

conversation("QUIT in the same packet as STOR is answered after its 150", {}, async ({ ftp }) => {
  const data = await ftp.passive();
  await ftp.sendAll("STOR a", "QUIT");
  assertEquals(await ftp.codes(2), [150, 221]);
  await sendData(await ftp.protect(data), "whole");
  await ftp.expectReply(226);
  assertEquals(await ftp.closed(), "");
});

conversation("ABOR after QUIT ends the upload", {}, async ({ ftp }) => {
  await ftp.begin("STOR a");
  await ftp.sendAll("QUIT", "ABOR");
  assertEquals(await ftp.codes(3), [221, 426, 226]);
  assertEquals(await ftp.closed(), "");
});

conversation(
  "An upload behind QUIT has the time that others have, and no more",
  { options: { stallTimeout: 50 } },
  async ({ ftp, event }) => {
    await ftp.begin("STOR a");
    await ftp.expect("QUIT", 221);
    await ftp.expectReply(426);
    assertEquals(await ftp.closed(), "");
    assertEquals((await event("transfer")).reason, "stalled");
  },
);

plainConversation("QUIT during an upload and a half-closed control connection: 221, then 226", {}, async ({ ftp }) => {
  const data = await ftp.begin("STOR a");
  await ftp.expect("QUIT", 221);
  await ftp.halfClose();
  await sendData(data, "whole");
  await ftp.expectReply(226);
  assertEquals(await ftp.closed(), "");
});

plainConversation("An upload continues when its client closes the control connection after QUIT", {}, async (stage) => {
  const { connect, event, files } = stage;
  const ftp = await connect();
  await ftp.login();
  const data = await ftp.begin("STOR new");
  await ftp.expect("QUIT", 221);
  ftp.hangUp();
  await sendData(data, "whole");
  assertEquals((await event("transfer")).complete, true);
  await event("sessionClosed");
  assertEquals(new TextDecoder().decode(files.read("/new")), "whole");
});

conversation("QUIT after commands that wait for an upload keeps its place", {}, async ({ ftp }) => {
  const data = await ftp.begin("STOR a");
  await ftp.sendAll("NOOP", "QUIT");
  await ftp.expect("STAT", 211);
  await sendData(data, "whole");
  assertEquals(await ftp.codes(3), [226, 200, 221]);
  assertEquals(await ftp.closed(), "");
});

for (const line of ["RETR a", "LIST"]) {
  conversation(`QUIT lets ${line} end, answers it, then says goodbye`, { files: big }, async ({ ftp }) => {
    const port = parseExtendedPassiveText((await ftp.expect("EPSV", 229)).text) ?? 0;
    await ftp.sendAll(line, "QUIT");
    await ftp.expectReply(150);
    // Answered at once, so the server has read the QUIT that was sent before.
    await ftp.expect("STAT", 211);
    const data = await ftp.protect(await Deno.connect({ hostname: ftp.hostname, port }));
    assert((await readAll(data)).length > 0);
    assertEquals(await ftp.codes(2), [226, 221]);
    assertEquals(await ftp.closed(), "");
  });
}

conversation("QUIT in the same packet as a STOR that is refused is answered after the refusal", {}, async ({ ftp }) => {
  await ftp.passive();
  await ftp.sendAll("STOR no/such/a", "QUIT");
  assertEquals((await ftp.codes(2))[1], 221);
  assertEquals(await ftp.closed(), "");
});

conversation("Commands sent during a transfer are answered after it, in order", {}, async ({ ftp }) => {
  const data = await ftp.begin("STOR a");
  await ftp.sendAll("NOOP", "PWD", "MKD d", "FROBNICATE", "CWD d", "DELE missing", "USER other", "PWD");
  await ftp.expect("STAT", 211);
  await sendData(data, "x");
  assertEquals(await ftp.codes(9), [226, 200, 257, 257, 500, 250, 550, 331, 530]);
});

plainConversation("Lines that are not commands keep their place after a transfer", {}, async ({ ftp }) => {
  const data = await ftp.begin("STOR a");
  await ftp.sendAll("NOOP", "PWD \0", `PWD ${"x".repeat(9000)}`, "PWD");
  await ftp.expect("STAT", 211);
  await sendData(data, "x");
  assertEquals(await ftp.codes(5), [226, 200, 500, 500, 257]);
});

conversation("A transfer sent during a transfer follows it", { files: big }, async ({ ftp, files }) => {
  const data = await ftp.begin("STOR b");
  await ftp.sendAll("EPSV", "RETR a");
  await sendData(data, "first");
  await ftp.expectReply(226);
  const port = Number(/\|(\d+)\|/.exec((await ftp.expectReply(229)).text)?.[1]);
  await ftp.expectReply(150);
  const second = await ftp.protect(await Deno.connect({ hostname: ftp.hostname, port }));
  assertEquals(new TextDecoder().decode(await readAll(second)), "small");
  await ftp.expectReply(226);
  assertEquals(files.read("/b").length, 5);
});

conversation("Hundreds of commands during a transfer are all answered, in order", {}, async ({ ftp }) => {
  const data = await ftp.begin("STOR a");
  const sending = ftp.sendRaw(Array.from({ length: 700 }, (_, index) => `CLNT ${index}\r\nMODE S\r\n`).join(""));
  await sendData(data, "x");
  await sending;
  await ftp.expectReply(226);
  for (let index = 0; index < 700; index++) {
    assertMatch((await ftp.expectReply(200)).text, /^Client name accepted/);
    assertMatch((await ftp.expectReply(200)).text, /^Mode/);
  }
});
