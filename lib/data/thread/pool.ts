/**
 * The data threads of an event loop. They are started when a large download first runs in that loop next to other
 * sessions, so a server without one saves about 10 MiB per thread.
 *
 * @module
 */

import type { ActiveOptions, DataConnector, DataEngine, PassiveOptions } from "../engine.ts";
import { localEngine } from "../engine.ts";
import type { DataThread } from "./proxy.ts";
import type { Problem, Untimed } from "../../events.ts";
import type { SocketAddress } from "../../net/connection.ts";
import { ThreadSlot } from "./place.ts";
import { hasSpareDescriptors } from "../../threads/spare_descriptors.ts";

/** The executable has no module other than the program itself. */
const DATA_MODULE = Deno.build.standalone ? import.meta.url : new URL("./main.ts", import.meta.url);

/** A file that is readable wherever threads may be started. */
const READABLE = Deno.build.standalone ? Deno.execPath() : new URL(DATA_MODULE);
const hasRoom = () => hasSpareDescriptors(READABLE);

/** The options of {@link DataThreads}. */
export interface DataThreadsOptions {
  /** At least 1. */
  readonly threads: number;
  /**
   * Whether they use the C library, if permitted.
   *
   * @default false
   */
  readonly native?: boolean;
  /** Called when one of them has died. */
  readonly onProblem: (problem: Untimed<Problem>) => void;
  /** The module that calls `serveData`. */
  readonly module?: string | URL;
}

/** The data threads of an event loop. Without a running thread, data connections stay in this one. */
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

  /**
   * Starts the threads, if they have not been started and there is room for them. Resolves when each has started, or
   * has died.
   */
  async start(): Promise<void> {
    if (this.#started || hasRoom()) await (this.#started ??= this.#start());
  }

  /** Ends the threads, and their transfers. */
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

  /** What keeps one thread from starting keeps all from it, and is reported once. */
  #report(error: Error, again: boolean): void {
    if (!again && this.#failed) return;
    this.#failed ||= !again;
    const message = again
      ? "A data thread crashed and its transfers were lost; starting a replacement"
      : "Cannot start data threads; continuing without them";
    this.#options.onProblem({ type: "problem", level: "error", message, error });
  }

  /** The one with the lowest load. */
  get #freest(): DataEngine {
    let freest: DataThread | undefined;
    for (const { thread } of this.#places) if (thread && !(freest && freest.load <= thread.load)) freest = thread;
    return freest ?? localEngine;
  }
}
