/**
 * Nothing that was acknowledged is lost, whatever dies: nodes, Redis and the store's proxy are killed while files are
 * sent to all nodes. `deno task test:cluster` runs a short form; with `-- --long` files have up to 200 MiB, and the
 * figures are printed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { SMALLEST_PART } from "../../lib/drivers/s3/part_writer.ts";
import { mapAtOnce } from "../../lib/drivers/s3/tree.ts";
import { writeAll } from "../../lib/net/connection.ts";
import { LONG, rounds } from "../attacks/stage.ts";
import type { Wire } from "../helpers/wire.ts";
import { hasEngines, Site } from "./site.ts";

const ignore = !await hasEngines() && Deno.env.get("CI") === undefined;
const MIB = 1_048_576;
const NODES = rounds({ short: 2, long: 3 });
const FILES = rounds({ short: 10, long: 24 });
const LARGEST = rounds({ short: 14, long: 200 }) * MIB;
const FAULTS = rounds({ short: 6, long: 60 });
/** Milliseconds between the end of a fault and the next one. */
const BETWEEN_FAULTS = 2_000;
const AT_ONCE = 4;
/** Milliseconds for the janitor: a member counts as dead after ten seconds, and rounds are fifteen apart at most. */
const TIME_TO_CLEAN = 90_000;

const NOISE = crypto.getRandomValues(new Uint8Array(65_536));

/** A file that is never in memory as a whole. */
class Content {
  readonly seed: number;
  readonly size: number;

  constructor(seed: number, size: number) {
    this.seed = seed;
    this.size = size;
  }

  get digest(): string {
    const digest = createHash("sha256");
    for (const piece of this.from(0)) digest.update(piece);
    return digest.digest("hex");
  }

  *from(offset: number): Generator<Uint8Array> {
    for (let start = offset - offset % NOISE.length; start < this.size; start += NOISE.length) {
      const piece = NOISE.slice();
      new DataView(piece.buffer).setFloat64(0, this.seed * 2 ** 32 + start);
      yield piece.subarray(Math.max(0, offset - start), this.size - start);
    }
  }
}

/** Pseudo-random numbers below 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Sends the rest of `content`, and resolves to whether it was acknowledged. */
async function send(ftp: Wire, name: string, content: Content): Promise<{ acknowledged: boolean; resumedAt: number }> {
  const { code, lines } = await ftp.say(`SIZE ${name}`);
  const there = code === 213 ? Number(lines[0]?.slice(4)) : 0;
  // What is there as a whole may have lost its 226, and is sent again; an old file has a size that is no whole part.
  const resumedAt = there % SMALLEST_PART === 0 && there < content.size ? there : 0;
  if (resumedAt > 0) await ftp.expect(`REST ${resumedAt}`, 350);
  const data = await ftp.begin(`STOR ${name}`);
  for (const piece of content.from(resumedAt)) await writeAll(data, piece);
  data.close();
  return { acknowledged: (await ftp.reply()).code === 226, resumedAt };
}

