/**
 * `denoftpd serve` from source in a process of its own, with the permissions that a test chooses.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

/** What is left of a server that has ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what `serve` is started. */
export interface ServeOptions {
  readonly permissions: readonly string[];
  readonly flags: readonly string[];
  readonly cwd: string;
  /**
   * Called with the control port once the server is ready; then the server is asked to end. Without it, it should not
   * get ready.
   */
  readonly whenReady?: (port: number, pid: number) => Promise<void>;
}

/** Runs `serve` until it ends: by itself, or by SIGTERM once it was ready. */
export async function serve({ permissions, flags, cwd, whenReady }: ServeOptions): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...permissions, MAIN, "serve", ...flags],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    const port = /^ready ftp:\/\/\S+:(\d+)\n/m.exec(stdout)?.[1];
    if (port === undefined) continue;
    try {
      await whenReady?.(Number(port), child.pid);
    } finally {
      try {
        child.kill("SIGTERM");
      } catch {
        // The test has killed it.
      }
    }
  }
  return { code: (await child.status).code, stdout, stderr: await stderr };
}

/** A server that serves until it is asked to end. Disposing it asks once more, and waits. */
export interface Serving extends AsyncDisposable {
  /** The control port. */
  readonly port: number;
  readonly pid: number;
  /** The exit status. */
  readonly code: Promise<number>;
  /** Everything on standard error so far. */
  readonly stderr: string;
  kill(signal: Deno.Signal): void;
  /** The first group of `pattern`, or all of it, as soon as standard error has it. Rejects when it ends without. */
  logged(pattern: RegExp): Promise<string>;
}

/** Starts `serve`, and resolves when it is ready. */
export async function startServe(
  { permissions, flags, cwd, env = {}, executable, within = [] }: Omit<ServeOptions, "whenReady"> & {
    readonly env?: Readonly<Record<string, string>>;
    /** Words before the command line, which run it in another place. */
    readonly within?: readonly string[];
    /** Instead of the source; it has its own permissions. */
    readonly executable?: string | undefined;
  },
): Promise<Serving> {
  const source = ["run", "--no-prompt", "--quiet", ...permissions, MAIN];
  const program = executable === undefined ? [Deno.execPath(), ...source] : [executable];
  const [command = "", ...args] = [...within, ...program, "serve", ...flags];
  const child = new Deno.Command(command, {
    args,
    cwd,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Collected(child.stderr);
  const stdout = new Collected(child.stdout);
  const code = child.status.then(({ code }) => code);
  try {
    const port = Number(await stdout.find(/^ready ftp:\/\/\S+:(\d+)\n/m));
    return {
      port,
      pid: child.pid,
      code,
      get stderr() {
        return stderr.text;
      },
      kill: (signal) => child.kill(signal),
      logged: (pattern) => stderr.find(pattern),
      [Symbol.asyncDispose]: async () => {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended already.
        }
        await Promise.all([code, stdout.ended, stderr.ended]);
      },
    };
  } catch (error) {
    await Promise.all([code, stderr.ended]);
    throw new Error(`serve did not get ready: ${stderr.text}`, { cause: error });
  }
}

/** What a process writes, as far as it has come. */
export class Collected {
  text = "";
  readonly ended: Promise<void>;
  #more = Promise.withResolvers<void>();
  #over = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#collect(stream);
  }

  async find(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.text);
      if (found) return found[1] ?? found[0];
      if (this.#over) throw new Error(`${pattern} is not in: ${this.text}`);
      await this.#more.promise;
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true });
      this.#more.resolve();
      this.#more = Promise.withResolvers();
    }
    this.#over = true;
    this.#more.resolve();
  }
}
