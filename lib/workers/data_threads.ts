/**
 * The data threads beside an event loop. They are started when a large download first moves in that loop beside other sessions, so a server
 * that has none of it is spared them: some 10 MiB each.
 *
 * @module
 */

import type { ActiveOptions, DataPort, DataPorts, PassiveOptions } from "../data/data_port.ts";
import { ownPorts } from "../data/data_port.ts";
import type { DataThread } from "../data/threads/data_thread.ts";
import type { Problem } from "../events.ts";
import type { SocketAddress } from "../net/connection.ts";
import { type MakeCommons, ownCommons } from "../session/commons.ts";
import { DataThreadPlace } from "./data_thread_place.ts";

/** The executable has no other module than the program itself. */
const DATA_MODULE = Deno.build.standalone ? import.meta.url : new URL("./data_main.ts", import.meta.url);

/** How many there may be, and who hears of their ends. */
export interface DataThreadsOptions {
  /** At least 1. */
  readonly threads: number;
  /** Told when one of them has died. */
  readonly onProblem: (problem: Problem) => void;
  /** Module that calls `serveData`. */
  readonly module?: string | URL;
}

/** See the module. While there is no thread, data connections stay in this one. */
export class DataThreads implements DataPorts, Disposable {
  readonly #options: DataThreadsOptions;
  readonly #places: DataThreadPlace[] = [];
  #started: Promise<void> | undefined;

  constructor(options: DataThreadsOptions) {
    this.#options = options;
  }

  passive(options: PassiveOptions): DataPort | Promise<DataPort> {
    return this.#freest.passive(options);
  }

  active(target: SocketAddress, options: ActiveOptions): DataPort {
    return this.#freest.active(target, options);
  }

  expectBulk(): void {
    void this.start();
  }

  /** Starts the threads, if they are not. Resolves when each is there, or has died. */
  start(): Promise<void> {
    return this.#started ??= this.#start();
  }

  /** Ends the threads, and what they move. */
  [Symbol.dispose](): void {
    for (const place of this.#places) place[Symbol.dispose]();
  }

  async #start(): Promise<void> {
    const { threads, module = DATA_MODULE } = this.#options;
    const onDeath = (error: Error, again: boolean) => this.#report(error, again);
    for (let count = 0; count < threads; count++) this.#places.push(new DataThreadPlace({ module, onDeath }));
    await Promise.all(this.#places.map(({ settled }) => settled));
  }

  #report(error: Error, again: boolean): void {
    const message = again
      ? "A data thread has died with its transfers, another takes its place"
      : "A data thread does not start, downloads go on without it";
    this.#options.onProblem({ type: "problem", level: "error", message, error });
  }

  /** The one with the least to do. */
  get #freest(): DataPorts {
    let freest: DataThread | undefined;
    for (const { thread } of this.#places) if (thread && !(freest && freest.load <= thread.load)) freest = thread;
    return freest ?? ownPorts;
  }
}

/** Commons of a server alone that has these threads beside it. */
export function ownCommonsWith(dataPorts: DataPorts): MakeCommons {
  return (throttle) => ({ ...ownCommons(throttle), dataPorts });
}