Deno.test({
  name: "nothing that was acknowledged is lost while nodes, Redis and the store's proxy are killed",
  ignore,
  fn: async () => {
    const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 1e9));
    const random = randomOf(seed);
    await using site = await Site.start(NODES);
    const counts = { node: 0, redis: 0, proxy: 0, attempts: 0, resumed: 0, checks: 0, bytes: 0 };
    const old = new Content(1e6, 70_001);
    const files = Array.from({ length: FILES }, (_, index) => ({
      name: `f${index}`,
      content: new Content(index, Math.ceil(MIB + random() * (LARGEST - MIB))),
      isNew: index % 2 === 0,
      // Given up by its client, for good.
      isCut: index % 5 === 3,
    }));
    const oldBody = new Uint8Array([...old.from(0)].flatMap((piece) => [...piece]));
    for (const { name, isNew } of files) if (!isNew) await site.store.put(`ftp/${name}`, oldBody);
    const waiting = new Set(files.filter(({ isCut }) => !isCut).map(({ name }) => name));

    const upload = async ({ name, content, isCut }: typeof files[number]) => {
      for (let isOver = false; !isOver;) {
        counts.attempts++;
        try {
          await using ftp = await site.session(Math.floor(random() * NODES));
          if (isCut) {
            const data = await ftp.begin(`STOR ${name}`);
            for (const piece of content.from(Math.floor(content.size / 2))) await writeAll(data, piece);
            isOver = true;
          } else {
            const { acknowledged, resumedAt } = await send(ftp, name, content);
            if (resumedAt > 0) counts.resumed++;
            counts.bytes += content.size - resumedAt;
            isOver = acknowledged;
          }
        } catch {
          // Whatever was killed, its client comes again, to any node.
          await delay(100);
        }
      }
      waiting.delete(name);
    };

    const uploads = mapAtOnce(files, AT_ONCE, upload);
    let isOver = false;
    void uploads.finally(() => isOver = true).catch(() => {});
    for (let fault = 0; fault < FAULTS && !isOver; fault++) {
      await delay(BETWEEN_FAULTS);
      const kind = (["node", "redis", "proxy"] as const)[fault % 3] ?? "node";
      counts[kind]++;
      if (kind === "node") {
        const node = Math.floor(random() * NODES);
        site.nodes[node]?.kill("SIGKILL");
        await site.nodes[node]?.[Symbol.asyncDispose]();
        await site.startNode(node);
      } else if (kind === "redis") {
        await site.redis.kill();
        await site.redis.start();
      } else {
        await site.swift.killProxy();
        await site.swift.startProxy();
      }
      const some = files.find(({ name, isNew }) => !isNew && waiting.has(name));
      if (some) {
        counts.checks++;
        assert([old.digest, some.content.digest].includes(await site.digest(some.name) ?? ""), `${some.name}, ${seed}`);
      }
    }
    await uploads;
    const losses: string[] = [];
    for (const { name, content, isNew, isCut } of files) {
      const expected = isCut ? isNew ? undefined : old.digest : content.digest;
      if (await site.digest(name) !== expected) losses.push(name);
    }
    assertEquals(losses, [], `with SEED=${seed}`);
    // What was cut off and can be resumed is kept for a day.
    const kept = new Set(files.filter(({ isNew, isCut }) => isNew && isCut).map(({ name }) => `ftp/${name}`));
    const named = new Set(files.map(({ name }) => `ftp/${name}`));
    const orphans = async () => [
      ...(await site.uploading()).filter((key) => !kept.has(key)),
      ...(await site.keys()).filter((key) => !named.has(key)),
    ];
    for (const until = performance.now() + TIME_TO_CLEAN; (await orphans()).length > 0;) {
      assert(performance.now() < until, `Left in the store with SEED=${seed}: ${await orphans()}`);
      await delay(1_000);
    }
    const figures = `${FILES} files, ${NODES} nodes, SEED=${seed}: ${JSON.stringify(counts)}\n`;
    if (LONG) Deno.stdout.writeSync(new TextEncoder().encode(figures));
  },
});

Deno.test({
  name: "a node that is stopped in the middle of an upload loses the name, or the file, to another one",
  ignore,
  fn: async () => {
    await using site = await Site.start(2);
    const [first, second] = [new Content(1, 3 * SMALLEST_PART + 1), new Content(2, SMALLEST_PART + 7)];
    const gone = async () => {
      for (const until = performance.now() + TIME_TO_CLEAN; (await site.uploading()).length > 0; await delay(100)) {
        assert(performance.now() < until, "The upload of the stopped node stays in the store");
      }
    };
    // In the second round there is a file already.
    for (let round = 0; round < rounds({ short: 2, long: 10 }); round++) {
      await using stopped = await site.session(0);
      await using other = await site.session(1);
      const data = await stopped.begin("STOR f");
      const pieces = first.from(0);
      for (let sent = 0; sent < 2 * SMALLEST_PART + NOISE.length; sent += NOISE.length) {
        await writeAll(data, pieces.next().value ?? NOISE);
      }
      while ((await site.uploading()).length === 0) await delay(50);
      site.nodes[0]?.kill("SIGSTOP");
      try {
        assert((await send(other, "f", second)).acknowledged);
      } finally {
        site.nodes[0]?.kill("SIGCONT");
      }
      try {
        for (const piece of pieces) await writeAll(data, piece);
      } catch {
        // It has noticed before all was sent.
      }
      data.close();
      assert((await stopped.reply()).code >= 400);
      assertEquals(await site.digest("f"), second.digest);
      await gone();
    }
  },
});
