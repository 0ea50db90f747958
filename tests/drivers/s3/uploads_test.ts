import { createHash } from "node:crypto";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SMALLEST_PART } from "../../../lib/drivers/s3/part_writer.ts";
import type { UploadRecord, UploadRecords } from "../../../lib/drivers/s3/known_uploads.ts";
import { withQuota } from "../../../lib/vfs/quota.ts";
import { UsageMeter } from "../../../lib/vfs/usage.ts";
import type { Vfs } from "../../../lib/vfs/vfs.ts";
import { assertFails, at, drain, put, readText } from "../../../lib/vfs/testing/helpers.ts";
import { openS3, type S3Subject } from "../../helpers/s3.ts";
import { type Call, failed, type S3Server } from "../../helpers/s3_server.ts";

const PIECE = new Uint8Array(65_536).map((_, index) => index * 7);

/** Writes `count` pieces, the first byte of each its number, and leaves the file open. */
async function writePieces(vfs: Vfs, path: string, count: number, options = {}, first = 0) {
  const sink = await vfs.openWrite(at(path), options);
  const piece = PIECE.slice();
  for (let index = first; index < first + count; index++) {
    piece[0] = index;
    await sink.write(piece);
  }
  return sink;
}

function pieces(count: number, first = 0): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(count * PIECE.length);
  for (let index = 0; index < count; index++) {
    all.set(PIECE, index * PIECE.length);
    all[index * PIECE.length] = first + index;
  }
  return all;
}

function assertBody({ objects }: S3Server, key: string, expected: Uint8Array): void {
  const digest = (bytes: Uint8Array = new Uint8Array()) => createHash("sha256").update(bytes).digest("hex");
  assertEquals(digest(objects.get(key)?.body), digest(expected), key);
}

/** What the probe of the store begins. */
const PROBED_UPLOADS = 4;
const IN_A_PART = SMALLEST_PART / PIECE.length;

Deno.test("a small upload is one request, a large one goes in parts, and both are what was sent", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  await (await writePieces(vfs, "/small", 3)).commit();
  assertEquals(server.count("CreateMultipartUpload"), PROBED_UPLOADS);
  assertBody(server, "ftp/small", pieces(3));
  const count = 2 * IN_A_PART + 5;
  await (await writePieces(vfs, "/large", count)).commit();
  assertBody(server, "ftp/large", pieces(count));
  assert(server.objects.get("ftp/large")?.etag.endsWith("-3"));
  assertEquals(server.uploads.size, 0);
});

Deno.test("an upload that broke off is kept in whole parts, shown by its size, and resumed", async () => {
  for (const how of ["offset", "append"] as const) {
    await using subject = await openS3();
    const { server, vfs } = subject;
    const broken = await writePieces(vfs, "/f", IN_A_PART + 3);
    await broken.discard({ ifEmpty: true });
    assertEquals((await vfs.stat(at("/f"))).size, SMALLEST_PART);
    await assertFails("notFound", () => vfs.openRead(at("/f")), "Not complete");
    await assertFails("pastEnd", () => vfs.openWrite(at("/f"), { offset: SMALLEST_PART - 1 }));
    const again = await writePieces(
      vfs,
      "/f",
      IN_A_PART + 1,
      how === "append" ? { append: true, existing: true } : { offset: SMALLEST_PART },
      IN_A_PART,
    );
    assertEquals(again.initialSize, SMALLEST_PART);
    await again.commit();
    assertBody(server, "ftp/f", pieces(2 * IN_A_PART + 1));
    assertEquals([server.uploads.size, server.count("UploadPart") <= 7], [0, true]);
  }
});

Deno.test("a resumed upload that breaks off again keeps all parts that were sent", async () => {
  await using subject = await openS3();
  const { vfs } = subject;
  for (const round of [1, 2]) {
    const offset = (round - 1) * SMALLEST_PART;
    const sink = await writePieces(vfs, "/f", IN_A_PART + 1, { offset }, (round - 1) * IN_A_PART);
    await sink.abort();
    assertEquals((await vfs.stat(at("/f"))).size, round * SMALLEST_PART);
  }
  await vfs.remove(at("/f"));
  assertEquals(subject.server.uploads.size, 0);
});

Deno.test("a broken upload leaves the old file, and nothing else", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  await put(vfs, "/f", "old");
  for (const end of ["abort", "discard"] as const) {
    const sink = await writePieces(vfs, "/f", IN_A_PART + 3);
    await sink[end]();
    assertEquals([await readText(vfs, "/f"), server.uploads.size], ["old", 0]);
  }
  const removed = await writePieces(vfs, "/new", IN_A_PART + 3);
  await removed.discard();
  assertEquals([server.uploads.size, server.objects.has("ftp/new")], [0, false]);
});

