import { assertEquals, assertRejects } from "@std/assert";
import { BEATS, Cluster, PREFIX } from "../../lib/cluster/cluster.ts";
import { Script } from "../../lib/cluster/script.ts";
import { ClusterLocks } from "../../lib/cluster/upload_locks.ts";
import { ClusterUploads } from "../../lib/cluster/uploads.ts";
import { S3Roots } from "../../lib/drivers/s3/open.ts";
import { SMALLEST_PART } from "../../lib/drivers/s3/part_writer.ts";
import { PROBE } from "../../lib/drivers/s3/probe.ts";
import type { S3Vfs } from "../../lib/drivers/s3/s3.ts";
import { assertFails, at, put } from "../../lib/vfs/testing/helpers.ts";
import type { FileSink } from "../../lib/vfs/vfs.ts";
import { Redis } from "../helpers/redis.ts";
import { keysFile } from "../helpers/s3.ts";
import { failed, S3Server, type S3ServerOptions } from "../helpers/s3_server.ts";

const ignore = !Redis.isInstalled;
const PART = new Uint8Array(SMALLEST_PART).map((_, index) => index * 7);

/** One server's view of files in a store that several share. */
interface Node {
  readonly cluster: Cluster;
  readonly registry: ClusterUploads;
  readonly roots: S3Roots;
  readonly vfs: S3Vfs;
}

interface Stage {
  readonly redis: Redis;
  readonly server: S3Server;
  readonly nodes: readonly [Node, Node];
}

/**
 * Heartbeats come every three seconds, and a lock that is not renewed is lost after five. So a round that was held up
 * for longer says nothing if it fails: a node that was to be dead lives again, or one that lives has lost its lock.
 */
const IN_TIME = 2_500;
const ROUNDS = 8;

/** Runs `use`, and once more if it fails and was held up. */
async function withNodes(options: S3ServerOptions, use: (stage: Stage) => Promise<void>): Promise<void> {
  for (let round = 1;; round++) {
    const began = performance.now();
    try {
      return await withNewNodes(options, use);
    } catch (error) {
      if (performance.now() - began < IN_TIME || round === ROUNDS) throw error;
    }
  }
}

async function withNewNodes(options: S3ServerOptions, use: (stage: Stage) => Promise<void>): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const redis = undo.use(await Redis.start());
  const server = undo.use(new S3Server(options));
  const keys = undo.use(await keysFile());
  const start = async (node: string): Promise<Node> => {
    const cluster = undo.use(new Cluster(redis.address, { node }));
    const locks = undo.use(new ClusterLocks(cluster, (key) => roots.wanted(key)));
    const registry = new ClusterUploads(cluster);
    const roots: S3Roots = new S3Roots({
      endpoint: server.url,
      credentials: { file: keys.path },
      registry: () => registry,
      locks: () => locks,
    });
    await cluster.begin();
    return { cluster, registry, roots, vfs: await roots.open("s3://files/ftp") };
  };
  await use({ redis, server, nodes: [await start("a"), await start("b")] });
}

/** As Redis sees a member that is dead, or stopped, for ten seconds. */
async function forget(a: Node, by: Node): Promise<void> {
  const script = new Script(`
    for _, key in ipairs(redis.call('KEYS', ARGV[2] .. 'lock:*')) do redis.call('DEL', key) end
    return redis.call('ZREM', KEYS[1], ARGV[1])`);
  assertEquals(await by.cluster.run(script, { keys: [BEATS], args: [a.cluster.member, PREFIX] }), 1);
}

async function begin({ vfs }: Node, path: string, parts: number): Promise<FileSink> {
  const sink = await vfs.openWrite(at(path));
  for (let part = 0; part < parts; part++) await sink.write(PART);
  await sink.write(PART.subarray(0, 3));
  return sink;
}

