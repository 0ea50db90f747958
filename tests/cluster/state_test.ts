import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { Cluster } from "../../lib/cluster/cluster.ts";
import { ClusterCounts } from "../../lib/cluster/counts.ts";
import { Cluster as Member } from "../../lib/cluster/cluster.ts";
import { Redis } from "../helpers/redis.ts";
import { counted, type Node, startNode } from "./members.ts";

const ignore = !Redis.isInstalled;

/** Resolves with the next change to this state, at once if it is the state already. */
function stateOf(cluster: Cluster, wanted: "connected" | "lost"): Promise<void> {
  if (cluster.state === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const listening = cluster.on({
      [wanted]: () => {
        listening[Symbol.dispose]();
        resolve();
      },
    });
  });
}

/** Resolves when no member is missing that was there before. */
function whole(cluster: Cluster): Promise<void> {
  if (cluster.isWhole) return Promise.resolve();
  return new Promise((resolve) => {
    const listening = cluster.on({
      beat: () => {
        if (!cluster.isWhole) return;
        listening[Symbol.dispose]();
        resolve();
      },
    });
  });
}

/** A member with nothing but counts. */
async function counting(redis: Redis, node: string): Promise<{ cluster: Cluster; counts: ClusterCounts }> {
  const cluster = new Member(redis.address, { node });
  const counts = new ClusterCounts(cluster);
  cluster.describe(() => "0");
  await cluster.begin();
  return { cluster, counts };
}

Deno.test({
  name: "ClusterCounts.add never exceeds a limit over all members, however many ask at once",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    const members = await Promise.all(["a", "b", "c"].map((node) => counting(redis, node)));
    const grants = await Promise.all(
      members.flatMap(({ counts }) => Array.from({ length: 70 }, () => counts.add("x", { limit: 50 }))),
    );
    assertEquals(grants.filter((sum) => sum !== undefined).length, 50);
    assertEquals(members.reduce((sum, { counts }) => sum + counts.own("x"), 0), 50);
    const [first, second, third] = members;
    assert(first && second && third);
    // Leaving takes its share along.
    const left = second.counts.own("x");
    await second.cluster[Symbol.asyncDispose]();
    const more = await Promise.all(Array.from({ length: 60 }, () => first.counts.add("x", { limit: 50 })));
    assertEquals(more.filter((sum) => sum !== undefined).length, left);
    // Who asks first has them all.
    const holder = first.counts.own("x") > 0 ? first : third;
    holder.counts.remove("x");
    // What needs no answer is sent with the next that does.
    await holder.counts.add("y", { needsSum: true });
    assertEquals(await third.counts.add("x", { limit: 50 }), 49);
    assertEquals(await third.counts.add("x", { limit: 50 }), undefined);
    for (const { cluster } of [first, third]) await cluster[Symbol.asyncDispose]();
  },
});

Deno.test({
  name: "ClusterCounts.keepsPace allows a burst to all members together",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    const members = await Promise.all(["a", "b"].map((node) => counting(redis, node)));
    const asked = members.flatMap(({ counts }) =>
      Array.from({ length: 10 }, () => counts.keepsPace("x", { interval: 60_000, most: 5 * 60_000 }))
    );
    assertEquals((await Promise.all(asked)).filter((allowed) => allowed).length, 5);
    for (const { cluster } of members) await cluster[Symbol.asyncDispose]();
  },
});