Deno.test("a new upload of the whole file ends the one that broke off", async () => {
  await using subject = await openS3();
  await (await writePieces(subject.vfs, "/f", IN_A_PART + 1)).abort();
  assertEquals(subject.server.uploads.size, 1);
  await put(subject.vfs, "/f", "whole");
  assertEquals([subject.server.uploads.size, await readText(subject.vfs, "/f")], [0, "whole"]);
});

Deno.test("what is added to a large file is copied by the store, not by way of this server", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  server.put("ftp/f", pieces(2 * IN_A_PART));
  const sink = await writePieces(vfs, "/f", 1, { append: true }, 2 * IN_A_PART);
  await sink.commit();
  assertBody(server, "ftp/f", pieces(2 * IN_A_PART + 1));
  assertEquals([server.count("GetObject"), server.count("UploadPart") - PROBED_PARTS], [0, 1]);
  const change = await vfs.openWrite(at("/f"), { offset: 10 });
  await change.write(new Uint8Array(5));
  await change.commit();
  const expected = pieces(2 * IN_A_PART + 1);
  expected.fill(0, 10, 15);
  assertBody(server, "ftp/f", expected);
});

/** What the probe of the store has sent. */
const PROBED_PARTS = 3;

Deno.test("an append does not overwrite what another program has written meanwhile", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  await put(vfs, "/f", "old");
  const sink = await vfs.openWrite(at("/f"), { append: true });
  await sink.write(new TextEncoder().encode(" and more"));
  server.put("ftp/f", "of another program");
  await assertFails("vanished", () => sink.commit());
  await sink.abort();
  assertEquals([server.text("ftp/f"), server.uploads.size], ["of another program", 0]);
});

Deno.test("uploads wait for memory, and all of them end", async () => {
  await using subject = await openS3({}, { memory: 32 * 1024 * 1024 });
  const { server, vfs } = subject;
  let [running, most] = [0, 0];
  server.fault = async ({ operation }) => {
    if (operation !== "UploadPart") return undefined;
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return undefined;
  };
  const names = Array.from({ length: 6 }, (_, index) => `/f${index}`);
  await Promise.all(names.map(async (name) => await (await writePieces(vfs, name, IN_A_PART + 1)).commit()));
  for (const name of names) {
    assertEquals(server.objects.get(`ftp${name}`)?.body.length, (IN_A_PART + 1) * PIECE.length);
  }
  assert(most <= 4, `${most} parts at once`);
});

class Records implements UploadRecords {
  readonly kept = new Map<string, UploadRecord>();

  all(): Promise<readonly UploadRecord[]> {
    return Promise.resolve([...this.kept.values()]);
  }

  add(record: UploadRecord): Promise<void> {
    this.kept.set(record.id, record);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.kept.delete(id);
    return Promise.resolve();
  }
}

Deno.test("a server that follows a killed one goes on with its uploads, and ends old ones", async () => {
  const records = new Records();
  let now = Date.now();
  await using subject = await openS3({}, { records, now: () => now });
  const { server } = subject;
  await writeAndForget(subject, "/f");
  await writeAndForget(subject, "/old");
  assertEquals([records.kept.size, server.uploads.size], [2, 2]);
  const next = await subject.reopen();
  assertEquals((await next.stat(at("/f"))).size, SMALLEST_PART);
  const sink = await writePieces(next, "/f", 1, { offset: SMALLEST_PART }, IN_A_PART);
  await sink.commit();
  assertBody(server, "ftp/f", pieces(IN_A_PART + 1));
  assertEquals([records.kept.size, server.uploads.size], [1, 1]);
  now += 86_400_001;
  await subject.reopen();
  assertEquals([records.kept.size, server.uploads.size], [0, 0]);
});

