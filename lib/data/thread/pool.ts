/**
 * The data threads beside an event loop. They are started when a large download first moves in that loop beside other sessions, so a server
 * that has none of it is spared them: some 10 MiB each.
 *
 * @module
 */

import type { ActiveOptions, DataConnector, DataEngine, PassiveOptions } from "../engine.ts";
import { localEngine } from "../engine.ts";
import type { DataThread } from "./proxy.ts";
import type { Problem } from "../../events.ts";
import type { SocketAddress } from "../../net/connection.ts";
import { ThreadSlot } from "./place.ts";
import { hasSpareDescriptors } from "../../threads/spare_descriptors.ts";

/** The executable has no other module than the program itself. */
const DATA_MODULE = Deno.build.standalone ? import.meta.url : new URL("./main.ts", import.meta.url);

/** A file that may be read wherever threads may be started. */
const READABLE = Deno.build.standalone ? Deno.execPath() : new URL(DATA_MODULE);
const hasRoom = () => hasSpareDescriptors(READABLE);

/** How many there may be, and who hears of their ends. */
export interface DataThreadsOptions {
  /** At least 1. */
  readonly threads: number;
  /** Whether they use the C library, where that is permitted. Default `false`. */
  readonly native?: boolean;
  /** Told when one of them has died. */
  readonly onProblem: (problem: Problem) => void;
  /** Module that calls `serveData`. */
  readonly module?: string | URL;
}

/** See the module. While there is no thread, data connections stay in this one. */
export class DataThreads implements DataEngine, Disposable {
  readonly #options: DataThreadsOptions;
  readonly #places: ThreadSlot[] = [];
  #started: Promise<void> | undefined;
  #failed = false;

  constructor(options: DataThreadsOptions) {
    this.#options = options;
  }

  passive(options: PassiveOptions): DataConnector | Promise<DataConnector> {
    return this.#freest.passive(options);
  }

  active(target: SocketAddress, options: ActiveOptions): DataConnector {
    return this.#freest.active(target, options);
  }

  expectBulk(): void {
    void this.start();
  }

  /** Starts the threads, if they are not and there is room for them. Resolves when each is there, or has died. */
  async start(): Promise<void> {
    if (this.#started || hasRoom()) await (this.#started ??= this.#start());
  }

  /** Ends the threads, and what they move. */
  [Symbol.dispose](): void {
    for (const place of this.#places) place[Symbol.dispose]();
  }

  async #start(): Promise<void> {
    const { threads, native = false, module = DATA_MODULE } = this.#options;
    const onDeath = (error: Error, again: boolean) => this.#report(error, again);
    const options = { module, native, hasRoom, onDeath };
    for (let count = 0; count < threads; count++) this.#places.push(new ThreadSlot(options));
    await Promise.all(this.#places.map(({ settled }) => settled));
  }

  /** What keeps one thread from starting keeps all from it, and is told once. */
  #report(error: Error, again: boolean): void {
    if (!again && this.#failed) return;
    this.#failed ||= !again;
    const message = again
      ? "A data thread crashed and its transfers were lost; starting a replacement"
      : "Cannot start data threads; continuing without them";
    this.#options.onProblem({ type: "problem", level: "error", message, error });
  }

  /** The one with the least to do. */
  get #freest(): DataEngine {
    let freest: DataThread | undefined;
    for (const { thread } of this.#places) if (thread && !(freest && freest.load <= thread.load)) freest = thread;
    return freest ?? localEngine;
  }
}
