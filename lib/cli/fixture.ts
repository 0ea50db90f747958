/**
 * `denoftpd fixture`: a throw-away server that a test in any language starts, reads one line from, uses and stops.
 *
 * @module
 */

import { dirname } from "@std/path";
import { type Fixture, type FixtureOptions, SeedError, startFixture } from "../fixture/fixture.ts";
import { FixtureControl } from "../fixture/control.ts";
import { isLoopback } from "../net/ip.ts";
import { FIXTURE_USAGE, type FixtureFlags, readFixtureFlags } from "./fixture_flags.ts";
import { readFaultsFile, writeCa, writeReadyFile, writingJournal } from "./fixture_files.ts";
import { type Need, needNet, needRead, needWrite, requireGrants } from "./grants.ts";
import type { CommandIo } from "./io.ts";
import { UsageError } from "./usage_error.ts";

/** What `fixture` may be told by the program around it. */
export interface FixtureHooks {
  /** Ends it as SIGTERM does. */
  readonly signal?: AbortSignal;
  /** Standard input, read to its end with `--exit-on-stdin-close`. */
  readonly stdin?: { read(buffer: Uint8Array): Promise<number | null> };
}

/** What the ready line says. */
export interface ReadyLine {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly implicitTlsPort?: number;
  /** Only these are used for passive data connections; absent: any. */
  readonly passivePorts?: string;
  readonly users: Readonly<Record<string, { readonly name: string; readonly password: string; readonly url: string }>>;
  /** PEM. */
  readonly ca?: string;
  readonly caFile?: string;
  /** URL of the HTTP interface. */
  readonly control?: string;
  readonly pid: number;
}

/** Runs until it is stopped. Resolves to the exit status: 0 stopped, 1 cannot listen, 2 bad flags or files. */
export async function runFixture(args: readonly string[], io: CommandIo, hooks: FixtureHooks = {}): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    io.stdout(FIXTURE_USAGE);
    return 0;
  }
  try {
    const flags = readFixtureFlags(args);
    requireGrants(needsOf(flags));
    return await run(flags, io, hooks);
  } catch (error) {
    if (isListenError(error)) {
      io.stderr(`denoftpd: Cannot listen: ${error.message}\n`);
      return 1;
    }
    if (!(error instanceof UsageError || error instanceof SeedError || error instanceof RangeError)) throw error;
    io.stderr(`denoftpd: ${error.message}\n`);
    return 2;
  }
}

async function run(flags: FixtureFlags, io: CommandIo, hooks: FixtureHooks): Promise<number> {
  await using fixture = await startFixture(await fixtureOptions(flags));
  if (flags.passiveAddress !== undefined) fixture.passive = { host: flags.passiveAddress };
  using _journal = flags.journalFile === undefined ? undefined : writingJournal(flags.journalFile, fixture.journal);
  await using ca = fixture.ca === undefined ? undefined : await writeCa(fixture.ca, flags.caFile);
  using end = new Ending(hooks, flags.exitOnStdinClose);
  const describe = (control?: string) => readyLine(fixture, flags, { caFile: ca?.path, control });
  await using control = flags.control && serveControl(fixture, flags.control, { describe, onStop: () => end.come() });
  const ready = `${JSON.stringify(describe(control?.url))}\n`;
  if (flags.readyFile !== undefined) await writeReadyFile(flags.readyFile, ready);
  io.stdout(ready);
  await end.came;
  return 0;
}