Deno.test({
  name: "ClusterCounts divides a limit while Redis is lost, and writes everything anew to an empty one",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    const [a, b] = await Promise.all(["a", "b"].map((node) => counting(redis, node)));
    assert(a && b);
    await acquaint([a, b]);
    for (let count = 0; count < 3; count++) await a.counts.add("x", { limit: 10 });
    for (let count = 0; count < 1200; count++) void b.counts.add(`other ${count}`);
    await b.counts.add("x", { limit: 10 });
    await redis.kill();
    await stateOf(a.cluster, "lost");
    const granted = Array.from({ length: 10 }, () => a.counts.add("x", { limit: 10 }));
    assertEquals(granted.filter((sum) => sum !== undefined).length, 2);
    b.counts.remove("other 7");
    await redis.start();
    await Promise.all([a, b].map(({ cluster }) => stateOf(cluster, "connected")));
    await Promise.all([a, b].map(({ cluster }) => whole(cluster)));
    assertEquals(await a.counts.add("x", { limit: 10 }), 6);
    assertEquals(await a.counts.add("other 8", { needsSum: true }), 1);
    assertEquals(await a.counts.add("other 7", { needsSum: true }), 0);
    assertEquals(await a.counts.add("other 1199", { needsSum: true }), 1);
    for (const { cluster } of [a, b]) await cluster[Symbol.asyncDispose]();
  },
});

/** Lets each know of all others, which it learns with a heartbeat or when it joins: it joins again. */
async function acquaint(nodes: readonly { readonly cluster: Cluster }[]): Promise<void> {
  for (const { cluster } of nodes) {
    cluster.rejoin("for the test");
    await stateOf(cluster, "lost");
    await stateOf(cluster, "connected");
    assertEquals(cluster.members.size, nodes.length);
  }
}

/** Waits until these are banned at a node, which hears a little later what others have said. */
async function banned({ control }: Node, expected: readonly string[]): Promise<void> {
  for (const since = performance.now();; await delay(20)) {
    const found = (await control.bans()).map(({ address }) => address).toSorted();
    if (found.join() === expected.join()) return;
    assert(performance.now() - since < 10_000, `${found} are banned, not ${expected}`);
  }
}

/** Starts nodes with these names. */
async function withNodes(
  names: readonly string[],
  options: Parameters<typeof startNode>[1],
  body: (nodes: readonly Node[], redis: Redis) => Promise<void>,
): Promise<void> {
  await using redis = await Redis.start();
  const nodes = await Promise.all(names.map((node) => startNode(redis, { ...options, node })));
  try {
    await body(nodes, redis);
  } finally {
    for (const node of nodes) await node[Symbol.asyncDispose]();
  }
}

Deno.test({
  name: "Cluster: limits of an account hold over all nodes, and STAT, SITE WHO and kick see all sessions",
  ignore,
  async fn() {
    await withNodes(["one", "two"], {}, async ([one, two]) => {
      assert(one && two);
      await using ftp = await one.connect();
      await ftp.expectReply(220);
      await ftp.login("lone", "lone");
      await using other = await two.connect();
      await other.expectReply(220);
      await other.expect("USER lone", 331);
      await other.expect("PASS lone", 530);
      await other.login();
      const who = await two.control.sessions();
      assertEquals(new Set(who.map(({ id, user }) => `${id} ${user}`)), new Set(["one.1 lone", "two.1 demo"]));
      assert(await two.control.disconnect("one.1", "Go away"));
      assertEquals((await ftp.expectReply(421)).text, "Go away");
      await ftp.closed();
      await counted(two.cluster, "account lone", 0);
      await other.expect("USER lone", 331);
      await other.expect("PASS lone", 230);
      assertEquals(await two.control.disconnect("one.99"), false);
    });
  },
});

Deno.test({
  name: "Cluster: guesses at two nodes ban at both, and the next connection is refused; a lifted ban is lifted at both",
  ignore,
  async fn() {
    await withNodes(["one", "two"], { options: { banAfter: 4, banTime: 600_000 } }, async ([one, two], redis) => {
      assert(one && two);
      for (const node of [one, two, one, two]) {
        await using ftp = await node.connect();
        await ftp.expectReply(220);
        await ftp.expect("USER demo", 331);
        await ftp.expect("PASS wrong", 530);
        await ftp.say("NOOP");
      }
      await Promise.all([one, two].map((node) => node.event("addressBanned")));
      for (const node of [one, two]) {
        await using ftp = await node.connect();
        await ftp.expectReply(421);
      }
      // A node that comes later knows it.
      await using three = await startNode(redis, { node: "three", options: { banAfter: 4, banTime: 600_000 } });
      {
        await using ftp = await three.connect();
        await ftp.expectReply(421);
      }
      assertEquals((await three.control.bans()).length, 1);
      assertEquals(await three.control.unban("127.0.0.1"), true);
      await Promise.all([one, two, three].map((node) => node.event("addressAllowed")));
      for (const node of [one, two, three]) {
        await using ftp = await node.connect();
        await ftp.expectReply(220);
      }
    });
  },
});

