import { assert, assertEquals, assertMatch } from "@std/assert";
import { conversation, plainConversation } from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";

const encoder = new TextEncoder();

conversation("A line may come byte by byte", {}, async ({ ftp }) => {
  for (const byte of encoder.encode("NOOP\r\n")) await ftp.sendRaw(Uint8Array.of(byte));
  await ftp.expectReply(200);
  for (const part of ["PW", "D\r", "\nNO", "OP\r\n"]) await ftp.sendRaw(part);
  assertEquals(await ftp.codes(2), [257, 200]);
});

conversation("A line may end with LF alone, or with two CR", {}, async ({ ftp }) => {
  await ftp.sendRaw("NOOP\nPWD\r\r\nNOOP\r\n");
  assertEquals(await ftp.codes(3), [200, 257, 200]);
});

conversation("A thousand pipelined commands are answered in order", {}, async ({ ftp }) => {
  const lines = Array.from(
    { length: 1000 },
    (_, index) => index % 3 === 0 ? "PWD" : index % 3 === 1 ? "NOOP" : "SIZE x",
  );
  await ftp.sendAll(...lines);
  assertEquals(await ftp.codes(1000), lines.map((line) => line === "PWD" ? 257 : line === "NOOP" ? 200 : 550));
});

conversation("A whole session may be pipelined", { login: false }, async ({ ftp }) => {
  await ftp.sendAll("USER demo", "PASS demo", "SYST", "PWD", "MKD d", "CWD d", "PWD", "QUIT");
  assertEquals(await ftp.codes(8), [331, 230, 215, 257, 257, 250, 257, 221]);
  assertEquals(await ftp.closed(), "");
});

conversation("A line that is too long is answered 500, once, and the session lives on", {}, async ({ ftp }) => {
  await ftp.sendRaw(`STOR ${"x".repeat(100_000)}\r\nNOOP\r\n`);
  assertEquals(await ftp.codes(2), [500, 200]);
  await ftp.sendRaw("y".repeat(9000));
  await ftp.sendRaw("\r\n");
  await ftp.expectReply(500);
  await ftp.expect("PWD", 257);
});

conversation("NUL, a stray CR and what is not UTF-8 are answered 500 in their place", {}, async ({ ftp }) => {
  await ftp.sendRaw(encoder.encode("NOOP\r\nDELE a\0b\r\nPWD\r\nDELE a\rb\r\n"));
  await ftp.sendRaw(Uint8Array.from([...encoder.encode("DELE "), 0xc3, 0x28, ...encoder.encode("\r\nNOOP\r\n")]));
  assertEquals(await ftp.codes(6), [200, 500, 257, 500, 500, 200]);
});

conversation("Telnet options are refused, and taken out of a line", {}, async ({ ftp }) => {
  const [will, wont, doIt, dont, iac, noOperation] = [251, 252, 253, 254, 255, 241];
  await ftp.sendRaw(Uint8Array.of(iac, will, 31, iac, wont, 3, iac, doIt, 1, iac, dont, 3));
  assertEquals(await ftp.receiveRaw(6), Uint8Array.of(iac, dont, 31, iac, wont, 1));
  await ftp.sendRaw(Uint8Array.from([...encoder.encode("NO"), iac, noOperation, ...encoder.encode("OP\r\n")]));
  await ftp.expectReply(200);
});

conversation(
  "IAC IAC in a name is not UTF-8 and answered 500",
  { files: { "/ab": "kept" } },
  async ({ ftp, files }) => {
    await ftp.passive();
    for (const verb of ["STOR", "DELE"]) {
      await ftp.sendRaw(Uint8Array.from([...encoder.encode(`${verb} a`), 255, 255, ...encoder.encode("b\r\n")]));
      await ftp.expectReply(500);
    }
    assertEquals(new TextDecoder().decode(files.read("/ab")), "kept");
  },
);

conversation("A line without an end is answered 421 and closed", {}, async ({ ftp, event }) => {
  // The server reads as far as it wants to; the rest finds nobody.
  const sending = ftp.sendRaw("x".repeat(16 << 20)).catch(() => {});
  await ftp.expectReply(421);
  await ftp.closed().catch(() => {});
  ftp.close();
  await sending;
  assertEquals((await event("sessionClosed")).reason, "endless line");
});

