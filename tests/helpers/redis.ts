/**
 * A real Redis on loopback, with its files in a temporary directory.
 *
 * @module
 */

import { Cluster, type ClusterOptions } from "../../lib/cluster/cluster.ts";
import { parseRedisUrl, type RedisAddress } from "../../lib/cluster/address.ts";

/** The program, from Debian's package `redis-server`. */
const PROGRAM = "redis-server";
/** Milliseconds that it may take to answer after its start. */
const TIME_TO_START = 10_000;

/** How a Redis is started. */
export interface RedisOptions {
  /** Where it listens: elsewhere than on loopback it needs a password. @default "127.0.0.1" */
  readonly host?: string;
  readonly password?: string;
  /** Whether it keeps what it knows when it is killed: each command is on disk before it is answered. */
  readonly keeps?: boolean;
}

/** A Redis, which keeps nothing over a restart unless it is told to. */
export class Redis implements AsyncDisposable {
  readonly port: number;
  readonly #host: string;
  readonly #directory: string;
  readonly #password: string | undefined;
  readonly #keeps: boolean;
  #process: Deno.ChildProcess | undefined;

  private constructor(directory: string, port: number, { host, password, keeps = false }: RedisOptions) {
    this.#host = host ?? "127.0.0.1";
    this.#directory = directory;
    this.port = port;
    this.#password = password;
    this.#keeps = keeps;
  }

  /** Whether the program is installed. With `CI=true` it has to be. */
  static get isInstalled(): boolean {
    try {
      return new Deno.Command(PROGRAM, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
    } catch {
      return Deno.env.get("CI") === "true";
    }
  }

  /** Starts it on a free port. */
  static async start(options: RedisOptions = {}): Promise<Redis> {
    using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const directory = await Deno.makeTempDir({ prefix: "denoftpd-redis-" });
    const redis = new Redis(directory, free.addr.port, options);
    free.close();
    await redis.start();
    return redis;
  }

  /** Where it is, with the password. */
  get url(): string {
    return `redis://${this.#password === undefined ? "" : `:${this.#password}@`}${this.#host}:${this.port}`;
  }

  /** Of its process, while it runs. */
  get pid(): number {
    if (!this.#process) throw new Error("Redis does not run");
    return this.#process.pid;
  }

  /** The parsed {@link url}. */
  get address(): RedisAddress {
    const address = parseRedisUrl(this.url);
    if (!address) throw new Error("No address");
    return address;
  }

  /** Starts it again. */
  async start(): Promise<void> {
    this.#process = new Deno.Command(PROGRAM, {
      args: [
        ...["--port", String(this.port), "--bind", this.#host, "--dir", this.#directory, "--save", ""],
        ...["--appendonly", this.#keeps ? "yes" : "no", "--appendfsync", "always"],
        ...(this.#password === undefined ? [] : ["--requirepass", this.#password]),
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const until = performance.now() + TIME_TO_START;
    for (;;) {
      try {
        await using probe = new Cluster(this.address);
        await probe.begin();
        if (probe.state === "connected") return;
      } catch (error) {
        if (performance.now() > until) throw error;
      }
      if (performance.now() > until) throw new Error("Redis does not answer");
    }
  }

  /** Ends it at once, with all it knows. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    this.#process = undefined;
  }

  /** Stops it without closing anything: it takes connections, and answers nothing. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Lets it go on. */
  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** A member of the cluster of `redis`, connected. */
export async function joined(redis: Redis, options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(redis.address, options);
  await cluster.begin();
  return cluster;
}
