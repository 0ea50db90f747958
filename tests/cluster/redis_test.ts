/**
 * Several servers, each in a process of its own, with a real Redis. `-- --long`: 100 rounds.
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type Serving, startServe } from "../cli/serve_process.ts";
import { joined, Redis } from "../helpers/redis.ts";
import { counted } from "./members.ts";
import { Wire } from "../helpers/wire.ts";

const ignore = !Redis.isInstalled;
const ROUNDS = Deno.args.includes("--long") ? 100 : 4;
const CAP = 50;
const AT_ONCE = 200;

/** Read where threads are started. */
const LIB = fromFileUrl(new URL("../../lib", import.meta.url));

/** Starts nodes with these names that serve a directory to everyone. */
async function withNodes(
  names: readonly string[],
  { redis, flags = [] }: { readonly redis: Redis; readonly flags?: readonly string[] },
  body: (
    nodes: Map<string, Serving>,
    start: (name: string, flags?: readonly string[]) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const cwd = await Deno.makeTempDir({ prefix: "denoftpd-cluster-" });
  await Deno.mkdir(join(cwd, "files"));
  const nodes = new Map<string, Serving>();
  const start = async (name: string, own = flags) => {
    const node = await startServe({
      // What `denoftpd permissions` prints, and no more.
      permissions: ["--allow-net=127.0.0.1", `--allow-read=${join(cwd, "files")},${LIB}`],
      flags: [
        ...["--port", "0", "--anonymous", "files", "--allow-root", "--node", name, "--cluster", redis.url],
        ...own,
      ],
      cwd,
    });
    nodes.set(name, node);
  };
  try {
    await Promise.all(names.map((name) => start(name)));
    await body(nodes, start);
  } finally {
    for (const node of nodes.values()) await node[Symbol.asyncDispose]();
    await Deno.remove(cwd, { recursive: true });
  }
}

function saidBy(nodes: ReadonlyMap<string, Serving>): string {
  return Array.from(nodes, ([name, { stderr }]) => `${name}: ${stderr}`).join("\n");
}

/** Connects and reads the greeting: the open connection after 220, `undefined` after 421. */
async function visit(node: Serving): Promise<Wire | undefined> {
  const wire = await Wire.connect(node.port);
  const { code } = await wire.reply();
  if (code === 220) return wire;
  wire.close();
  assertEquals(code, 421);
  return undefined;
}

Deno.test({
  name: "Cluster: 200 connections at once through three nodes, some of them killed, never exceed a limit of 50",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    await using probe = await joined(redis, { node: "probe" });
    const names = ["one", "two", "three"];
    const flags = ["--max-sessions", String(CAP)];
    await withNodes(names, { redis, flags }, async (nodes, start) => {
      for (let round = 1; round <= ROUNDS; round++) {
        const kills = round % 4 === 2 ? [names[round % names.length] ?? ""] : [];
        const all = [...nodes];
        const wires = await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => {
          const [name, node] = all[index % all.length] ?? [];
          assert(name !== undefined && node !== undefined);
          return { name, wire: await visit(node) };
        }));
        const inside = wires.filter(({ wire }) => wire !== undefined);
        assertEquals(
          inside.length,
          CAP,
          `round ${round}\n${[...nodes.values()].map(({ stderr }) => stderr).join("\n")}`,
        );
        for (const name of kills) {
          nodes.get(name)?.kill("SIGKILL");
          await nodes.get(name)?.code;
        }
        const lost = inside.filter(({ name }) => kills.includes(name));
        const left = inside.filter(({ name }) => !kills.includes(name));
        await counted(probe, "connections", left.length);
        const [some] = [...nodes].filter(([name]) => !kills.includes(name)).map(([, node]) => node);
        assert(some);
        // As many as were lost, and not one more.
        for (const _ of lost) {
          const wire = await visit(some);
          assert(wire, `round ${round}: ${saidBy(nodes)}`);
          left.push({ name: "some", wire });
        }
        assert(!await visit(some), `round ${round}: ${saidBy(nodes)}`);
        for (const { wire } of [...left, ...lost]) wire?.close();
        for (const name of kills) await start(name);
        await counted(probe, "connections", 0);
      }
    });
  },
});

async function asked(url: string): Promise<[status: number, text: string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

Deno.test({
  name: "Cluster: workers are members too; a limit and a ban hold for them and other nodes, and no log has a password",
  ignore,
  async fn() {
    await using redis = await Redis.start({ password: "secret-1" });
    const flags = ["--max-sessions", "10", "--ban-after", "3", "--log-level", "debug", "--metrics", "127.0.0.1:0"];
    const refusing = ["--workers", "2", "--cluster-on-loss", "refuse"];
    await withNodes(["one"], { redis, flags: [...flags, ...refusing] }, async (many, start) => {
      await start("two", flags);
      const [one, two] = many.values();
      assert(one && two);
      const wires = await Promise.all(Array.from({ length: 40 }, (_, index) => visit(index % 2 === 0 ? one : two)));
      const inside = wires.filter((wire) => wire !== undefined);
      assertEquals(inside.length, 10, saidBy(many));
      const [guesser, next] = inside;
      assert(guesser && next);
      for (let guess = 0; guess < 3; guess++) {
        await guesser.expect("USER nobody", 331);
        await guesser.send("PASS x");
        await guesser.reply();
      }
      for (const node of [one, two]) await node.logged(/Shut out 127/);
      for (const node of [one, two]) assertEquals(await visit(node), undefined);
      for (const wire of inside) wire.close();
      const [ofOne, ofTwo] = await Promise.all(
        [one, two].map((node) => node.logged(/Metrics are at (http\S+)\/metrics/)),
      );
      assertEquals(await asked(`${ofTwo}/readyz`), [200, "ok\n"]);
      assertMatch(
        String(await asked(`${ofTwo}/metrics`)),
        /denoftpd_cluster_connected 1\n[^]*denoftpd_cluster_members 4\n/,
      );
      await redis.kill();
      // The two workers, and the thread that leads them.
      await one.logged(/(?:Lost redis:\/\/127[^]*){3}/);
      await two.logged(/Lost redis:\/\/127/);
      assertEquals(await asked(`${ofOne}/readyz`), [503, "shared state lost\n"]);
      assertEquals(await asked(`${ofTwo}/readyz`), [200, "ok\nshared state lost\n"]);
      assertMatch(String(await asked(`${ofTwo}/metrics`)), /denoftpd_cluster_losses_total 1\n/);
      assert(!/secret-1/.test(saidBy(many)), saidBy(many));
    });
  },
});

Deno.test({
  name: "Cluster: a second node of one name is refused, and the one that follows a killed one starts at once",
  ignore,
  async fn() {
    await using redis = await Redis.start();
    await withNodes(["one"], { redis, flags: ["--workers", "2"] }, async (nodes, start) => {
      const first = nodes.get("one");
      assert(first);
      const refusal = 'Flag "--node": another server that is running is named "one" in redis://127.0.0.1:';
      await assertRejects(() => start("one"), Error, refusal);
      await assertRejects(() => start("one", ["--workers", "1"]), Error, refusal);
      (await visit(first))?.close();
      first.kill("SIGKILL");
      await first.code;
      await start("one");
      const second = nodes.get("one");
      assert(second && second !== first);
      (await visit(second))?.close();
    });
  },
});
