/**
 * A server while it runs: started, waited for, asked for its numbers, and gone afterwards with everything below it.
 *
 * @module
 */

import { join } from "@std/path";
import { startDeadline } from "../../lib/net/deadline.ts";
import type { Packages } from "./packages.ts";
import { cpuSeconds, heldMemoryOf } from "./processes.ts";
import type { Server } from "./server.ts";

/** What all servers share. */
export interface Grounds {
  /** For files of the servers' own; gone afterwards. */
  readonly scratch: string;
  readonly packages: Packages;
}

/** What one server is started for. */
export interface Setup {
  /** The directory that it serves. */
  readonly root: string;
  /** With TLS on request. */
  readonly secure: boolean;
}

/** Milliseconds for a server to answer. */
const READY_WITHIN = 15_000;
/** Milliseconds for it to end by itself. */
const GONE_WITHIN = 2_000;

/** A server under measurement. */
export class RunningServer implements AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  /** Milliseconds from the start of the process to the first greeting. */
  readonly startup: number;
  readonly #process: Deno.ChildProcess;

  private constructor(
    server: Server,
    process: Deno.ChildProcess,
    known: { port: number; startup: number },
  ) {
    this.server = server;
    this.port = known.port;
    this.startup = known.startup;
    this.#process = process;
  }

  /** Starts `server` and waits for its greeting. @throws {Error} when none comes. */
  static async start(server: Server, { root, secure }: Setup, { scratch, packages }: Grounds): Promise<RunningServer> {
    const own = Deno.makeTempDirSync({ dir: scratch });
    // Servers that are another user by then read files of theirs here.
    Deno.chmodSync(own, 0o755);
    const port = freePort();
    const tls = { cert: join(scratch, "cert.pem"), key: join(scratch, "key.pem"), both: join(scratch, "both.pem") };
    const { command, args, env = {} } = server.launch({ root, scratch: own, port, packages, ...(secure && { tls }) });
    const began = performance.now();
    const process = new Deno.Command(command, { args: [...args], env, stdin: "null", stdout: "null", stderr: "piped" })
      .spawn();
    let complaint = "";
    void process.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (text) => void (complaint = text.trim()) }),
    );
    let ended = false;
    process.status.then(() => ended = true);
    while (!await greets(port, server.opening)) {
      if (ended || performance.now() - began > READY_WITHIN) {
        if (!ended) process.kill("SIGKILL");
        throw new Error(`${server.name} did not start: ${complaint}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return new RunningServer(server, process, { port, startup: performance.now() - began });
  }

  /** Processor seconds that it has used. */
  get cpu(): number {
    return cpuSeconds(this.#process.pid);
  }

  /** Bytes of memory that it holds now: see {@link heldMemoryOf}. */
  get memory(): number {
    return heldMemoryOf(this.#process.pid);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Ends it, by force where asking is not enough. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill("SIGTERM");
    const timer = setTimeout(() => this.#kill("SIGKILL"), GONE_WITHIN);
    await this.#process.status;
    clearTimeout(timer);
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It has ended already.
    }
  }
}

/** A port of loopback that nothing listens on now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Milliseconds for a greeting: another program may have taken the port meanwhile, and say nothing. */
const GREETS_WITHIN = 5_000;

async function greets(port: number, opening = ""): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    using _limit = startDeadline({ timeout: GREETS_WITHIN }, () => connection.close());
    await connection.write(new TextEncoder().encode(opening));
    const buffer = new Uint8Array(512);
    const count = await connection.read(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, count)).startsWith("220");
  } catch {
    return false;
  }
}