Deno.test({
  name: "Cluster: a ban by an operator, and what was lifted meanwhile, reach a node that lost Redis",
  ignore,
  async fn() {
    await withNodes(["one", "two"], {}, async ([one, two]) => {
      assert(one && two);
      await one.control.ban("192.0.2.1", { duration: 60_000, reason: "test" });
      await two.event("addressBanned", (event) => "address" in event && event.address === "192.0.2.1");
      // Both are said while this node is not connected.
      two.cluster.rejoin("for the test");
      await stateOf(two.cluster, "lost");
      await one.control.unban("192.0.2.1");
      await one.control.ban("192.0.2.2", { duration: 60_000, reason: "test" });
      await two.control.ban("192.0.2.3", { duration: 60_000, reason: "test" });
      await stateOf(two.cluster, "connected");
      for (const node of [two, one]) await banned(node, ["192.0.2.2", "192.0.2.3"]);
    });
  },
});

Deno.test({
  name: "Cluster: a Redis that is silent ends no session, and delays none; logins go on",
  ignore,
  async fn() {
    await withNodes(["one"], {}, async ([one], redis) => {
      assert(one);
      await using ftp = await one.connect();
      await ftp.expectReply(220);
      await ftp.login();
      redis.pause();
      await ftp.upload("STOR a", "abc");
      assertEquals(await ftp.downloadText("RETR a"), "abc");
      await using late = await one.connect();
      await late.expectReply(220);
      await late.login();
      assertEquals(one.cluster.state, "lost");
      redis.resume();
      await stateOf(one.cluster, "connected");
      await using again = await one.connect();
      await again.expectReply(220);
    });
  },
});

Deno.test({
  name: "Cluster: with onLoss refuse a connection gets a 421 while Redis is lost, and sessions go on",
  ignore,
  async fn() {
    await withNodes(["one"], { onLoss: "refuse" }, async ([one], redis) => {
      assert(one);
      await using ftp = await one.connect();
      await ftp.expectReply(220);
      await ftp.login();
      await redis.kill();
      await stateOf(one.cluster, "lost");
      await using refused = await one.connect();
      await refused.expectReply(421);
      await refused.closed();
      await ftp.upload("STOR a", "abc");
      await redis.start();
      await stateOf(one.cluster, "connected");
      await using again = await one.connect();
      await again.expectReply(220);
    });
  },
});

Deno.test({
  name: "Cluster: a Redis that comes back empty ends no session, and the limit is that of all nodes again",
  ignore,
  async fn() {
    await withNodes(["one", "two"], { options: { maxSessions: 4 } }, async ([one, two], redis) => {
      assert(one && two);
      await acquaint([one, two]);
      const inside = await Promise.all([one, one, one, two].map((node) => node.connect()));
      for (const ftp of inside) await ftp.expectReply(220);
      const [first, , , last] = inside;
      assert(first && last);
      await first.login();
      await redis.kill();
      await Promise.all([one, two].map(({ cluster }) => stateOf(cluster, "lost")));
      await first.upload("STOR a", "abc");
      {
        // Its share is two, and it has three.
        await using refused = await one.connect();
        await refused.expectReply(421);
      }
      await redis.start();
      await Promise.all([one, two].map(({ cluster }) => stateOf(cluster, "connected")));
      await Promise.all([one, two].map(({ cluster }) => whole(cluster)));
      {
        await using refused = await two.connect();
        await refused.expectReply(421);
        await refused.closed();
      }
      await first.expect("QUIT", 221);
      await first.closed();
      await counted(two.cluster, "connections", 3);
      await using again = await two.connect();
      await again.expectReply(220);
      for (const ftp of inside) ftp.close();
    });
  },
});
