import { assert, assertEquals } from "@std/assert";
import { nativeConversation } from "../helpers/server.ts";
import { UrgentSender } from "../helpers/urgent.ts";
import { readAll, sendData, type Wire } from "../helpers/wire.ts";

const [IAC, IP, DM, LF] = [255, 244, 242, 10];
const text = (line: string) => [...new TextEncoder().encode(line)];

/**
 * Pieces as a client hands them to the system, one after the other; the last byte of an urgent one is the urgent byte.
 */
type Piece = readonly [bytes: readonly number[], urgent?: "urgent"];

/** How clients send a command so that it is noticed during a transfer (RFC 959 section 4.1). */
const FORMS: Readonly<Record<string, (line: string) => readonly Piece[]>> = {
  "a Synch with its IAC urgent (lftp, tnftp, BSD ftp, Net::FTP)": (line) => [
    [[IAC, IP, IAC], "urgent"],
    [[DM, ...text(`${line}\r\n`)]],
  ],
  "IP, then an urgent IAC": (line) => [[[IAC, IP]], [[IAC], "urgent"], [[DM, ...text(`${line}\r\n`)]]],
  "a Synch with its DM urgent (RFC 854)": (line) => [
    [[IAC, IP]],
    [[IAC, DM], "urgent"],
    [text(`${line}\r\n`)],
  ],
  "a line that is urgent (Python)": (line) => [[[...text(`${line}\r`), LF], "urgent"]],
};

function send(ftp: Wire, pieces: readonly Piece[]): void {
  using sender = new UrgentSender(ftp.ends);
  for (const [bytes, urgent] of pieces) sender.send(Uint8Array.from(bytes), { urgent: urgent !== undefined });
}

const files = { "/big": "x".repeat(32 << 20), "/a": "small" };

for (const [name, form] of Object.entries(FORMS)) {
  const abort = (ftp: Wire, ...before: string[]) => {
    send(ftp, [...before.map((line): Piece => [text(`${line}\r\n`)]), ...form("ABOR")]);
  };

  nativeConversation(`ABOR as ${name} ends a download, passive and active`, { files }, async ({ ftp, event }) => {
    await ftp.expect("TYPE I", 200);
    for (const mode of ["passive", "active"] as const) {
      const data = mode === "passive" ? await ftp.begin("RETR big") : await ftp.beginActive("RETR big");
      await data.read(new Uint8Array(1000));
      abort(ftp);
      assertEquals(await ftp.codes(2), [426, 226]);
      await ftp.expect("NOOP", 200);
    }
    assertEquals((await event("transfer")).reason, "aborted");
    assertEquals(await ftp.downloadText("RETR a"), "small");
  });

  nativeConversation(`ABOR as ${name} ends an upload, passive and active`, { files }, async ({ ftp }) => {
    for (const mode of ["passive", "active"] as const) {
      const data = mode === "passive" ? await ftp.begin("STOR new") : await ftp.beginActive("STOR new");
      await data.write(new Uint8Array(1000));
      abort(ftp);
      assertEquals(await ftp.codes(2), [426, 226]);
      await ftp.expect("NOOP", 200);
    }
  });

  nativeConversation(
    `ABOR as ${name} ends a listing that waits for its data connection`,
    { files },
    async ({ ftp }) => {
      await ftp.expect("EPSV", 229);
      await ftp.expect("LIST", 150);
      abort(ftp);
      assertEquals(await ftp.codes(2), [426, 226]);
      await ftp.expect("NOOP", 200);
    },
  );

  nativeConversation(
    `ABOR as ${name} is answered before, behind and without a transfer`,
    { files },
    async ({ ftp }) => {
      abort(ftp);
      await ftp.expectReply(226);
      abort(ftp, "NOOP", "PWD");
      assertEquals(await ftp.codes(3), [200, 257, 226]);
      await ftp.expect("EPSV", 229);
      abort(ftp, "RETR big");
      assertEquals(await ftp.codes(3), [150, 426, 226]);
      const data = await ftp.begin("RETR a");
      assertEquals((await readAll(data)).length, 5);
      abort(ftp);
      assertEquals(await ftp.codes(2), [226, 226]);
      await ftp.begin("RETR big");
      abort(ftp, "NOOP");
      assertEquals(await ftp.codes(3), [426, 226, 200]);
      abort(ftp);
      abort(ftp);
      assertEquals(await ftp.codes(2), [226, 226]);
      await ftp.expect("NOOP", 200);
    },
  );
}

for (const name of Object.keys(FORMS).slice(0, 3)) {
  nativeConversation(`STAT as ${name} reports the transfer and lets it continue`, { files }, async ({ ftp }) => {
    const form = FORMS[name];
    assert(form);
    const data = await ftp.begin("STOR new");
    for (let round = 0; round < 3; round++) {
      send(ftp, form("STAT"));
      assertEquals((await ftp.expectReply(211)).lines.some((line) => line.startsWith(" STOR new: ")), true);
    }
    await sendData(data, "whole");
    await ftp.expectReply(226);
  });
}