conversation("An empty line is an unknown command", {}, async ({ ftp }) => {
  await ftp.expect("", 500);
  await ftp.expect(" NOOP", 500);
  await ftp.expect("NOOP", 200);
});

for (
  const request of [
    "GET / HTTP/1.1",
    "POST /upload HTTP/1.1",
    "HEAD / HTTP/1.0",
    "OPTIONS * HTTP/1.1",
    "CONNECT a:21 HTTP/1.1",
  ]
) {
  plainConversation(
    `${request} closes the connection before what follows is read`,
    { login: false },
    async ({ ftp, event, events }) => {
      await ftp.sendAll(request, "Host: ftp", "", "USER demo", "PASS demo", "MKD evil");
      assertMatch(await ftp.closed(), /^421 [^\r]*\r\n$/);
      assertEquals((await event("sessionClosed")).reason, "spoke HTTP");
      assertEquals(events.filter(({ type }) => type === "command").length, 0);
    },
  );
}

conversation("Ten bad commands in a row are answered 421, fewer are forgiven", {}, async ({ ftp, event }) => {
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 9; index++) await ftp.expect("FROBNICATE", 500);
    await ftp.expect("NOOP", 200);
  }
  for (let index = 0; index < 5; index++) await ftp.expect("FROBNICATE", 500);
  for (let index = 0; index < 4; index++) await ftp.expect("DELE \0", 500);
  await ftp.expect("FROBNICATE", 500);
  await ftp.expectReply(421);
  assertEquals(await ftp.closed(), "");
  assertEquals((await event("sessionClosed")).reason, "bad commands");
});

conversation(
  "Bad commands are not counted where that is switched off",
  { options: { maxBadCommands: 0 } },
  async ({ ftp }) => {
    for (let index = 0; index < 30; index++) await ftp.expect("FROBNICATE", 500);
    await ftp.expect("NOOP", 200);
  },
);

conversation("Nothing runs after QUIT", {}, async ({ ftp, files }) => {
  await ftp.sendAll("QUIT", "MKD d");
  await ftp.expectReply(221);
  await ftp.closed().catch(() => {});
  assertEquals(await Array.fromAsync(files.names("/" as never)), []);
});

conversation("What a name holds cannot make a second reply", {}, async ({ ftp }) => {
  // ESC, BEL and DEL are legal in names; in a reply they become question marks, and a line end could never be there.
  const { lines } = await ftp.expect("MKD a\x1b[31mb\x07c\x7f", 257);
  assertEquals(lines, ['257 "/a?[31mb?c?" created']);
  const inner = await ftp.expect("MLST a\x1b[31mb\x07c\x7f", 250);
  assertEquals(inner.lines.length, 3);
  await ftp.upload("STOR 250 done", "x");
  const status = await ftp.expect("STAT 250 done", 213);
  assert(status.lines.slice(1, -1).every((line) => line.startsWith(" ")));
});

conversation("Replies end with exactly one CR LF", { login: false }, async ({ server }) => {
  const ftp = await Wire.connect(server.address.port);
  try {
    await ftp.sendAll("USER demo", "FEAT", "NOOP", "HELP", "QUIT");
    const text = await ftp.closed();
    assertMatch(text, /^(\d{3}[ -][^\r\n]*\r\n( [^\r\n]*\r\n)*(\d{3} [^\r\n]*\r\n)?)+$/);
    assert(text.endsWith("221 Goodbye\r\n"));
  } finally {
    ftp.close();
  }
});

conversation("Every command and reply is an event of the session, in order", {}, async ({ ftp, events }) => {
  const from = events.length;
  await ftp.expect("PWD", 257);
  await ftp.expect("FROBNICATE", 500);
  await ftp.download("LIST");
  const seen = events.slice(from).flatMap((event): (string | number)[] => {
    if (event.type === "command") return [event.line];
    return event.type === "reply" ? [event.code] : [];
  });
  assertEquals(seen, ["PWD", 257, "FROBNICATE", 500, "EPSV", 229, "LIST", 150, 226]);
});
