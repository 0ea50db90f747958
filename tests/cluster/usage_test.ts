import { assert, assertEquals } from "@std/assert";
import { Cluster } from "../../lib/cluster/cluster.ts";
import { ClusterUsages } from "../../lib/cluster/usage.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { Usage } from "../../lib/vfs/usage.ts";
import { withQuota } from "../../lib/vfs/quota.ts";
import { assertFails, at } from "../../lib/vfs/testing/helpers.ts";
import { Redis } from "../helpers/redis.ts";

const ignore = !Redis.isInstalled;
const MIB = 1_048_576;

interface Node {
  readonly cluster: Cluster;
  readonly usage: Usage;
}

async function withNodes(use: (nodes: readonly [Node, Node], redis: Redis) => Promise<void>): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const redis = undo.use(await Redis.start());
  const start = async (node: string): Promise<Node> => {
    const cluster = undo.use(new Cluster(redis.address, { node }));
    const usages = undo.use(new ClusterUsages(cluster));
    await cluster.begin();
    return { cluster, usage: usages.of("s3://files") };
  };
  await use([await start("a"), await start("b")], redis);
}

Deno.test({
  name: "writes of two nodes at once fill a quota to the last byte, and never exceed it",
  ignore,
  fn: () =>
    withNodes(async ([a, b]) => {
      const limit = 100 * MIB + 7;
      const vfs = new MemoryVfs({ files: { "/there": new Uint8Array(7) } });
      for (const { usage } of [a, b]) await usage.count(vfs);
      let taken = 0;
      const fill = async ({ usage }: Node, bytes: number) => {
        while (await usage.take(bytes, limit)) taken += bytes;
      };
      await Promise.all([a, b].flatMap((node) => [fill(node, 65_536), fill(node, 30_000)]));
      // What one has leased and cannot use for writes of this size, it uses for smaller ones.
      await Promise.all([fill(a, 1), fill(b, 1)]);
      assertEquals(taken, 100 * MIB);
      assertEquals(await a.usage.take(1, limit), false);
    }),
});

Deno.test({
  name: "a node asks once for many writes, and gives back what it has not used",
  ignore,
  fn: () =>
    withNodes(async ([a, b]) => {
      const vfs = new MemoryVfs();
      for (const { usage } of [a, b]) await usage.count(vfs);
      const limit = 1_000 * MIB;
      assertEquals(await a.usage.take(1, limit), true);
      assertEquals(a.usage.take(7 * MIB, limit), true);
      assertEquals(await b.usage.bytes, 8 * MIB);
      a.usage.settle(7 * MIB + 1);
      while (await b.usage.bytes !== 7 * MIB + 1) await new Promise((resolve) => setTimeout(resolve, 20));
    }),
});

Deno.test({
  name: "what a dead node had leased counts until it is counted again, which is due at once",
  ignore,
  fn: () =>
    withNodes(async ([a, b]) => {
      const limit = 10 * MIB;
      const files = new MemoryVfs();
      const full = withQuota(files, { limit, usage: b.usage });
      for (const { usage } of [a, b]) await usage.count(files);
      assertEquals(await a.usage.take(9 * MIB, limit), true);
      const write = async (bytes: number) => {
        const sink = await full.openWrite(at(`/${bytes}`));
        try {
          await sink.write(new Uint8Array(bytes));
        } catch (error) {
          await sink.abort();
          throw error;
        }
        await sink.commit();
      };
      await assertFails("overQuota", () => write(2 * MIB));
      await a.cluster[Symbol.asyncDispose]();
      await write(2 * MIB);
      assertEquals(await b.usage.take(8 * MIB + 1, limit), false);
    }),
});

Deno.test({
  name: "without Redis a node writes to its part of what was left, and reports it later",
  ignore,
  fn: () =>
    withNodes(async ([a, b], redis) => {
      const vfs = new MemoryVfs();
      for (const { usage } of [a, b]) await usage.count(vfs);
      const limit = 20 * MIB;
      // The first lease is a sixteenth of what is left.
      assertEquals(await a.usage.take(MIB, limit), true);
      const back = [a, b].map(({ cluster }) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        cluster.on({ connected: resolve });
        return promise;
      });
      await redis.kill();
      const lost = await a.usage.take(4 * MIB, limit);
      assert(lost);
      assertEquals(await a.usage.take(15 * MIB, limit), false);
      await redis.start();
      await Promise.all(back);
      assertEquals(await b.usage.take(15 * MIB, limit), false);
      assertEquals(await b.usage.take(14 * MIB, limit), true);
    }),
});
