/**
 * A cluster as a user has it: nodes in processes of their own, a Redis that keeps what it knows, and OpenStack Swift.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "@std/path";
import { StoreClient } from "../../lib/drivers/s3/client.ts";
import { ObjectStore } from "../../lib/drivers/s3/store.ts";
import { type Serving, startServe } from "../cli/serve_process.ts";
import { Redis } from "../helpers/redis.ts";
import { keysFile } from "../helpers/s3.ts";
import { Wire } from "../helpers/wire.ts";
import { Swift, SWIFT_KEYS } from "./swift.ts";

/** Password: demo. */
const PASSWORD = "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c";
const BUCKET = "files";

/** Whether all engines are installed. */
export async function hasEngines(): Promise<boolean> {
  return Redis.isInstalled && await Swift.isInstalled();
}

/** Nodes that serve one bucket. */
export class Site implements AsyncDisposable {
  readonly redis: Redis;
  readonly swift: Swift;
  readonly store: ObjectStore;
  readonly nodes: Serving[] = [];
  readonly #flags: readonly string[];
  readonly #directory: string;
  readonly #undo: AsyncDisposableStack;

  private constructor(
    parts: Pick<Site, "redis" | "swift" | "store">,
    more: { readonly flags: readonly string[]; readonly directory: string; readonly undo: AsyncDisposableStack },
  ) {
    ({ redis: this.redis, swift: this.swift, store: this.store } = parts);
    this.#flags = more.flags;
    this.#directory = more.directory;
    this.#undo = more.undo;
  }

  /** Starts engines, and then this many nodes. */
  static async start(nodes: number): Promise<Site> {
    await using undo = new AsyncDisposableStack();
    const swift = undo.use(await Swift.start());
    const redis = undo.use(await Redis.start({ keeps: true }));
    const keys = undo.use(await keysFile(SWIFT_KEYS));
    const directory = await Deno.makeTempDir();
    undo.defer(() => Deno.remove(directory, { recursive: true }));
    const provider = { get: () => Promise.resolve(SWIFT_KEYS) };
    const store = new ObjectStore(new StoreClient({ endpoint: swift.url, bucket: BUCKET, provider }));
    await store.client.send({ method: "PUT" });
    const users = join(directory, "users.json");
    const accounts = [{ name: "demo", password: PASSWORD, root: `s3://${BUCKET}/ftp`, permissions: "rw" }];
    await Deno.writeTextFile(users, JSON.stringify({ accounts }));
    const flags = [
      ...["--port", "0", "--users", users, "--allow-root", "--cluster", redis.url, "--log-level", "warning"],
      ...["--s3-endpoint", swift.url, "--s3-credentials", keys.path, "--storage-memory", "64 MiB"],
    ];
    const site = new Site({ redis, swift, store }, { flags, directory, undo: undo.move() });
    try {
      for (let node = 0; node < nodes; node++) await site.startNode(node);
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the node of this number, also again. */
  async startNode(node: number): Promise<void> {
    this.nodes[node] = await startServe({
      permissions: ["--allow-all"],
      flags: [...this.#flags, "--node", `n${node}`],
      cwd: this.#directory,
    });
  }

  /** A session at a node. */
  async session(node: number): Promise<Wire> {
    const ftp = await Wire.connect(this.nodes[node]?.port ?? 0);
    try {
      await ftp.expectReply(220);
      await ftp.login();
      await ftp.expect("TYPE I", 200);
      return ftp;
    } catch (error) {
      ftp.close();
      throw error;
    }
  }

  /** SHA-256 of a file, as the store has it; `undefined` if there is none. */
  async digest(name: string): Promise<string | undefined> {
    const key = `ftp/${name}`;
    if (!await this.store.head(key)) return undefined;
    const digest = createHash("sha256");
    for await (const chunk of (await this.store.client.open({ method: "GET", key })).body ?? []) digest.update(chunk);
    return digest.digest("hex");
  }

  /** The names of uploads that are not over. */
  async uploading(): Promise<string[]> {
    return (await Array.fromAsync(this.store.uploads("ftp/"))).map(({ key }) => key);
  }

  /** The keys of all objects. */
  async keys(): Promise<string[]> {
    return (await this.store.list("ftp/")).objects.map(({ key }) => key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    await this.#undo.disposeAsync();
  }
}
