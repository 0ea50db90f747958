/**
 * Several servers, each in a process of its own, with a real Redis. `-- --long`: 100 rounds.
 */

import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { BEATS, LIVE, PREFIX } from "../../lib/cluster/cluster.ts";
import { numberIn, Script } from "../../lib/cluster/script.ts";
import { type Serving, startServe } from "../cli/serve_process.ts";
import { joined, Redis } from "../helpers/redis.ts";
import { Wire } from "../helpers/wire.ts";

const ignore = !Redis.isInstalled;
const ROUNDS = Deno.args.includes("--long") ? 100 : 4;
const CAP = 50;
const AT_ONCE = 200;
/** Milliseconds after which what a killed node counted is gone: the time without a heartbeat, and a second of grace. */
const FORGOTTEN = 11_000;

/** The sum of a count over the members that live. */
const SUM = new Script(`${LIVE}
local sum = 0
for _, member in ipairs(members(KEYS[1])) do
  sum = sum + tonumber(redis.call('HGET', '${PREFIX}counts:' .. member, ARGV[1]) or 0)
end
return sum
`);

/** Starts nodes with these names that serve a directory to everyone. */
async function withNodes(
  names: readonly string[],
  { redis, flags = [] }: { readonly redis: Redis; readonly flags?: readonly string[] },
  body: (nodes: Map<string, Serving>, start: (name: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const cwd = await Deno.makeTempDir({ prefix: "denoftpd-cluster-" });
  await Deno.mkdir(join(cwd, "files"));
  const nodes = new Map<string, Serving>();
  const start = async (name: string) => {
    const node = await startServe({
      // What `denoftpd permissions` prints, and no more.
      permissions: ["--allow-net=127.0.0.1", `--allow-read=${join(cwd, "files")}`],
      flags: [
        ...["--port", "0", "--anonymous", "files", "--allow-root", "--node", name, "--cluster", redis.url],
        ...flags,
      ],
      cwd,
    });
    nodes.set(name, node);
  };
  try {
    await Promise.all(names.map(start));
    await body(nodes, start);
  } finally {
    for (const node of nodes.values()) await node[Symbol.asyncDispose]();
    await Deno.remove(cwd, { recursive: true });
  }
}

/** Waits for what Redis does by the clock, and tells nobody. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const since = performance.now(); !await holds(); await delay(50)) {
    assert(performance.now() - since < FORGOTTEN, "A killed node still counts");
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
    const open = async () => numberIn(await probe.run(SUM, { keys: [BEATS], args: ["connections"] }));
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
        await until(async () => await open() <= left.length);
        const [some] = [...nodes].filter(([name]) => !kills.includes(name)).map(([, node]) => node);
        assert(some);
        // As many as were lost, and not one more.
        for (const _ of lost) {
          const wire = await visit(some);
          assert(wire, `round ${round}: ${await open()} are in, ${saidBy(nodes)}`);
          left.push({ name: "some", wire });
        }
        assert(!await visit(some), `round ${round}: ${saidBy(nodes)}`);
        for (const { wire } of [...left, ...lost]) wire?.close();
        for (const name of kills) await start(name);
        await until(async () => await open() === 0);
      }
    });
  },
});
