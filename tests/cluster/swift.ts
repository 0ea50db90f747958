/**
 * OpenStack Swift with its S3 API, from Debian's packages, as a store of one node on loopback: a proxy, and the servers
 * of accounts, containers and objects behind it.
 *
 * @module
 */

import { join } from "@std/path";

/** What the store accepts. */
export const SWIFT_KEYS = { accessKeyId: "test:tester", secretAccessKey: "testing" };

/** Python modules of Debian's packages are those of Debian's Python. */
const PYTHON = "/usr/bin/python3";
const KINDS = ["account", "container", "object"] as const;
/** Milliseconds that the store may take to answer after its start. */
const TIME_TO_START = 240_000;

/** Swift reads its own configuration from `/etc/swift`, and everything else from where it is told. */
const START = `import sys, os
import swift.common.utils as utils
utils.SWIFT_CONF_FILE = os.path.join(os.path.dirname(sys.argv[1]), "swift.conf")
from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi(sys.argv[1], sys.argv[2] + "-server"))
`;

/** The store. */
export class Swift implements AsyncDisposable {
  readonly url: string;
  readonly #directory: string;
  readonly #running = new Map<string, Deno.ChildProcess>();

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Whether the packages are installed. */
  static async isInstalled(): Promise<boolean> {
    const { success } = await new Deno.Command(PYTHON, {
      args: ["-c", "import swift.proxy.server, swift.obj.server, swift.container.server, swift.account.server"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  }

  /** Starts the store with its files in a new directory. */
  static async start(): Promise<Swift> {
    const directory = await Deno.makeTempDir({ prefix: "denoftpd-swift-" });
    const [proxy = 0, cache = 0, ...ports] = freePorts(2 + KINDS.length);
    const swift = new Swift(directory, proxy);
    try {
      await Deno.mkdir(join(directory, "srv", "d1"), { recursive: true });
      await swift.#write("start.py", START);
      await swift.#write("swift.conf", SWIFT_CONF);
      for (const [index, kind] of KINDS.entries()) {
        await swift.#write(`${kind}.conf`, serverConf(kind, ports[index] ?? 0, directory));
        await swift.#makeRing(kind, ports[index] ?? 0);
      }
      await swift.#write("proxy.conf", proxyConf(proxy, cache, directory));
      swift.#spawn("memcached", "memcached", ["-u", "nobody", "-l", "127.0.0.1", "-p", String(cache), "-m", "16"]);
      for (const kind of KINDS) swift.#spawnServer(kind);
      await swift.startProxy();
      return swift;
    } catch (error) {
      await swift[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the proxy, which is all that clients see, and waits until it answers. */
  async startProxy(): Promise<void> {
    this.#spawnServer("proxy");
    const until = performance.now() + TIME_TO_START;
    for (;;) {
      try {
        const response = await fetch(this.url);
        await response.body?.cancel();
        return;
      } catch (error) {
        if (performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Kills the proxy with signal 9, in the middle of whatever it does. */
  async killProxy(): Promise<void> {
    const proxy = this.#running.get("proxy");
    this.#running.delete("proxy");
    proxy?.kill("SIGKILL");
    await proxy?.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running.values()) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await child.status;
    }
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(join(this.#directory, name), text);
  }

  async #makeRing(kind: string, port: number): Promise<void> {
    const builder = join(this.#directory, `${kind}.builder`);
    const device = ["--region", "1", "--zone", "1", "--ip", "127.0.0.1", "--port", String(port)];
    for (
      const step of [
        ["create", "4", "1", "0"],
        ["add", ...device, "--device", "d1", "--weight", "1"],
        ["rebalance"],
      ]
    ) {
      const args = [builder, ...step];
      await new Deno.Command("swift-ring-builder", { args, stdout: "null", stderr: "null" }).output();
    }
  }

  #spawnServer(kind: string): void {
    this.#spawn(kind, PYTHON, [join(this.#directory, "start.py"), join(this.#directory, `${kind}.conf`), kind]);
  }

  #spawn(name: string, command: string, args: readonly string[]): void {
    const options: Deno.CommandOptions = { args: [...args], stdin: "null", stdout: "null", stderr: "null" };
    this.#running.set(name, new Deno.Command(command, options).spawn());
  }
}

const SWIFT_CONF = `[swift-hash]
swift_hash_path_prefix = denoftpd
swift_hash_path_suffix = test
[storage-policy:0]
name = one
default = yes
`;

function common(port: number, directory: string): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
swift_dir = ${directory}
devices = ${join(directory, "srv")}
mount_check = false
workers = 0
user = ${Deno.env.get("USER") ?? "root"}
log_address = ${join(directory, "no-log")}
log_level = ERROR
`;
}

function serverConf(kind: string, port: number, directory: string): string {
  return `${common(port, directory)}[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
`;
}

function proxyConf(port: number, cache: number, directory: string): string {
  const filters = ["catch_errors", "slo", "dlo"].map((name) => `[filter:${name}]\nuse = egg:swift#${name}\n`);
  return `${common(port, directory)}[pipeline:main]
pipeline = catch_errors cache s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${cache}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
${filters.join("")}`;
}

/** Ports that were free a moment ago: Swift is told its ports before it starts. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}
