/**
 * Client commands against real servers on free ports, in a home of their own.
 *
 * @module
 */

import { join } from "@std/path";
import { findAgentCommand, runAgentCommand } from "../../lib/cli/agent/main.ts";
import type { AgentIo } from "../../lib/cli/agent/io.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { ServerEvent } from "../../lib/events.ts";
import type { ServerOptions } from "../../lib/options.ts";
import { type Fixture, type FixtureOptions, startFixture } from "../../lib/fixture/fixture.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { testEndpoint } from "../helpers/tls.ts";

/** What a command has done. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What went to standard output as bytes. */
  readonly bytes: Uint8Array;
  /** The lines of stdout as JSON. */
  readonly events: Record<string, unknown>[];
}

/** What a test may set for one command. */
export interface RunOptions extends Partial<AgentIo> {
  /** What arrives on standard input. */
  readonly input?: Uint8Array;
  readonly variables?: Readonly<Record<string, string>>;
}

/** What a test works with. */
export interface Grounds {
  /** A local directory. */
  readonly local: string;
  readonly home: string;
  readonly files: MemoryVfs;
  readonly server: FtpServer;
  readonly events: readonly ServerEvent[];
  /** `ftp://demo:demo@127.0.0.1:port/`. */
  readonly url: string;
  /** Runs a client command. */
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Outcome>;
}

/** What a test may set for the server. */
export interface Setup {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly server?: Partial<ServerOptions>;
  readonly tls?: boolean;
}

/** Registers a test with a server and a home. */
export function agentTest(name: string, setup: Setup, body: (grounds: Grounds) => Promise<void>): void {
  Deno.test(name, () => withGrounds(setup, body));
}

async function withGrounds(setup: Setup, body: (grounds: Grounds) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "denoftpd-agent-" });
  const [local, home] = [join(folder, "local"), join(folder, "home")];
  const files = new MemoryVfs({ files: setup.files ?? {} });
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }),
    fileSystem: () => files,
    port: 0,
    failureDelay: 0,
    guessInterval: 0,
    ...(setup.tls && { tls: { endpoint: await testEndpoint(), implicitPort: 0 } }),
    ...setup.server,
  });
  const events: ServerEvent[] = [];
  using _all = server.events.on((event) => events.push(event));
  server.listen();
  try {
    for (const path of [local, home]) await Deno.mkdir(path);
    const url = `ftp://demo:demo@127.0.0.1:${server.address.port}/`;
    const run = (args: readonly string[], options: RunOptions = {}) => runCommand(args, { home, ...options });
    await body({ local, home, files, server, events, url, run });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a test with a fixture works with. */
export interface FixtureGrounds extends Pick<Grounds, "local" | "url" | "run"> {
  readonly server: Fixture;
}

/** Registers a test with a server that may misbehave, whose user is `demo`, and a home. */
export function fixtureTest(
  name: string,
  options: FixtureOptions,
  body: (grounds: FixtureGrounds) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using server = await startFixture({ users: { demo: "demo" }, faults: [], ...options });
    const folder = await Deno.makeTempDir({ prefix: "denoftpd-agent-" });
    const [local, home] = [join(folder, "local"), join(folder, "home")];
    try {
      for (const path of [local, home]) await Deno.mkdir(path);
      const url = `ftp://demo:demo@127.0.0.1:${server.port}/`;
      await body({ server, local, url, run: (args, more = {}) => runCommand(args, { home, ...more }) });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Runs a client command in this process. */
export async function runCommand(
  [name = "", ...args]: readonly string[],
  { home, input = new Uint8Array(), variables = {}, ...more }: RunOptions & { readonly home: string },
): Promise<Outcome> {
  let [stdout, stderr, bytes, at] = ["", "", new Uint8Array(), 0];
  const command = findAgentCommand(name);
  if (!command) throw new Error(`There is no command "${name}"`);
  const status = await runAgentCommand(command, args, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    write: (more) => Promise.resolve(void (bytes = new Uint8Array([...bytes, ...more]))),
    stdin: {
      read: (buffer) => {
        const part = input.subarray(at, at + buffer.length);
        buffer.set(part);
        at += part.length;
        return Promise.resolve(part.length === 0 ? null : part.length);
      },
    },
    environment: { get: (variable) => ({ HOME: home, ...variables })[variable] },
    drawsProgress: false,
    signal: new AbortController().signal,
    ...more,
  });
  const events = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  return { status, stdout, stderr, bytes, events };
}

/** The content of a local file. */
export async function read(...path: string[]): Promise<string> {
  return await Deno.readTextFile(join(...path));
}

/** Everything below a directory: paths, and contents of files; directories end with a slash. */
export async function treeOf(root: string, below = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(join(root, below))) {
    const path = below === "" ? name : `${below}/${name}`;
    if (isDirectory) Object.assign(found, { [`${path}/`]: "" }, await treeOf(root, path));
    else found[path] = await Deno.readTextFile(join(root, path));
  }
  return found;
}
