/**
 * A fixture as a process that ends with the program that has started it.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { Buffer } from "node:buffer";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { FixtureOptions } from "./api.ts";
import { Control } from "./control.ts";
import { type ReadyLine, RemoteFixture } from "./fixture.ts";
import { findRuntime } from "./runtime.ts";

/** Milliseconds that a fixture has to end by itself. */
const PATIENCE = 10_000;
/** Characters of its standard error that an error quotes. */
const QUOTED = 2_000;

/** The process of a fixture. */
class FixtureProcess {
  /** Aborted when it has ended; the reason says how. */
  readonly gone = new AbortController();
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #errors = "";
  #stopping = false;
  #url: string | undefined;
  #caFile: string | undefined;

  constructor(options: FixtureOptions) {
    const { program, args, environment } = findRuntime();
    const flags = ["fixture", "--options", "-", "--control", "--exit-on-stdin-close"];
    this.#child = spawn(program, [...args, ...flags], { stdio: "pipe", env: environment });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(this.#end(`cannot be started: ${error.message}`)));
      // Standard error has ended too then.
      this.#child.once("close", (code, signal) => {
        resolve(this.#end(`has ended by itself, ${code === null ? `by ${signal}` : `with status ${code}`}`));
      });
    });
    this.#child.stdin?.on("error", () => {}); // It has ended, which "close" reports.
    this.#child.stdin?.write(`${JSON.stringify(portable(options))}\n`);
  }

  /** The first line of its output. Rejects if it ends before, with what it says on standard error. */
  async ready(): Promise<ReadyLine & { readonly control: string }> {
    const { signal } = this.gone;
    const { stdin, stdout, stderr } = this.#child;
    if (!stdout) throw new Error("The fixture has no standard output");
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: stdout }).once("line", resolve);
      signal.addEventListener("abort", () => reject(signal.reason));
      if (signal.aborted) reject(signal.reason);
    });
    // A test runner that has nothing else to do may end, and the fixture with it. A pipe is a socket on Node.
    this.#child.unref();
    for (const stream of [stdin, stdout, stderr]) (stream as unknown as { unref?(): void } | null)?.unref?.();
    // The line is written by this package's program.
    const ready = JSON.parse(line) as ReadyLine & { readonly control: string };
    this.#url = ready.url;
    this.#caFile = ready.caFile;
    return ready;
  }

  async stop(): Promise<void> {
    if (this.gone.signal.aborted) return;
    this.#stopping = true;
    this.#child.ref();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE);
    this.#child.stdin?.end();
    await this.#ended;
    clearTimeout(timer);
  }

  #hear(text: string): void {
    this.#errors = (this.#errors + text).slice(-QUOTED);
    if (this.#url !== undefined) process.stderr.write(text);
  }

  #end(how: string): void {
    if (this.gone.signal.aborted) return;
    // A process that was killed has left it.
    if (this.#caFile !== undefined) rmSync(this.#caFile, { force: true });
    const said = this.#errors.trim();
    const what = this.#stopping ? "was stopped" : `${how}${said === "" ? "" : `: ${said}`}`;
    const error = new Error(`The fixture${this.#url === undefined ? "" : ` at ${this.#url}`} ${what}`);
    this.gone.abort(error);
    // The test that runs may know it only by a connection that is refused: say so where its output is shown.
    if (!this.#stopping && this.#url !== undefined) process.stderr.write(`denoftpd: ${error.message}\n`);
  }
}

/** Starts a fixture. Rejects, with what it says, for an unknown option, an unreadable seed, or a port in use. */
export async function startFixture<Name extends string = "test">(
  options: FixtureOptions<Name> = {},
): Promise<RemoteFixture<Name>> {
  const started = new FixtureProcess(options);
  const { control, ...ready } = await started.ready();
  return new RemoteFixture<Name>(ready, new Control(control, started.gone.signal), () => started.stop());
}

/**
 * A fixture that another process has started, by the URL of its control interface: for a test in another process than
 * the setup of its suite. Its `stop()` stops it for all.
 */
export async function connectFixture<Name extends string = string>(control: string): Promise<RemoteFixture<Name>> {
  const asked = new Control(control);
  const ready = await asked.ask<ReadyLine>("/");
  // It may have ended already.
  return new RemoteFixture<Name>(ready, asked, () => asked.tell("/stop", { method: "POST" }).catch(() => {}));
}

function portable({ files, ...options }: FixtureOptions): unknown {
  return { ...options, ...(files !== undefined && { files: portableFiles(files) }) };
}

function portableFiles(files: NonNullable<FixtureOptions["files"]>): unknown {
  if (typeof files === "string") return files;
  if (files instanceof URL) return fileURLToPath(files);
  const contents = Object.entries(files).map(([path, content]) => {
    return [path, typeof content === "string" ? content : { base64: Buffer.from(content).toString("base64") }];
  });
  return Object.fromEntries(contents);
}