Deno.test({
  name: "an upload that breaks off at one node goes on at another, and no part is sent twice",
  ignore,
  fn: () =>
    withNodes({}, async ({ server, nodes: [a, b] }) => {
      const sink = await begin(a, "/f", 2);
      await assertFails("notFound", () => b.vfs.stat(at("/f")));
      await assertFails("busy", () => b.vfs.remove(at("/f")));
      await sink.abort();
      assertEquals((await b.vfs.stat(at("/f"))).size, 2 * SMALLEST_PART);
      const rest = await b.vfs.openWrite(at("/f"), { offset: 2 * SMALLEST_PART });
      await rest.write(PART.subarray(0, 5));
      await rest.commit();
      assertEquals(server.objects.get("ftp/f")?.body.length, 2 * SMALLEST_PART + 5);
      assertEquals([server.count("UploadPart") - 2 * PROBED_PARTS, server.uploads.size], [3, 0]);
    }),
});

/** Parts that a node sends to find out what the store can do. */
const PROBED_PARTS = 3;

Deno.test({
  name: "an upload that a killed node has received goes on at another once the node counts as dead",
  ignore,
  fn: () =>
    withNodes({}, async ({ server, nodes: [a, b] }) => {
      await begin(a, "/f", 1);
      await forget(a, b);
      assertEquals((await b.vfs.stat(at("/f"))).size, SMALLEST_PART);
      const rest = await b.vfs.openWrite(at("/f"), { offset: SMALLEST_PART });
      await rest.write(PART.subarray(0, 5));
      await rest.commit();
      assertEquals(server.objects.get("ftp/f")?.body.length, SMALLEST_PART + 5);
    }),
});

Deno.test({
  name: "of a node that was stopped and another that has written the file meanwhile, the other has won",
  ignore,
  fn: async () => {
    for (const conditions of ["obeyed", "ignored", "unknown"] as const) {
      for (const isNew of [true, false]) {
        await withNodes({ conditions }, async ({ server, nodes: [a, b] }) => {
          if (!isNew) server.put("ftp/f", "old");
          const stopped = await begin(a, "/f", 1);
          await forget(a, b);
          await put(b.vfs, "/f", "of the other");
          await assertRejects(() => stopped.commit());
          await stopped.abort();
          assertEquals([server.text("ftp/f"), server.uploads.size], ["of the other", 0], `${conditions} ${isNew}`);
        });
      }
    }
  },
});

Deno.test({
  name: "locks and uploads are known again after Redis has lost its memory, and end as if nothing had been",
  ignore,
  fn: () =>
    withNodes({ conditions: "ignored" }, async ({ redis, server, nodes: [a, b] }) => {
      const kept = await begin(a, "/kept", 1);
      await kept.abort();
      const running = await begin(a, "/running", 1);
      const found = [a, b].map(({ cluster }) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        cluster.on({ connected: resolve });
        return promise;
      });
      await redis.kill();
      await redis.start();
      await Promise.all(found);
      assertEquals((await b.vfs.stat(at("/kept"))).size, SMALLEST_PART);
      await assertFails("busy", () => b.vfs.remove(at("/running")));
      await running.commit();
      assertEquals(server.objects.get("ftp/running")?.body.length, SMALLEST_PART + 3);
    }),
});

Deno.test({
  name: "the janitor ends what cannot be resumed, and nothing else",
  ignore,
  fn: () =>
    withNodes({}, async ({ server, nodes: [a, b] }) => {
      await begin(a, "/resumable", 1);
      await begin(a, "/replaced", 1);
      server.put("ftp/replaced", "by another program");
      // The store has begun it, and its answer, with the id, is lost.
      server.fault = ({ operation, key }) =>
        operation === "CreateMultipartUpload" && key === "ftp/lost"
          ? { after: true, answer: failed(400, "Lost") }
          : undefined;
      await assertRejects(() => begin(a, "/lost", 2));
      const add = (id: string, key: string) =>
        server.uploads.set(id, { key, headers: {}, parts: new Map(), begun: new Date() });
      // One of another program, and one of which its node has heard nothing yet.
      add("foreign", "ftp/other");
      add("unheard", "ftp/announced");
      await a.registry.receive({ bucket: `${server.url}/files/`, key: "ftp/announced", id: "?1", begun: Date.now() });
      const own = await begin(b, "/own", 1);
      const left = () => [...server.uploads.values()].map(({ key }) => key).sort();
      const lasting = ["ftp/other", "ftp/own", "ftp/resumable"];
      assertEquals(left(), ["ftp/announced", "ftp/lost", ...lasting, "ftp/replaced"].sort());
      await b.roots.sweep();
      assertEquals(left(), ["ftp/announced", ...lasting, "ftp/replaced"].sort());
      await forget(a, b);
      await b.roots.sweep();
      assertEquals(left(), lasting);
      await own.commit();
    }),
});

