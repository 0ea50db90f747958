/**
 * Several servers behind a real HAProxy, whose configuration is the one that the program prints, with one directory of
 * files.
 *
 * @module
 */

import { join } from "@std/path";
import { runCluster } from "../../lib/cli/cluster/cluster.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { Collected, type Serving, startServe } from "../cli/serve_process.ts";
import { loopbackPlaces, type Places } from "../../scripts/bench/places.ts";
import { RUNTIME_FLAGS } from "../../scripts/bench/server.ts";
import { freeRange } from "../helpers/free_range.ts";

/** Where HAProxy listens, if nothing else is said. */
export const PUBLIC = loopbackPlaces(0).balancer.address;
/** Passive ports of each node. */
const SLICE = 40;

/** Password: demo. */
const PASSWORD = "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c";

/** How a cluster is started. */
export interface BalancedOptions {
  readonly nodes: number;
  /** More flags for every node. */
  readonly flags?: readonly string[];
  /** @default addresses of loopback */
  readonly places?: Pick<Places, "balancer" | "nodes">;
  /** Whether all sessions of an address go to one node. */
  readonly isSticky?: boolean;
}

/** One node: its name, and its process, which may be another one after a restart. */
export interface Node {
  readonly name: string;
  serving: Serving;
}

/** A cluster. Disposing of it ends all of its processes, and removes its files. */
export class Balanced implements AsyncDisposable {
  readonly nodes: readonly Node[];
  /** The control port, and that of implicit TLS. */
  readonly port: number;
  readonly implicitPort: number;
  readonly directory: string;
  /** Of every account. */
  readonly root: string;
  readonly certificateFile: string;
  readonly certificate: string;
  readonly #start: (name: string) => Promise<Serving>;
  readonly #haproxy: Haproxy;

  private constructor(parts: Pick<Balanced, "nodes" | "port" | "implicitPort" | "directory" | "certificate">, rest: {
    readonly start: (name: string) => Promise<Serving>;
    readonly haproxy: Haproxy;
  }) {
    ({
      nodes: this.nodes,
      port: this.port,
      implicitPort: this.implicitPort,
      directory: this.directory,
      certificate: this.certificate,
    } = parts);
    this.root = join(this.directory, "root");
    this.certificateFile = join(this.directory, "cert.pem");
    this.#start = rest.start;
    this.#haproxy = rest.haproxy;
  }

