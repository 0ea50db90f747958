import { assert, assertEquals } from "@std/assert";
import { closeQuietly, type Connection, writeAll } from "../../lib/net/connection.ts";
import { conversation } from "../helpers/server.ts";
import { Random } from "../helpers/random.ts";
import { sendData, type Wire } from "../helpers/wire.ts";

const ROUNDS = 12;

/** Sizes on both sides of the buffers in between. */
const SIZES = [1, 2, 1000, 65_535, 65_536, 65_537, 200_000, 300_001] as const;

async function sizeOf(ftp: Wire, path: string): Promise<number> {
  return Number((await ftp.expect(`SIZE ${path}`, 213)).text);
}

/** Reads at least `least` bytes, or to the end. */
async function readSome(data: Connection, least: number): Promise<Uint8Array> {
  const chunks: number[] = [];
  const buffer = new Uint8Array(16_384);
  while (chunks.length < least) {
    const count = await data.read(buffer);
    if (count === null) break;
    chunks.push(...buffer.subarray(0, count));
  }
  return Uint8Array.from(chunks);
}

conversation("STOR cut anywhere and resumed with REST gives the same file", {}, async ({ ftp, files }) => {
  const random = new Random(7);
  await ftp.expect("TYPE I", 200);
  for (let round = 0; round < ROUNDS; round++) {
    const content = random.bytes(random.oneOf(SIZES));
    const cut = random.upTo(content.length);
    // A name of its own: the old content of a file stays until the first new byte is there, and ABOR may come before
    // that.
    const name = `round ${round}`;
    const data = await ftp.begin(`STOR ${name}`);
    await writeAll(data, content.subarray(0, Math.max(1, cut)));
    await ftp.expect("ABOR", 426);
    await ftp.expectReply(226);
    closeQuietly(data);
    // Anywhere up to what has arrived, as some clients go back a little to be safe.
    const { code, text } = await ftp.say(`SIZE ${name}`);
    // There is no file where the ABOR came before the first byte.
    const from = code === 550 ? 0 : random.upTo(Number(text));
    await ftp.expect(`REST ${from}`, 350);
    await ftp.upload(`STOR ${name}`, content.subarray(from));
    assert(equal(files.read(`/${name}`), content), `cut at ${cut}, resumed at ${from} of ${content.length}`);
  }
});

conversation("APPE of the rest after a cut gives the same file", {}, async ({ ftp, files }) => {
  const random = new Random(8);
  await ftp.expect("TYPE I", 200);
  for (let round = 0; round < ROUNDS; round++) {
    const content = random.bytes(random.oneOf(SIZES));
    const cut = random.upTo(content.length);
    await ftp.upload("STOR a", content.subarray(0, cut));
    assertEquals(await sizeOf(ftp, "a"), cut);
    // Some clients send the size once more, which is where APPE goes on anyway.
    if (random.upTo(1) === 1) await ftp.expect(`REST ${cut}`, 350);
    await ftp.upload("APPE a", content.subarray(cut));
    assert(equal(files.read("/a"), content), `cut at ${cut} of ${content.length}`);
  }
});

conversation("RETR cut anywhere and resumed with REST gives the same bytes", {}, async ({ ftp, files, events }) => {
  const random = new Random(9);
  await ftp.expect("TYPE I", 200);
  for (let round = 0; round < ROUNDS; round++) {
    const content = random.bytes(random.oneOf(SIZES));
    files.write("/a", content);
    const data = await ftp.begin("RETR a");
    const first = await readSome(data, random.upTo(content.length));
    closeQuietly(data);
    // A small file is gone before the client hangs up.
    const { code } = await ftp.reply();
    assert(code === 226 || code === 426, `answered ${code}`);
    await ftp.expect(`REST ${first.length}`, 350);
    const rest = await ftp.download("RETR a");
    assert(equal(Uint8Array.from([...first, ...rest]), content), `cut at ${first.length} of ${content.length}`);
  }
  assertEquals(events.filter(({ type }) => type === "transfer").length, 2 * ROUNDS);
});

conversation("RANG in pieces gives the whole, both ways", {}, async ({ ftp, files }) => {
  const random = new Random(10);
  const content = random.bytes(100_003);
  files.write("/a", content);
  await ftp.expect("TYPE I", 200);
  for (let start = 0; start < content.length;) {
    const end = Math.min(content.length, start + 1 + random.upTo(30_000));
    await ftp.expect(`RANG ${start} ${end - 1}`, 350);
    const piece = await ftp.download("RETR a");
    assert(equal(piece, content.subarray(start, end)), `bytes ${start} to ${end - 1}`);
    await ftp.expect(`RANG ${start} ${end - 1}`, 350);
    await sendData(await ftp.begin("STOR b"), piece);
    await ftp.expectReply(226);
    start = end;
  }
  assert(equal(files.read("/b"), content));
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