async function fixtureOptions({ options, faultsFile, control }: FixtureFlags): Promise<FixtureOptions> {
  const { directory } = options;
  if (directory !== undefined && !await isDirectory(directory)) {
    throw new UsageError(`Flag "--dir" must name a directory, not "${directory}"`);
  }
  if (faultsFile !== undefined) return { ...options, faults: await readFaultsFile(faultsFile) };
  return control ? { ...options, faults: [] } : options;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

function needsOf({ options, control, ...files }: FixtureFlags): Need[] {
  const { hostname = "127.0.0.1", files: seed, directory } = options;
  const needs = [needNet(hostname, `listening on ${hostname}`)];
  if (control) needs.push(needNet(control.hostname, `listening on ${control.hostname} for the control interface`));
  if (typeof seed === "string") needs.push(needRead(seed, `reading the seed "${seed}"`));
  if (directory !== undefined) {
    needs.push(needRead(directory, `reading "${directory}"`), needWrite(directory, `writing to "${directory}"`));
  }
  if (files.faultsFile !== undefined) needs.push(needRead(files.faultsFile, `reading "${files.faultsFile}"`));
  for (const file of [files.caFile, files.journalFile]) {
    if (file !== undefined) needs.push(needWrite(file, `writing "${file}"`));
  }
  if (files.readyFile !== undefined) {
    // It is written beside its place and then moved there.
    const folder = dirname(files.readyFile);
    const purpose = `writing "${files.readyFile}"`;
    needs.push(needRead(folder, purpose), needWrite(folder, purpose));
  }
  return needs;
}

function readyLine(
  fixture: Fixture,
  { options: { passivePorts } }: FixtureFlags,
  { caFile, control }: { readonly caFile: string | undefined; readonly control: string | undefined },
): ReadyLine {
  const { url, hostname, port, implicitTlsPort, users, ca } = fixture;
  return {
    url,
    host: hostname,
    port,
    ...(implicitTlsPort !== undefined && { implicitTlsPort }),
    ...(passivePorts && { passivePorts: `${passivePorts.first}-${passivePorts.last}` }),
    users,
    ...(ca !== undefined && { ca }),
    ...(caFile !== undefined && { caFile }),
    ...(control !== undefined && { control }),
    pid: Deno.pid,
  };
}

interface ControlHooks {
  readonly describe: (control?: string) => ReadyLine;
  readonly onStop: () => void;
}

function serveControl(
  fixture: Fixture,
  address: { readonly hostname: string; readonly port: number },
  { describe, onStop }: ControlHooks,
): { readonly url: string } & AsyncDisposable {
  const control = new FixtureControl(fixture, { describe, onStop, otherNames: !isLoopback(address.hostname) });
  const server = Deno.serve({ ...address, onListen: () => {} }, (request) => control.answer(request));
  const { hostname, port } = server.addr;
  const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** What ends the fixture: a signal, the end of standard input, or a request. */
class Ending implements Disposable {
  readonly came: Promise<void>;
  readonly come: () => void;
  readonly #signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  readonly #signal: AbortSignal | undefined;

  constructor({ signal, stdin }: FixtureHooks, exitOnStdinClose: boolean) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.came = promise;
    this.come = () => resolve();
    this.#signal = signal;
    for (const name of this.#signals) Deno.addSignalListener(name, this.come);
    signal?.addEventListener("abort", this.come);
    if (signal?.aborted) this.come();
    if (exitOnStdinClose) void this.#readToEnd(stdin ?? Deno.stdin);
  }

  [Symbol.dispose](): void {
    for (const name of this.#signals) Deno.removeSignalListener(name, this.come);
    this.#signal?.removeEventListener("abort", this.come);
  }

  async #readToEnd(stdin: NonNullable<FixtureHooks["stdin"]>): Promise<void> {
    const buffer = new Uint8Array(512);
    try {
      while (await stdin.read(buffer) !== null);
    } catch {
      // Standard input that cannot be read has nobody at its other end either.
    }
    this.come();
  }
}

/** The system's refusals, of `Deno.listen` and of `node:net`. */
function isListenError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { AddrInUse, AddrNotAvailable, PermissionDenied } = Deno.errors;
  if ([AddrInUse, AddrNotAvailable, PermissionDenied].some((kind) => error instanceof kind)) return true;
  return "syscall" in error && error.syscall === "listen";
}
