/**
 * One server with data threads, for tests that talk to it.
 *
 * @module
 */

import { LocalEngine } from "../../../lib/data/local_engine.ts";
import { ThreadEngine } from "../../../lib/data/thread/engine.ts";
import { BulkForecast, type TransferKind } from "../../../lib/data/thread/forecast.ts";
import type { EventType, Problem, ServerEvent, Untimed } from "../../../lib/events.ts";
import type { ServerOptions } from "../../../lib/options.ts";
import { FtpServer } from "../../../lib/server/server.ts";
import { openDisk } from "../../../lib/drivers/disk/disk.ts";
import { MemoryVfs } from "../../../lib/drivers/memory/memory.ts";
import { DataThreads } from "../../../lib/data/thread/pool.ts";
import { authenticatorOf, reachable } from "../../helpers/server.ts";
import { nativeIo } from "../../helpers/native.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { Wire } from "../../helpers/wire.ts";

/** What a test may set. */
export interface DataSetup {
  /** Default 1. */
  readonly threads?: number;
  /** Beside this file. Default: what data threads run. */
  readonly module?: string;
  /** Whether they are started before the test begins. Default `true`. */
  readonly started?: boolean;
  /**
   * Whether the first transfer of a session, and one after a listing, is taken for a large download. Default `true`.
   */
  readonly expectsBulk?: boolean;
  /** Files are in memory instead of on disk. */
  readonly memory?: boolean;
  /** Threads and the server use the C library. */
  readonly native?: boolean;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly options?: Partial<ServerOptions>;
}

/** What a test works with. */
export interface DataStage {
  /** Logged in, with TYPE I. */
  readonly ftp: Wire;
  readonly server: FtpServer;
  readonly threads: DataThreads;
  /** How often a data thread was asked for, and how often the threads were to be started. */
  readonly asked: { count: number; starts: number };
  /** What was told of deaths. */
  readonly problems: Untimed<Problem>[];
  /** Another one like {@link ftp}. */
  connect(): Promise<Wire>;
  event<T extends EventType>(
    type: T,
    matches?: (event: Extract<ServerEvent, { type: T }>) => boolean,
  ): Promise<Extract<ServerEvent, { type: T }>>;
}

/** Runs `talk` with a server whose data connections are in other threads. */
export async function withDataThread(setup: DataSetup, talk: (stage: DataStage) => Promise<void>): Promise<void> {
  const {
    threads: count = 1,
    module,
    started = true,
    expectsBulk = true,
    memory,
    native = false,
    files = {},
    options,
  } = setup;
  const root = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) await Deno.writeFile(`${root}/${name}`, content);
  const inMemory = new MemoryVfs({ files: Object.fromEntries(Object.entries(files).map(([k, v]) => [`/${k}`, v])) });
  const events: ServerEvent[] = [];
  const wires: Wire[] = [];
  const problems: Untimed<Problem>[] = [];
  try {
    using library = native ? nativeIo() : undefined;
    using threads = new DataThreads({
      threads: count,
      native,
      onProblem: (problem) => problems.push(problem),
      ...(module !== undefined && { module: new URL(module, import.meta.url) }),
    });
    if (started) await threads.start();
    const asked = { count: 0, starts: 0 };
    const dataEngine = new ThreadEngine({
      threads: counted(threads, asked),
      local: library?.dataEngine ?? new LocalEngine(),
      forecast: expectsBulk ? new ConfidentForecast() : new BulkForecast(),
    });
    await using server = new FtpServer({
      authenticator: authenticatorOf({ name: "demo" }),
      fileSystem: () =>
        memory
          ? inMemory
          : openDisk(root, library ? { readDirectory: library.readDirectory, paths: library.paths } : {}),
      port: 0,
      dataEngine,
      ...options,
    });
    using _all = server.events.on((event) => events.push(event));
    server.listen();
    const connect = async () => {
      const wire = await Wire.connect(server.address.port, { hostname: reachable(server) });
      wires.push(wire);
      await wire.expectReply(220);
      await wire.login();
      await wire.expect("TYPE I", 200);
      return wire;
    };
    const event: DataStage["event"] = (type, matches) =>
      waitFor({ stream: server.events, past: events }, type, matches);
    await talk({ ftp: await connect(), server, threads, asked, problems, connect, event });
  } finally {
    for (const wire of wires) wire.close();
    await Deno.remove(root, { recursive: true });
  }
}

/** Expects nothing but large downloads where a session's own transfers do not say otherwise. */
class ConfidentForecast extends BulkForecast {
  override expectsBulk(last: TransferKind | undefined): boolean {
    return last !== "other";
  }
}

function counted(threads: DataThreads, asked: DataStage["asked"]): Pick<DataThreads, "freest" | "start"> {
  return {
    get freest() {
      asked.count++;
      return threads.freest;
    },
    start: () => {
      asked.starts++;
      return threads.start();
    },
  };
}
