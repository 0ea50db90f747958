/**
 * The server that the client suite and the soak talk to, always as a process of its own. This is the only module that
 * knows how it is started: from source with `deno run`, or the executable that `DENOFTPD_EXECUTABLE` names.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { LIBC_PATHS } from "../../lib/native/libc.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { run } from "./process.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
const LIB = fromFileUrl(new URL("../../lib", import.meta.url));
const READY = /ready ftp:\/\/(\S+):(\d+)/;
const IMPLICIT_TLS = /implicit TLS at \S+:(\d+)/;
const READY_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 15_000;
/** Only a test that has failed already looks so often. */
const LOOKS = 1000;
const LOOK_EVERY_MS = 10;

/** The loopback addresses a server can be asked to listen on. */
export type Host = "127.0.0.1" | "::1";

/** Somebody who may log in. */
export interface Account {
  readonly user: string;
  readonly password: string;
  /** What may be done in the root. Default `rw`. */
  readonly permissions?: string;
  /** More flags for `user add`. */
  readonly flags?: readonly string[];
}

/** The one account of a server that is not asked for others. */
export const ALICE: Account = { user: "alice", password: "wonder-land.7" };

/** How a server is started. */
export interface StartOptions {
  /** Default `127.0.0.1`. */
  readonly host?: Host;
  /** Default {@link ALICE} alone. They share one root. */
  readonly accounts?: readonly Account[];
  /** What the server logs, see {@link ServerUnderTest.log}. Default `debug`: commands and replies. */
  readonly logLevel?: "debug" | "info" | "warning";
  /** Where the log goes instead of a file of its own, which {@link ServerUnderTest.log} reads. */
  readonly logTo?: string;
  /** With a certificate, and a second port for implicit TLS. Default `false`. */
  readonly tls?: boolean;
  /** The port of implicit TLS, where {@link tls} is set. Default: a free one. */
  readonly implicitPort?: number;
  /** The control port. Default: a free one. */
  readonly port?: number;
  /** How many descriptors the process may have open. Default: as many as the tests. */
  readonly descriptors?: number;
  /** Default 1. */
  readonly workers?: number;
  /** Other addresses that the server may connect to, for clients that come from there in active mode. */
  readonly peers?: readonly string[];
  /** Files besides its own directory that it may write. */
  readonly writable?: readonly string[];
  /** Files besides its own directory that it may read. */
  readonly readable?: readonly string[];
  /** More flags for `serve`. */
  readonly flags?: readonly string[];
}

/** A process that is ready. */
interface Launched {
  readonly process: Deno.ChildProcess;
  readonly port: number;
}

interface Running {
  readonly host: Host;
  readonly launch: () => Promise<Launched>;
  readonly launched: Launched;
}

/** A running server with an empty root of its own. Disposing of it stops the process and removes its files. */
export class ServerUnderTest implements AsyncDisposable {
  readonly host: Host;
  /** The real directory that every account sees as `/`. */
  readonly root: string;
  readonly #directory: string;
  readonly #launch: () => Promise<Launched>;
  #launched: Launched;

  private constructor(directory: string, { host, launch, launched }: Running) {
    this.#directory = directory;
    this.#launch = launch;
    this.#launched = launched;
    this.host = host;
    this.root = join(directory, "root");
  }

  get port(): number {
    return this.#launched.port;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get #process(): Deno.ChildProcess {
    return this.#launched.process;
  }

  /** Starts a server and waits for its ready line. Rejects with what it wrote when it ends or is silent instead. */
  static async start(options: StartOptions = {}): Promise<ServerUnderTest> {
    const directory = await Deno.makeTempDir({ prefix: "denoftpd-server-" });
    try {
      return await ServerUnderTest.#startIn(directory, options);
    } catch (error) {
      await Deno.remove(directory, { recursive: true });
      throw error;
    }
  }