Deno.test({
  name: "an upload that a store has begun twice, as its first answer was lost, leaves nothing",
  ignore,
  fn: () =>
    withNodes({}, async ({ server, nodes: [a, b] }) => {
      let isFirst = true;
      server.fault = ({ operation, key }) => {
        if (operation !== "CreateMultipartUpload" || key !== "ftp/f" || !isFirst) return undefined;
        isFirst = false;
        return { after: true };
      };
      const sink = await begin(a, "/f", 1);
      assertEquals(server.uploads.size, 2);
      await b.roots.sweep();
      assertEquals(server.uploads.size, 1);
      await sink.commit();
      assertEquals([server.uploads.size, server.objects.get("ftp/f")?.body.length], [0, SMALLEST_PART + 3]);
    }),
});

Deno.test({
  name: "of a node and a store that died while a file was made, the janitor leaves the file, and no upload",
  ignore,
  fn: () =>
    withNodes({ conditions: "unknown" }, async ({ server, nodes: [a, b] }) => {
      const sink = await begin(a, "/f", 1);
      // Nobody hears of the object, nor goes on after that.
      server.fault = ({ operation, key }) =>
        operation === "CompleteMultipartUpload" && key === "ftp/f"
          ? { after: "half", answer: failed(400, "Killed") }
          : undefined;
      await assertRejects(() => sink.commit());
      server.fault = () => undefined;
      await forget(a, b);
      await b.roots.sweep();
      assertEquals([server.uploads.size, server.objects.get("ftp/f")?.body.length], [0, SMALLEST_PART + 3]);
    }),
});

/** What a node that tries out the store has in it. */
function triedIn({ objects, uploads }: S3Server): number {
  return [...objects.keys(), ...Array.from(uploads.values(), ({ key }) => key)].filter((key) => key.includes(PROBE))
    .length;
}

Deno.test({
  name: "what a node leaves that dies while it tries out the store is ended by the janitor, and not while it lives",
  ignore,
  fn: async () => {
    for (const where of ["UploadPart", "HeadObject"]) {
      await withNodes({}, async ({ server, nodes: [a, b] }) => {
        const [held, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        server.fault = async ({ operation, key }) => {
          if (operation !== where || !key.includes(PROBE)) return undefined;
          held.resolve();
          await goOn.promise;
          return undefined;
        };
        const stopped = begin(a, "/f", 1);
        stopped.catch(() => {});
        await held.promise;
        try {
          const there = triedIn(server);
          await b.roots.sweep();
          assertEquals(triedIn(server), there);
          await forget(a, b);
          await b.roots.sweep();
          assertEquals(triedIn(server), 0);
        } finally {
          goOn.resolve();
        }
        // It goes on, and what it has found out says nothing.
        await assertRejects(() => stopped);
        assertEquals(triedIn(server), 0);
        await put(a.vfs, "/f", "text");
        assertEquals([server.text("ftp/f"), triedIn(server)], ["text", 0]);
      });
    }
  },
});

Deno.test({
  name: "a trial of a store that fails meanwhile leaves nothing for longer than until the janitor comes",
  ignore,
  fn: () =>
    withNodes({}, async ({ server, nodes: [a, b] }) => {
      server.fault = ({ operation, key }) =>
        key.includes(PROBE) && !["PutObject", "HeadObject"].includes(operation)
          ? { after: operation === "CreateMultipartUpload", answer: failed(400, "Broken") }
          : undefined;
      await assertRejects(() => begin(a, "/f", 1));
      const left = triedIn(server);
      server.fault = () => undefined;
      await b.roots.sweep();
      assertEquals([left, triedIn(server)], [2, 0]);
    }),
});
