import { assert, assertEquals } from "@std/assert";
import { writeAll } from "../../lib/net/connection.ts";
import { conversation } from "../helpers/server.ts";
import { Random } from "../helpers/random.ts";
import { readAll, sendData } from "../helpers/wire.ts";

const encoder = new TextEncoder();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Many lines of all lengths, so that line ends lie on both sides of every border of a buffer. */
function lines(seed: number, end: string): string {
  const random = new Random(seed);
  return Array.from({ length: 6000 }, () => "x".repeat(random.upTo(90)) + end).join("");
}

conversation("RETR in TYPE A ends lines with CR LF, and keeps those that do already", {
  files: { "/unix": "a\nb\n\nc", "/dos": "a\r\nb\r\n", "/mixed": "a\nb\r\nc\rd\n" },
}, async ({ ftp }) => {
  assertEquals(await ftp.downloadText("RETR unix"), "a\r\nb\r\n\r\nc");
  assertEquals(await ftp.downloadText("RETR dos"), "a\r\nb\r\n");
  assertEquals(await ftp.downloadText("RETR mixed"), "a\r\nb\r\nc\rd\r\n");
});

conversation("STOR in TYPE A ends lines as the host does, and loses no CR", {}, async ({ ftp, files }) => {
  await ftp.upload("STOR a", "a\r\nb\r\n\r\nc\rd\r");
  assertEquals(text(files.read("/a")), "a\nb\n\nc\rd\r");
});

conversation(
  "TYPE A converts at every border of a buffer, both ways",
  { files: { "/long": lines(1, "\n") } },
  async ({ ftp, files }) => {
    assert(await ftp.downloadText("RETR long") === lines(1, "\r\n"));
    await ftp.upload("STOR back", lines(1, "\r\n"));
    assert(text(files.read("/back")) === lines(1, "\n"));
  },
);

conversation("STOR in TYPE A joins a CR and an LF that come in two packets", {}, async ({ ftp, files }) => {
  const data = await ftp.begin("STOR a");
  let sent = 0;
  for (const piece of ["one\r", "\ntwo\r", "\r", "\nthree", "\r\n"]) {
    await writeAll(data, encoder.encode(piece));
    sent += piece.length;
    // Asked until the piece has been taken in by itself: a CR may be kept back, and is counted once its LF has come.
    while (!(await ftp.say("STAT")).lines.some((line) => Number(/STOR a: (\d+)/.exec(line)?.[1] ?? -1) >= sent - 1));
  }
  await sendData(data, "");
  await ftp.expectReply(226);
  assertEquals(text(files.read("/a")), "one\ntwo\r\nthree\n");
});

conversation("TYPE I changes no byte", { files: { "/a": "a\nb\r\nc\r" } }, async ({ ftp, files }) => {
  await ftp.expect("TYPE I", 200);
  assertEquals(await ftp.downloadText("RETR a"), "a\nb\r\nc\r");
  await ftp.upload("STOR b", "a\nb\r\nc\r");
  assertEquals(text(files.read("/b")), "a\nb\r\nc\r");
});

conversation("SIZE in TYPE A is what RETR will send, or refused", {
  files: { "/a": "a\nb\r\nc\n", "/large": "\n".repeat(1 << 21) },
}, async ({ ftp }) => {
  const size = (await ftp.expect("SIZE a", 213)).text;
  assertEquals(size, String((await ftp.download("RETR a")).length));
  await ftp.expect("SIZE large", 550);
  await ftp.expect("TYPE I", 200);
  assertEquals((await ftp.expect("SIZE a", 213)).text, "7");
  assertEquals((await ftp.expect("SIZE large", 213)).text, String(1 << 21));
});

conversation("A transfer in TYPE A cannot start in the middle", { files: { "/a": "0123456789" } }, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.expect("REST 5", 350);
  await ftp.expect("TYPE A", 200);
  await ftp.passive();
  await ftp.expect("RETR a", 504);
});

conversation("ALLO does not limit an upload in TYPE A", {}, async ({ ftp, event }) => {
  await ftp.expect("ALLO 100", 200);
  await ftp.upload("STOR a", "a\r\n");
  assertEquals((await event("transfer")).short, undefined);
});

conversation(
  "A range from the first byte is none in TYPE A either",
  { files: { "/a": "0123456789" } },
  async ({ ftp }) => {
    for (const line of ["RETR a", "STOR a"]) {
      await ftp.expect("TYPE I", 200);
      await ftp.expect("RANG 0 4", 350);
      await ftp.expect("TYPE A", 200);
      await ftp.passive();
      await ftp.expect(line, 504);
    }
  },
);

conversation("TYPE A passes bytes as they are where the server says so", {
  files: { "/a": "a\nb" },
  options: { ascii: "binary" },
}, async ({ ftp, files }) => {
  assertEquals(await ftp.downloadText("RETR a"), "a\nb");
  await ftp.upload("STOR b", "a\r\nb");
  assertEquals(text(files.read("/b")), "a\r\nb");
  assertEquals((await ftp.expect("SIZE a", 213)).text, "3");
  await ftp.expect("REST 2", 350);
  assertEquals(await ftp.downloadText("RETR a"), "b");
});

conversation("TYPE A is refused for files where the server says so, not for listings", {
  files: { "/a": "a\nb" },
  options: { ascii: "refuse" },
}, async ({ ftp }) => {
  for (const line of ["RETR a", "STOR b", "APPE b", "STOU"]) {
    await ftp.passive();
    await ftp.expect(line, 504);
  }
  assertEquals(await ftp.downloadText("NLST"), "a\r\n");
  await ftp.expect("TYPE I", 200);
  assertEquals(await ftp.downloadText("RETR a"), "a\nb");
});

conversation(
  "Listings end their lines with CR LF whatever the type is",
  { files: { "/a": "x", "/b": "y" } },
  async ({ ftp }) => {
    assertEquals(await ftp.downloadText("NLST"), "a\r\nb\r\n");
    await ftp.expect("TYPE I", 200);
    assertEquals(text(await readAll(await ftp.begin("NLST"))), "a\r\nb\r\n");
    await ftp.expectReply(226);
  },
);
