/**
 * Our server in the ways that a cluster is made of: behind HAProxy, with a Redis in which nodes count together, with
 * its files in an object store, and all of that.
 *
 * @module
 */

import { join } from "@std/path";
import { StoreClient } from "../../../lib/drivers/s3/client.ts";
import { Haproxy } from "../../../tests/cluster/balanced.ts";
import { Swift, SWIFT_KEYS } from "../../../tests/cluster/swift.ts";
import { freeRange } from "../../../tests/helpers/free_range.ts";
import { joined, Redis } from "../../../tests/helpers/redis.ts";
import { keysFile } from "../../../tests/helpers/s3.ts";
import type { Target } from "../client.ts";
import { FROM_SOURCE, OURS, withSettings } from "../ours.ts";
import { loopbackPlaces } from "../places.ts";
import type { RunningServer } from "../running.ts";
import type { Scene } from "../trials.ts";
import type { Tree } from "../tree.ts";
import type { Attendance, Limit, Way } from "./measure.ts";

const BUCKET = "files";
/** Our server behind HAProxy. */
export const BALANCED = "through HAProxy";
/** Ports behind HAProxy: passive ones, that of the balancer, and that of `--metrics`. */
const PORTS = 102;
/** Members of the cluster besides the servers that are measured: what they count is looked at, too. */
const OTHERS = ["other1", "other2"];

/** The ways, and the engines that they need, until disposed. */
export class ClusterWays implements AsyncDisposable {
  readonly all: readonly Way[];
  readonly #engines: AsyncDisposableStack;

  private constructor(all: readonly Way[], engines: AsyncDisposableStack) {
    this.all = all;
    this.#engines = engines;
  }

  /** Starts the engines. Files of `tree` are in the object store, too. `folder`: for configuration. */
  static async start(folder: string, tree: Tree): Promise<ClusterWays> {
    await using engines = new AsyncDisposableStack();
    const redis = engines.use(await Redis.start());
    for (const node of OTHERS) engines.use(await joined(redis, { node }));
    const swift = engines.use(await Swift.start());
    const keys = engines.use(await keysFile(SWIFT_KEYS, folder));
    await fill(swift, tree);
    const cluster = ["--cluster", redis.url];
    const store = { flags: ["--s3-endpoint", swift.url, "--s3-credentials", keys.path], root: `s3://${BUCKET}/ftp` };
    const { first } = freeRange(3 * PORTS);
    const balancer = (node: string, index: number) => new Balancer(folder, node, first + index * PORTS);
    const all: readonly Way[] = [
      { server: FROM_SOURCE },
      balancer("balanced", 0).way(BALANCED),
      balancer("direct", 1).way("data past HAProxy", { isDirect: true }),
      { server: withSettings("with Redis", { folder, settings: ["--node", "counting", ...cluster] }) },
      { server: withSettings("on S3", { folder, settings: store.flags, root: store.root }) },
      balancer("whole", 2).way("all three", { more: [...cluster, ...store.flags], root: store.root }),
    ];
    return new ClusterWays(all, engines.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engines.disposeAsync();
  }
}

/** What HAProxy leaves of a transfer between two programs in C, by the configuration that a node has. */
export async function measureLimits({ client, scale, trees: { memory } }: Scene, folder: string): Promise<Limit[]> {
  const { first } = freeRange(PORTS);
  const behind = first + PORTS - 1;
  const { address: host } = loopbackPlaces(0).balancer;
  await using haproxy = new Haproxy();
  await haproxy.start(await Deno.makeTempDir({ dir: folder }), [
    ...["--nodes", "limit=127.0.0.1", "--node-slices", `limit=${first + 2}-${behind}`, "--bind", host],
    ...["--public-port", String(first), "--port", String(first + 1), "--metrics", String(first + 1)],
  ]);
  const balanced: Target = { host, port: behind, behind, user: "" };
  const works = [
    ["RETR of a large file, C alone", "raw-retr", join(memory.root, "large"), 1],
    ["STOR of a large file, C alone", "raw-receive", scale.large],
  ] as const;
  const limits: Limit[] = [];
  for (const [title, mode, ...words] of works) {
    const samples = new Map<string, number[]>([[OURS, []], [BALANCED, []]]);
    for (let round = 0; round < scale.rounds; round++) {
      for (const [name, values] of samples) {
        const target = name === BALANCED ? balanced : undefined;
        const { bytes = NaN, seconds = NaN } = await client.measure(target, mode, ...words);
        values.push(bytes / seconds / 1e9);
      }
    }
    limits.push({ title, unit: "GB/s", samples });
  }
  return limits;
}

/** How a server is run behind a {@link Balancer}. */
interface BalancedWay {
  /** More flags. */
  readonly more?: readonly string[];
  readonly root?: string;
  /** Whether clients are sent past the balancer for data. */
  readonly isDirect?: boolean;
}

/** One server behind a HAProxy of its own. */
class Balancer {
  readonly #folder: string;
  readonly #node: string;
  readonly #address = loopbackPlaces(0).balancer;
  readonly #port: number;
  readonly #metrics: number;
  readonly #slices: string;

