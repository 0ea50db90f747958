import { assert, assertEquals, assertRejects } from "@std/assert";
import { channelOf } from "../../lib/cluster/beat.ts";
import { BEATS, Cluster, ClusterLost, LIVE, LoginRefused, NodeTaken } from "../../lib/cluster/cluster.ts";
import { parseRedisUrl, redisUrl } from "../../lib/cluster/address.ts";
import { Script } from "../../lib/cluster/script.ts";
import { joined, Redis } from "../helpers/redis.ts";

const ignore = !Redis.isInstalled;
const ECHO = new Script("return ARGV[1]");

/** Resolves when the state changes. */
function changeOf(cluster: Cluster): Promise<string> {
  return new Promise((resolve) => {
    const listening = cluster.on({
      connected: () => end("connected"),
      lost: () => end("lost"),
    });
    const end = (state: string) => {
      listening[Symbol.dispose]();
      resolve(state);
    };
  });
}

Deno.test({
  name: "Cluster knows the members that live, and forgets one that leaves",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    await using one = await joined(redis, { node: "one" });
    {
      await using two = await joined(redis, { node: "two" });
      assertEquals(new Set(two.members.keys()), new Set([one.member, two.member]));
      const live = new Script(`${LIVE} return { live(KEYS[1], ARGV[1]) and 1 or 0, live(KEYS[1], 'x') and 1 or 0 }`);
      assertEquals(await one.run(live, { keys: [BEATS], args: [two.member] }), [1, 0]);
    }
    await using three = await joined(redis, { node: "two" });
    assertEquals(new Set(three.members.keys()), new Set([one.member, three.member]));
  },
});

Deno.test({
  name: "Cluster.run survives that Redis forgets its scripts",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    await using one = await joined(redis);
    assertEquals(await one.run(ECHO, { args: ["a"] }), "a");
    await one.run(new Script("return redis.call('SET', 'x', '1')"));
    const flushed = await new Deno.Command("redis-cli", { args: ["-p", String(redis.port), "SCRIPT", "FLUSH"] })
      .output();
    assert(flushed.success);
    assertEquals(await Promise.all(["b", "c"].map((word) => one.run(ECHO, { args: [word] }))), ["b", "c"]);
  },
});

Deno.test({
  name: "Cluster is lost with Redis, and connected again with an empty one",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    const cluster = new Cluster(redis.address, { node: "one" });
    await using _cluster = cluster;
    const joins: string[] = [];
    cluster.onJoin(async (link) => {
      joins.push(String(await link.run(ECHO, { args: [cluster.state] })));
    });
    await cluster.begin();
    const lost = changeOf(cluster);
    await redis.kill();
    assertEquals(await lost, "lost");
    await assertRejects(() => cluster.run(ECHO), ClusterLost, "is lost");
    const found = changeOf(cluster);
    await redis.start();
    assertEquals(await found, "connected");
    assertEquals(await cluster.run(ECHO, { args: ["again"] }), "again");
    assertEquals(joins, ["lost", "lost"]);
    assert(cluster.members.has(cluster.member));
  },
});

Deno.test({
  name: "Cluster is lost when Redis falls silent: no question hangs",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    await using cluster = await joined(redis);
    redis.pause();
    await assertRejects(() => cluster.run(ECHO, { args: ["x"] }), ClusterLost, "no answer for");
    await assertRejects(() => cluster.run(ECHO, { args: ["x"] }), ClusterLost);
    const found = changeOf(cluster);
    redis.resume();
    if (cluster.state === "lost") assertEquals(await found, "connected");
    assertEquals(await cluster.run(ECHO, { args: ["x"] }), "x");
  },
});

Deno.test({
  name: "Cluster starts without Redis, and ends while it looks for it",
  ignore,
  async fn() {
    const redis = await Redis.start();
    const { address } = redis;
    await redis[Symbol.asyncDispose]();
    await using cluster = new Cluster(address);
    await cluster.begin();
    assertEquals(cluster.state, "lost");
    assert(cluster.reason?.message.includes(`Cannot reach redis://127.0.0.1:${address.port}`), cluster.reason?.message);
  },
});

Deno.test({
  name: "Cluster reports a wrong password, without repeating it",
  ignore,
  async fn() {
    await using redis = await Redis.start({ password: "right" });
    await using cluster = new Cluster({ ...redis.address, password: "wrong-1" });
    const error = await assertRejects(() => cluster.begin(), LoginRefused, "WRONGPASS");
    assert(!Deno.inspect(error).includes("wrong-1"), Deno.inspect(error));
    await using without = new Cluster({ hostname: "127.0.0.1", port: redis.port, database: 0, tls: false });
    await assertRejects(() => without.begin(), LoginRefused, "refuses the login");
  },
});

Deno.test("parseRedisUrl takes name, password, port and database, and nothing else", () => {
  assertEquals(parseRedisUrl("redis://u%40x:p%2F@[::1]:7000/3"), {
    hostname: "::1",
    port: 7000,
    database: 3,
    tls: false,
    username: "u@x",
    password: "p/",
  });
  assertEquals(parseRedisUrl("rediss://cache.example"), {
    hostname: "cache.example",
    port: 6379,
    database: 0,
    tls: true,
  });
  for (const text of ["", "redis://", "http://x", "redis://x/y", "redis://x?a=1", "redis://x/1/2", "redis:x", "x"]) {
    assertEquals(parseRedisUrl(text), undefined, text);
  }
  const address = parseRedisUrl("redis://me:secret@[::1]:7000/3");
  assertEquals(address && redisUrl(address), "redis://[::1]:7000/3");
});

Deno.test({
  name: "two programs that live do not have the name of one node, but the members of one program have",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    const heard = (cluster: Cluster) => cluster.onJoin((link) => link.subscribe(channelOf(cluster.member), () => {}));
    await using first = new Cluster(redis.address, { node: "one", program: "p" });
    heard(first);
    await first.begin();
    await using second = new Cluster(redis.address, { node: "one" });
    heard(second);
    await assertRejects(() => second.begin(), NodeTaken, '"one" is the name of another server that lives');
    assertEquals([...first.members.keys()], [first.member]);
    // A worker of the same program.
    await using worker = new Cluster(redis.address, { node: "one", program: "p" });
    await worker.begin();
    // One whose name begins in the same way.
    await using longer = new Cluster(redis.address, { node: "one1" });
    await longer.begin();
    assertEquals(new Set(longer.members.keys()), new Set([first.member, worker.member, longer.member]));
  },
});

Deno.test({
  name: "a server that finds Redis later, and another with the name of its node, goes on and reports it",
  ignore,
  async fn() {
    const redis = await Redis.start();
    await using _redis = redis;
    await redis.kill();
    const [one, other] = [0, 1].map(() => {
      const cluster = new Cluster(redis.address, { node: "one" });
      cluster.onJoin((link) => link.subscribe(channelOf(cluster.member), () => {}));
      return cluster;
    });
    assert(one && other);
    await using _one = one;
    await using _other = other;
    await Promise.all([one.begin(), other.begin()]);
    assertEquals([one.state, other.state], ["lost", "lost"]);
    const taken = Promise.race(
      [one, other].map((cluster) => new Promise<void>((resolve) => cluster.on({ taken: resolve }))),
    );
    const found = Promise.all([changeOf(one), changeOf(other)]);
    await redis.start();
    await taken;
    assertEquals(await found, ["connected", "connected"]);
  },
});