  /** Starts nodes `a`, `b` and so on, and HAProxy. */
  static async start(
    { nodes: count, flags = [], places = loopbackPlaces(count), isSticky = false }: BalancedOptions,
  ): Promise<Balanced> {
    const directory = await Deno.makeTempDir({ prefix: "denoftpd-cluster-" });
    const { first } = freeRange(SLICE * count + 3);
    const [port, implicitPort, metrics] = [first, first + 1, first + 2];
    const names = Array.from({ length: count }, (_, index) => String.fromCharCode(97 + index));
    const slices = names.map((name, index) => `${name}=${portsOf(first + 3 + index * SLICE)}`).join(",");
    const placeOf = (name: string) => {
      const place = places.nodes[names.indexOf(name)];
      if (!place) throw new Error(`There is no place for node ${name}`);
      return place;
    };
    const { balancer } = places;
    const certificate = await prepare(directory);
    const start = (name: string) => {
      const { address, within } = placeOf(name);
      return startServe({
        permissions: ["--allow-all", RUNTIME_FLAGS],
        within,
        executable: Deno.env.get("DENOFTPD_EXECUTABLE"),
        flags: [
          ...["--host", address, "--port", String(port), "--implicit-tls-port", String(implicitPort)],
          ...["--node", name, "--node-slices", slices, "--proxy-from", balancer.from, "--allow-root"],
          ...["--users", "users.json", "--tls-cert", "cert.pem", "--tls-key", "key.pem"],
          ...["--metrics", `${address}:${metrics}`, "--drain-delay", "6s", "--log-format", "json"],
          ...flags,
        ],
        cwd: directory,
      });
    };
    const haproxy = new Haproxy();
    const nodes: Node[] = [];
    const parts = { nodes, port, implicitPort, directory, certificate };
    const balanced = new Balanced(parts, { start, haproxy });
    try {
      nodes.push(...await Promise.all(names.map(async (name) => ({ name, serving: await start(name) }))));
      await haproxy.start(directory, [
        ...["--nodes", names.map((name) => `${name}=${placeOf(name).address}`).join(","), "--node-slices", slices],
        ...[
          "--bind",
          balancer.address,
          "--public-port",
          String(port),
          "--port",
          String(port),
          "--metrics",
          String(metrics),
        ],
        ...["--public-implicit-tls-port", String(implicitPort), "--implicit-tls-port", String(implicitPort)],
        ...isSticky ? ["--sticky"] : [],
      ]);
      return balanced;
    } catch (error) {
      await balanced[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of the process of HAProxy that the others come from. */
  get haproxyPid(): number {
    return this.#haproxy.pid;
  }

  /** See {@link Haproxy.passedOn}. */
  passedOn(pattern: RegExp): Promise<string> {
    return this.#haproxy.passedOn(pattern);
  }

  /** Ends a node as a service manager does, starts it again, and waits until HAProxy gives it sessions. */
  async restart(node: Node): Promise<void> {
    const { serving } = node;
    const isDown = this.#haproxy.logged(new RegExp(`Server ftp/${node.name} is DOWN`));
    serving.kill("SIGTERM");
    const code = await serving.code;
    if (code !== 0) throw new Error(`Node ${node.name} ended with ${code}: ${serving.stderr}`);
    await isDown;
    const isUp = this.#haproxy.logged(new RegExp(`Server ftp/${node.name} is UP`));
    await serving[Symbol.asyncDispose]();
    node.serving = await this.#start(node.name);
    await isUp;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#haproxy[Symbol.asyncDispose]();
    for (const { serving } of this.nodes) await serving[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

function portsOf(first: number): string {
  return `${first}-${first + SLICE - 1}`;
}

/** The files of a cluster. Resolves to the certificate. */
async function prepare(directory: string): Promise<string> {
  const { certificate, privateKey } = await createSelfSigned();
  await Deno.mkdir(join(directory, "root"));
  const accounts = [
    { name: "demo", password: PASSWORD, root: "root", permissions: "rw" },
    { name: "slow", password: PASSWORD, root: "root", permissions: "rw", downloadRate: "400 KiB" },
  ];
  await Deno.writeTextFile(join(directory, "users.json"), JSON.stringify({ accounts }));
  await Deno.writeTextFile(join(directory, "cert.pem"), certificate);
  await Deno.writeTextFile(join(directory, "key.pem"), privateKey);
  return certificate;
}

/** HAProxy, with the configuration that the program prints. */
export class Haproxy implements AsyncDisposable {
  #child: Deno.ChildProcess | undefined;
  #output: Collected[] = [];

  /** Starts it; its file is in `directory`, and what is in that comes from `denoftpd cluster haproxy` and `flags`. */
  async start(directory: string, flags: readonly string[]): Promise<void> {
    let [config, problem] = ["", ""];
    const status = await runCluster(["haproxy", ...flags], {
      stdout: (text) => void (config += text),
      stderr: (text) => void (problem += text),
    });
    if (status !== 0) throw new Error(problem);
    const file = join(directory, "haproxy.cfg");
    await Deno.writeTextFile(file, config);
    this.#child = new Deno.Command("haproxy", {
      args: ["-W", "-db", "-f", file],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [log, messages] = [this.#child.stdout, this.#child.stderr].map((stream) => new Collected(stream));
    this.#output = [log, messages].filter((each) => each !== undefined);
    await messages?.find(/Loading success/);
  }

  /** Of its first process, while it runs. */
  get pid(): number {
    if (!this.#child) throw new Error("HAProxy does not run");
    return this.#child.pid;
  }

  /** Resolves when its log has a line, for a connection that has ended, which matches; all of the log until then. */
  async passedOn(pattern: RegExp): Promise<string> {
    const [log] = this.#output;
    await log?.find(pattern);
    return log?.text ?? "";
  }

  /** Resolves when its messages match from now on. */
  async logged(pattern: RegExp): Promise<void> {
    const [, messages] = this.#output;
    const already = messages?.text.match(new RegExp(pattern, "g"))?.length ?? 0;
    await messages?.find(new RegExp(`(?:${pattern.source}[\\s\\S]*){${already + 1}}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#child) return;
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await Promise.all([this.#child.status, ...this.#output.map(({ ended }) => ended)]);
  }
}
