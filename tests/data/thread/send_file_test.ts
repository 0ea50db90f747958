import { assertEquals } from "@std/assert";
import { EventLoop } from "../../../lib/data/event_loop.ts";
import { sendFile } from "../../../lib/data/thread/send_file.ts";
import type { FilePart } from "../../../lib/net/connection.ts";
import { connectedPair, patternOf, readToEnd } from "../helpers.ts";

const CONTENT = patternOf(300_000);
const quiet = { loop: new EventLoop(), last: true, signal: new AbortController().signal, onProgress: () => {} };

/** Runs `test` with a file of its own. */
async function withFile(test: (part: FilePart, directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/file`;
    await Deno.writeFile(path, CONTENT);
    const { dev, ino } = await Deno.stat(path);
    await test({ path, device: dev, inode: ino ?? 0, offset: 0, limit: CONTENT.length }, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("sendFile sends a part of the file and ends the stream", async () => {
  await withFile(async (part) => {
    using pair = await connectedPair();
    const received = readToEnd(pair.theirs);
    assertEquals(await sendFile({ ...part, offset: 10, limit: 100_000 }, pair.ours, quiet), { bytes: 100_000 });
    assertEquals(await received, CONTENT.slice(10, 100_010));
  });
});

Deno.test("sendFile sends nothing of another file that has come to its place", async () => {
  await withFile(async (part, directory) => {
    using pair = await connectedPair();
    await Deno.writeFile(`${directory}/other`, CONTENT);
    await Deno.rename(`${directory}/other`, part.path);
    assertEquals(await sendFile(part, pair.ours, quiet), undefined);
    await Deno.remove(part.path);
    assertEquals(await sendFile(part, pair.ours, quiet), undefined);
    await pair.ours.closeWrite();
    assertEquals(await readToEnd(pair.theirs), new Uint8Array());
  });
});

Deno.test("sendFile reports how much was sent of a file that ends early, and to a stalled client", async () => {
  await withFile(async (part) => {
    using pair = await connectedPair();
    const received = readToEnd(pair.theirs);
    const sent = await sendFile({ ...part, limit: 400_000 }, pair.ours, quiet);
    // The caller may have more of it: the stream is not ended.
    await pair.ours.closeWrite();
    assertEquals([sent, (await received).length], [{ bytes: CONTENT.length }, CONTENT.length]);
    using other = await connectedPair();
    const failed = await sendFile(part, other.ours, { ...quiet, signal: AbortSignal.abort() });
    assertEquals([failed?.bytes, failed?.failure?.of], [0, "network"]);
  });
});