  static async #startIn(directory: string, options: StartOptions): Promise<ServerUnderTest> {
    const {
      host = "127.0.0.1",
      accounts = [ALICE],
      logLevel = "debug",
      tls = false,
      workers = 1,
      flags = [],
      implicitPort = 0,
      descriptors,
    } = options;
    await Deno.mkdir(join(directory, "root"));
    const programme = commandLine(directory, host, options);
    for (const account of accounts) await addAccount(programme, directory, account);
    const tlsFlags = tls ? [...await makeCertificate(directory), "--implicit-tls-port", String(implicitPort)] : [];
    const users = join(directory, "users.json");
    const command = [
      ...[...programme, "serve", "--host", host, "--port", String(options.port ?? 0), "--users", users],
      ...["--log-level", logLevel, "--workers", String(workers), "--allow-root", ...tlsFlags, ...flags],
      ...flags.includes("--native-io") ? [] : nativeFlags(),
    ];
    const launch = async () => {
      const process = spawnLogged({ log: options.logTo ?? logFile(directory), descriptors }, command);
      return { process, port: await readyPort(process, directory) };
    };
    return new ServerUnderTest(directory, { host, launch, launched: await launch() });
  }

  /** What the server has written to stderr, from byte `start` on. */
  log(start = 0): string {
    return new TextDecoder().decode(Deno.readFileSync(logFile(this.#directory)).subarray(start));
  }

  /**
   * As {@link log}, once `expected` is there: lines get there a moment after what they tell of. Rejects when it does
   * not come.
   */
  async untilLogged(expected: RegExp, start = 0): Promise<string> {
    for (let look = 0; look < LOOKS; look++) {
      const text = this.log(start);
      if (expected.test(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw new Error(`The log has nothing that matches ${expected}:\n${this.log(start)}`);
  }

  /** Bytes of log so far, for a later {@link log}. */
  logSize(): number {
    return Deno.statSync(logFile(this.#directory)).size;
  }

  /** Where a client finds the certificate to trust, of a server with TLS. It is for localhost and its addresses. */
  get certificateFile(): string {
    return certificateFile(this.#directory);
  }

  /** The port that speaks TLS from the first byte. @throws {Error} without one. */
  get implicitPort(): number {
    const port = IMPLICIT_TLS.exec(this.log())?.[1];
    if (port === undefined) throw new Error("The server has no port for implicit TLS");
    return Number(port);
  }

  /** Which way TLS takes (docs/tls.md), of a server that logs at `debug`. */
  async tlsRoute(): Promise<"socket" | "relay"> {
    return /TLS takes the relay route/.test(await this.untilLogged(/TLS takes the \w+ route/)) ? "relay" : "socket";
  }

  /** Kills the process, which gets no chance to do anything. */
  async kill(): Promise<void> {
    signalQuietly(this.#process, "SIGKILL");
    await this.#process.status;
    await this.#process.stdout.cancel();
  }

  /** Starts the server again after {@link kill}, with the same files and settings, on another port. */
  async restart(): Promise<void> {
    this.#launched = await this.#launch();
  }

  /** Removes everything under the root. */
  async clear(): Promise<void> {
    for await (const entry of Deno.readDir(this.root)) {
      await Deno.remove(join(this.root, entry.name), { recursive: true });
    }
  }

  /** Asks the server to drain and resolves to its exit status; kills it when it does not come to an end. */
  async stop(): Promise<Deno.CommandStatus> {
    const timer = setTimeout(() => signalQuietly(this.#process, "SIGKILL"), STOPPED_WITHIN_MS);
    signalQuietly(this.#process, "SIGTERM");
    const status = await this.#process.status;
    clearTimeout(timer);
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#process.stdout.cancel();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** The program and its first arguments, up to the name of the subcommand. */
function commandLine(
  directory: string,
  host: Host,
  { peers = [], writable = [], readable = [] }: Pick<StartOptions, "peers" | "writable" | "readable">,
): [string, ...string[]] {
  const executable = Deno.env.get("DENOFTPD_EXECUTABLE");
  if (executable !== undefined) return [executable];
  const net = host === "::1" ? "[::1]" : host;
  const permissions = [
    `--allow-net=${[net, ...peers]}`,
    `--allow-read=${[directory, LIB, ...readable]}`,
    `--allow-write=${[directory, ...writable]}`,
    // For --native-io; given up once the server runs.
    `--allow-ffi=${LIBC_PATHS}`,
  ];
  // The flag that the tasks and the executable have.
  return [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--v8-flags=--min-semi-space-size=4,--max-semi-space-size=4,--no-concurrent-recompilation",
    ...permissions,
    MAIN,
  ];
}

/**
 * `TEST_NATIVE_IO`, `on` or `off`, says whether servers use the C library that are not told otherwise, so that the gate
 * can have both. Without it they decide by themselves.
 */
function nativeFlags(): string[] {
  const use = Deno.env.get("TEST_NATIVE_IO");
  return use === undefined ? [] : ["--native-io", use];
}

async function addAccount(programme: [string, ...string[]], directory: string, account: Account): Promise<void> {
  const [program, ...first] = programme;
  const { permissions = "rw", flags = [] } = account;
  const where = ["--users", join(directory, "users.json"), "--root", join(directory, "root")];
  const options = [...where, "--permissions", permissions, ...flags];
  await run(program, [...first, "user", "add", account.user, "--password-stdin", ...options], {
    stdin: `${account.password}\n`,
    inheritEnvironment: true,
  });
}

/** Makes the certificate of the server in `directory`. Resolves to the flags that have it used. */
async function makeCertificate(directory: string): Promise<string[]> {
  const { certificate, privateKey } = await createSelfSigned();
  const keyFile = join(directory, "key.pem");
  await Deno.writeTextFile(certificateFile(directory), certificate);
  await Deno.writeTextFile(keyFile, privateKey);
  return ["--tls-cert", certificateFile(directory), "--tls-key", keyFile];
}

function certificateFile(directory: string): string {
  return join(directory, "cert.pem");
}

/** Runs `command` with stderr in a file: a pipe would have to be drained, which test sanitizers take for a leak. */
function spawnLogged(
  { log, descriptors }: { readonly log: string; readonly descriptors: number | undefined },
  command: readonly string[],
): Deno.ChildProcess {
  const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors}; `;
  return new Deno.Command("/bin/sh", {
    args: ["-c", `${limit}log=$1; shift; exec "$@" 2>"$log"`, "sh", log, ...command],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

function logFile(directory: string): string {
  return join(directory, "server.log");
}

async function readyPort(process: Deno.ChildProcess, directory: string): Promise<number> {
  const timer = setTimeout(() => signalQuietly(process, "SIGKILL"), READY_WITHIN_MS);
  const reader = process.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      const port = READY.exec(text)?.[2];
      if (port !== undefined && text.includes("\n")) return Number(port);
    }
  } finally {
    clearTimeout(timer);
    reader.releaseLock();
  }
  await process.status;
  throw new Error(
    `The server did not get ready\nstdout: ${text}\nstderr: ${await Deno.readTextFile(logFile(directory))}`,
  );
}

function signalQuietly(process: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    process.kill(signal);
  } catch {
    // It has ended already, which is what the signal was for.
  }
}