Deno.test("what a server leaves that is killed while it tries out the store, the next one removes", async () => {
  const records = new Records();
  await using subject = await openS3({}, { records });
  const { server, vfs } = subject;
  const [held, killed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  server.fault = async ({ operation }) => {
    if (operation !== "UploadPart") return undefined;
    held.resolve();
    await killed.promise;
    return { answer: failed(400, "Killed") };
  };
  const first = vfs.openWrite(at("/f"));
  await held.promise;
  assertEquals([server.objects.size, server.uploads.size, records.kept.size], [1, 1, 1]);
  await subject.reopen();
  assertEquals([server.objects.size, server.uploads.size, records.kept.size], [0, 0, 0]);
  killed.resolve();
  await assertRejects(() => first);
});

/** An upload whose server is killed once a part is stored. */
async function writeAndForget({ server, vfs }: S3Subject, path: string): Promise<void> {
  const stored = Promise.withResolvers<void>();
  // The store has the parts of its probe before.
  server.onPart = (key) => key === `ftp${path}` && stored.resolve();
  await writePieces(vfs, path, IN_A_PART + 1);
  await stored.promise;
}

Deno.test("226 is not earned by a Complete that answers 200 with an error, nor by one that is cut off", async () => {
  await using subject = await openS3({}, { patience: 0 });
  const { server, vfs } = subject;
  await put(vfs, "/f", "old");
  const error = () => failed(200, "InternalError");
  for (const answer of [error, undefined]) {
    const sink = await writePieces(vfs, "/f", IN_A_PART + 1);
    server.fault = ({ operation }) =>
      operation === "CompleteMultipartUpload" ? (answer ? { answer: answer() } : {}) : undefined;
    await assertFails("failed", () => sink.commit());
    server.fault = () => undefined;
    await sink.abort();
    assertEquals([await readText(vfs, "/f"), server.uploads.size], ["old", 0]);
  }
});

Deno.test("a Complete that was done, but whose answer was lost, counts", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  let lost = false;
  server.fault = ({ operation }) => {
    if (operation !== "CompleteMultipartUpload" || server.count(operation) < PROBED_COMPLETES + 1 || lost) {
      return undefined;
    }
    lost = true;
    return { after: true };
  };
  await (await writePieces(vfs, "/f", IN_A_PART + 1)).commit();
  assertEquals([lost, (await drain(await vfs.openRead(at("/f")), 65_536)).length], [
    true,
    (IN_A_PART + 1) * PIECE.length,
  ]);
});

const PROBED_COMPLETES = 3;

/** The first Complete of `ftp/f` makes the object, and then the store's proxy is killed. */
function killHalfway(server: S3Server): void {
  let isOver = false;
  server.fault = ({ operation, key }) => {
    if (operation !== "CompleteMultipartUpload" || key !== "ftp/f" || isOver) return undefined;
    isOver = true;
    return { after: "half" };
  };
}

Deno.test("a Complete that the store was killed in is done again, and leaves no upload", async () => {
  for (const options of [{ exclusive: true }, {}]) {
    await using subject = await openS3({ conditions: "unknown" });
    const { server, vfs } = subject;
    killHalfway(server);
    await (await writePieces(vfs, "/f", IN_A_PART + 1, options)).commit();
    assertBody(server, "ftp/f", pieces(IN_A_PART + 1));
    assertEquals(server.uploads.size, 0);
  }
});

Deno.test("an upload that failed in a Complete that the store was killed in leaves the new file, whole", async () => {
  for (const isNew of [true, false]) {
    await using subject = await openS3({ conditions: "unknown" }, { patience: 0 });
    const { server, vfs } = subject;
    if (!isNew) await put(vfs, "/f", "old");
    const sink = await writePieces(vfs, "/f", IN_A_PART + 1);
    killHalfway(server);
    await assertRejects(() => sink.commit());
    await sink.abort();
    assertBody(server, "ftp/f", pieces(IN_A_PART + 1));
    // Of a new file it is kept until the next upload of the name.
    await put(vfs, "/f", "next");
    assertEquals([server.text("ftp/f"), server.uploads.size], ["next", 0]);
  }
});

Deno.test("to set a time, and to rename, each ask once about the object", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  await put(vfs, "/f", "text");
  await vfs.capabilities.setModified?.(at("/f"), 981_173_106_000);
  const isHead = ({ operation, key }: Call) => operation === "HeadObject" && key === "ftp/f";
  const heads = () => server.calls.filter(isHead).length;
  const before = heads();
  await vfs.capabilities.setModified?.(at("/f"), 981_173_107_000);
  assertEquals(heads() - before, 1);
  await vfs.rename(at("/f"), at("/g"));
  assertEquals(heads() - before, 2);
  assertEquals((await vfs.stat(at("/g"))).modified, 981_173_107_000);
});

Deno.test("a count in the middle of an upload does not forget its bytes, which no listing shows", async () => {
  await using subject = await openS3();
  let now = 0;
  const usage = new UsageMeter({ clock: () => now });
  const limit = 8 * 1_048_576;
  const vfs = withQuota(subject.vfs, { limit, usage });
  const open = await writePieces(vfs, "/large", IN_A_PART + 20);
  const counted = usage.bytes;
  now += 60_000;
  await usage.recount(subject.vfs);
  assertEquals(usage.bytes, counted);
  const other = await vfs.openWrite(at("/other"));
  await assertFails("overQuota", () => other.write(new Uint8Array(limit - counted + 1)));
  await other.abort();
  await open.commit();
  now += 60_000;
  await usage.recount(subject.vfs);
  assertEquals(usage.bytes, counted);
});
