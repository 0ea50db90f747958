/**
 * Two workers behind one port, for tests that talk to both.
 *
 * @module
 */

import { fail } from "@std/assert";
import type { BanStore } from "../../lib/auth/bans.ts";
import type { EventType, ServerEvent } from "../../lib/events.ts";
import { WorkerPool } from "../../lib/workers/pool.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { Wire } from "../helpers/wire.ts";
import type { TestSetup, TestState } from "./program.ts";

/** Connections after which both workers have had one: that all of them go to the other happens once in 2^40 runs. */
const ENOUGH = 40;

/** What a test works with. */
export interface PoolStage {
  readonly pool: WorkerPool;
  readonly root: string;
  /** Every event so far. */
  readonly events: readonly ServerEvent[];
  /** What the workers are told by the next `refresh`. */
  state: TestState;
  /** Another control connection, greeted. */
  connect(): Promise<Wire>;
  /** One logged in at each worker: ids of sessions begin with the number of the worker. */
  connectBoth(): Promise<Both>;
  /** The first event, past or to come, of this type that `matches`. */
  event<T extends EventType>(
    type: T,
    matches?: (event: Extract<ServerEvent, { type: T }>) => boolean,
  ): Promise<Extract<ServerEvent, { type: T }>>;
}

/** A session at each worker; `one` is at the older. */
export interface Both {
  readonly one: Wire;
  readonly other: Wire;
}

/** Runs `talk` with two workers that serve an empty directory. */
export async function withPool(
  setup: Omit<TestSetup, "root"> & { readonly state?: TestState; readonly banStore?: BanStore },
  talk: (stage: PoolStage) => Promise<void>,
): Promise<void> {
  const { state = {}, banStore: store, ...rest } = setup;
  const root = await Deno.makeTempDir();
  const events: ServerEvent[] = [];
  const wires: Wire[] = [];
  try {
    await using pool = makeTestPool({ root, ...rest }, () => stage.state, { store });
    using _all = pool.events.on((event) => events.push(event));
    const connect = async () => {
      const wire = await Wire.connect(pool.address.port);
      wires.push(wire);
      await wire.expectReply(220);
      return wire;
    };
    const stage: PoolStage = {
      pool,
      root,
      events,
      state,
      connect,
      connectBoth: () => connectBoth(connect),
      event: (type, matches) => waitFor({ stream: pool.events, past: events }, type, matches),
    };
    await pool.bind();
    pool.accept();
    await talk(stage);
  } finally {
    for (const wire of wires) wire.close();
    await Deno.remove(root, { recursive: true });
  }
}

/** Two workers that are not started yet. */
export function makeTestPool(
  setup: TestSetup,
  state: () => TestState = () => ({}),
  { port = 0, store }: { readonly port?: number; readonly store?: BanStore | undefined } = {},
): WorkerPool {
  return new WorkerPool({
    answer: (place, question) => Promise.resolve({ place, question }),
    module: new URL("./program.ts", import.meta.url),
    workers: 2,
    place: { hostname: "127.0.0.1", ports: [port] },
    setup,
    state,
    bans: { limit: setup.banAfter ?? 0, duration: setup.banTime ?? 0, store },
  });
}

/** Connects until there is a session at each worker, logged in. */
export async function connectBoth(connect: () => Promise<Wire>, name = "demo"): Promise<Both> {
  const found = new Map<string, Wire>();
  for (let tries = 0; tries < ENOUGH; tries++) {
    const wire = await connect();
    await wire.login(name, name);
    const worker = await workerOf(wire);
    if (found.has(worker)) {
      await wire.expect("QUIT", 221);
      wire.close();
    } else found.set(worker, wire);
    const [one, other] = [...found].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, wire]) => wire);
    if (one && other) return { one, other };
  }
  return fail(`All of ${ENOUGH} connections went to one worker`);
}

/** Number of the worker that serves `wire`: it names its own sessions first. */
export async function workerOf(wire: Wire): Promise<string> {
  const { lines } = await wire.expect("SITE WHO", 211);
  return /^ *(\d+)-/.exec(lines[1] ?? "")?.[1] ?? fail(`No worker in "${lines[1]}"`);
}