  /** @param first of {@link PORTS}. */
  constructor(folder: string, node: string, first: number) {
    this.#folder = folder;
    this.#node = node;
    [this.#port, this.#metrics] = [first, first + 1];
    this.#slices = `${node}=${first + 2}-${first + PORTS - 1}`;
  }

  way(name: string, { more = [], root, isDirect = false }: BalancedWay = {}): Way {
    const settings = [
      ...isDirect ? ["--passive-address", "127.0.0.1", "--passive-local-networks", "none"] : [],
      ...["--node", this.#node, "--node-slices", this.#slices, "--proxy-from", this.#address.from],
      ...["--metrics", `127.0.0.1:${this.#metrics}`, ...more],
    ];
    const server = withSettings(name, { folder: this.#folder, settings, ...(root !== undefined && { root }) });
    return {
      // From the address of the balancer nobody is greeted without a header. This one is for the balancer's own checks.
      server: { ...server, opening: "PROXY UNKNOWN\r\n" },
      // From an address of its own, as the server takes what comes from that of the balancer for the balancer.
      attend: (running) => this.#begin(running, isDirect ? { from: "127.0.3.7", believesPasv: true } : {}),
    };
  }

  async #begin({ port }: RunningServer, client: Pick<Target, "from" | "believesPasv">): Promise<Attendance> {
    const haproxy = new Haproxy();
    const host = this.#address.address;
    await haproxy.start(await Deno.makeTempDir({ dir: this.#folder }), [
      ...["--nodes", `${this.#node}=127.0.0.1`, "--node-slices", this.#slices, "--bind", host],
      ...["--public-port", String(this.#port), "--port", String(port), "--metrics", String(this.#metrics)],
    ]);
    return {
      entrance: { ...client, host, port: this.#port },
      [Symbol.asyncDispose]: () => haproxy[Symbol.asyncDispose](),
    };
  }
}

/** Makes the bucket, with the files of `tree`. */
async function fill(swift: Swift, tree: Tree): Promise<void> {
  const provider = { get: () => Promise.resolve(SWIFT_KEYS) };
  const client = new StoreClient({ endpoint: swift.url, bucket: BUCKET, provider });
  await client.send({ method: "PUT" });
  const put = async (name: string, body: Uint8Array<ArrayBuffer>) => {
    await client.send({ method: "PUT", key: `ftp/${name}`, body });
  };
  // Directories are objects without content.
  for (const folder of ["small", "up"]) await put(`${folder}/`, new Uint8Array());
  await put("large", await Deno.readFile(join(tree.root, "large")));
  for (const { name } of Deno.readDirSync(join(tree.root, "small"))) {
    await put(`small/${name}`, await Deno.readFile(join(tree.root, "small", name)));
  }
}
