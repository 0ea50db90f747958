/**
 * A real Redis on loopback, with its files in a temporary directory.
 *
 * @module
 */

import { Cluster, type ClusterOptions } from "../../lib/cluster/cluster.ts";
import { parseRedisUrl, type RedisAddress } from "../../lib/cluster/address.ts";
import type { KeyPair } from "../../lib/tls/certificates.ts";

/** The program, from Debian's package `redis-server`. */
const PROGRAM = "redis-server";
/** Milliseconds that it may take to answer after its start. */
const TIME_TO_START = 10_000;

/** How a Redis is started. */
export interface RedisOptions {
  /** Where it listens: elsewhere than on loopback it needs a password. @default "127.0.0.1" */
  readonly host?: string;
  readonly password?: string;
  /** Name of the only user, who may use the keys and channels of denoftpd and no dangerous command. */
  readonly user?: string;
  /** TLS only, with this certificate. */
  readonly tls?: KeyPair;
  /** Whether it keeps what it knows when it is killed: each command is on disk before it is answered. */
  readonly keeps?: boolean;
}

/** A Redis, which keeps nothing over a restart unless it is told to. */
export class Redis implements AsyncDisposable {
  readonly port: number;
  readonly #directory: string;
  readonly #options: RedisOptions;
  #process: Deno.ChildProcess | undefined;

  private constructor(directory: string, port: number, options: RedisOptions) {
    this.#directory = directory;
    this.port = port;
    this.#options = options;
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

  get #host(): string {
    return this.#options.host ?? "127.0.0.1";
  }

  /** Where it is, with the password. */
  get url(): string {
    const { user = "", password, tls } = this.#options;
    const login = password === undefined ? "" : `${user}:${password}@`;
    return `redis${tls ? "s" : ""}://${login}${this.#host}:${this.port}`;
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
    const { tls } = this.#options;
    return { ...address, ...(tls && { ca: tls.certificate }) };
  }

  /** Starts it again. */
  async start(): Promise<void> {
    const { keeps = false } = this.#options;
    this.#process = new Deno.Command(PROGRAM, {
      args: [
        ...["--bind", this.#host, "--dir", this.#directory, "--save", ""],
        ...["--appendonly", keeps ? "yes" : "no", "--appendfsync", "always"],
        ...await this.#portFlags(),
        ...this.#loginFlags(),
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

  async #portFlags(): Promise<string[]> {
    const { tls } = this.#options;
    if (!tls) return ["--port", String(this.port)];
    const [certificate, key] = [`${this.#directory}/cert.pem`, `${this.#directory}/key.pem`];
    await Deno.writeTextFile(certificate, tls.certificate);
    await Deno.writeTextFile(key, tls.privateKey);
    return [
      ...["--port", "0", "--tls-port", String(this.port), "--tls-auth-clients", "no"],
      ...["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate],
    ];
  }

  #loginFlags(): string[] {
    const { user, password } = this.#options;
    if (password === undefined) return [];
    if (user === undefined) return ["--requirepass", password];
    const rights = ["~denoftpd:*", "&denoftpd:*", "+@all", "-@dangerous"];
    return ["--user", user, "on", `>${password}`, ...rights, "--user", "default", "off"];
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
