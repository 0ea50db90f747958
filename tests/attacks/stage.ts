/**
 * What the attacks stand on: a server in a process of its own, what it holds while it is attacked, and how long an
 * innocent session waits for its replies beside it.
 *
 * `deno task test:attacks` runs the short form, which asserts what can be counted: bytes kept for a session, files
 * lost, replies.
 * `deno task test:attacks --long` repeats more and prints waiting times, which no test asserts: the machine may be
 * busy.
 *
 * @module
 */

import { ServerUnderTest, type StartOptions } from "../clients/server_under_test.ts";
import { Wire } from "../helpers/wire.ts";
import { countDescriptors, residentMiB } from "../soak/proc.ts";

/** Whether `--long` was asked for. */
export const LONG = Deno.args.includes("--long");

/** `short` in the gate, `long` with `--long`. */
export function rounds({ short, long }: { readonly short: number; readonly long: number }): number {
  return LONG ? long : short;
}

/** A server under attack. */
export class Target implements AsyncDisposable {
  readonly server: ServerUnderTest;

  private constructor(server: ServerUnderTest) {
    this.server = server;
  }

  /** Starts a server as users get it, at the log level `warning` unless `options` says otherwise. */
  static async start(options: StartOptions = {}): Promise<Target> {
    return new Target(await ServerUnderTest.start({ logLevel: "warning", ...options }));
  }

  /** A greeted control connection; with `from`, from that address. */
  async connect(from?: string): Promise<Wire> {
    const wire = await Wire.connect(this.server.port, { from });
    await wire.expectReply(220);
    return wire;
  }

  /** A control connection logged in as the one account of the server. */
  async login(user = "alice", password = "wonder-land.7", from?: string): Promise<Wire> {
    const wire = await this.connect(from);
    await wire.login(user, password);
    return wire;
  }

  /** Resident memory of the server in MiB. */
  get residentMiB(): number {
    return residentMiB(this.server.pid);
  }

  /** How many descriptors the server has open. */
  get descriptors(): number {
    return countDescriptors(this.server.pid);
  }

  /** How many descriptors an idle server keeps open: the least in a second, as some are open only for a moment. */
  async keptDescriptors(): Promise<number> {
    let least = this.descriptors;
    for (const end = performance.now() + 1_000; performance.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      least = Math.min(least, this.descriptors);
    }
    return least;
  }

  /**
   * Waits until the server has no more than `count` descriptors open, for 20 seconds at most: what it closes after its
   * last reply is open a little longer. Resolves to how many are open then.
   */
  async descriptorsDownTo(count: number): Promise<number> {
    const end = performance.now() + 20_000;
    // The closing of a descriptor is no event outside of the server.
    while (this.descriptors > count && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.descriptors;
  }

  /** Whether the server still answers somebody who has done nothing. */
  async isAlive(): Promise<boolean> {
    await using wire = await this.connect();
    return (await wire.say("NOOP")).code >= 200;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}

/** How long replies took, in milliseconds. */
export interface Waits {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
}

/** Sends NOOP one by one over `wire` until `until` settles. Resolves to how long the replies took. */
export async function measureNoops(wire: Wire, until: Promise<unknown>): Promise<Waits> {
  const waits: number[] = [];
  let over = false;
  const end = () => void (over = true);
  until.then(end, end);
  do {
    const start = performance.now();
    await wire.say("NOOP");
    waits.push(performance.now() - start);
    // A turn of the event loop, so that `until` is seen to settle.
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (!over);
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  return { count: waits.length, median: at(0.5), p99: at(0.99), longest: at(1) };
}

/** Prints a figure of the long form; silent in the short one. */
export function report(title: string, figures: Readonly<Record<string, number>>): void {
  if (!LONG) return;
  const parts = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value * 100) / 100}`);
  Deno.stdout.writeSync(new TextEncoder().encode(`${title}: ${parts.join(", ")}\n`));
}
