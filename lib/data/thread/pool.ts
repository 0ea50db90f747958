/**
 * The data threads of an event loop. They are started when a large download first runs in that loop next to other
 * sessions, so a server without one saves about 10 MiB per thread.
 *
 * @module
 */

import type { Problem, Untimed } from "../../events.ts";
import { threadModule } from "../../threads/module.ts";
import { hasSpareDescriptors } from "../../threads/spare_descriptors.ts";
import { BufferPool } from "../buffers.ts";
import { ThreadSlot } from "./place.ts";
import type { DataThread } from "./proxy.ts";

const DATA_MODULE = threadModule(import.meta.url, "./main.ts");

const hasRoom = () => hasSpareDescriptors(DATA_MODULE);

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
  /**
   * Whether threads that use the C library get permissions of their own, which nobody else can give up: they may then
   * start while the permission for the library is given up here. Only where the runtime was started, or the program
   * compiled, with `--unstable-worker-options`: it ends the process otherwise.
   *
   * @default false
   */
  readonly ownPermissions?: boolean;
  /** Called when one of them has died. */
  readonly onProblem: (problem: Untimed<Problem>) => void;
  /** The module that calls `serveData`. */
  readonly module?: string | URL;
}

/** The data threads of an event loop. */
export class DataThreads implements Disposable {
  readonly #options: DataThreadsOptions;
  /** In memory that the threads can access. */
  readonly #buffers = new BufferPool({ make: (size) => new Uint8Array(new SharedArrayBuffer(size)) });
  readonly #places: ThreadSlot[] = [];
  #started: Promise<void> | undefined;
  #failed = false;

  constructor(options: DataThreadsOptions) {
    this.#options = options;
  }

  /** The running thread with the lowest load; `undefined` if none is running. */
  get freest(): DataThread | undefined {
    let freest: DataThread | undefined;
    for (const { thread } of this.#places) if (thread && !(freest && freest.load <= thread.load)) freest = thread;
    return freest;
  }

  /**
   * Starts the threads, if they have not been started and there is room for them. Resolves when each has started, or
   * has died: until then, threads that use the C library need the permission for it, unless they have their own.
   */
  async start(): Promise<void> {
    if (this.#started || hasRoom()) await (this.#started ??= this.#start());
  }

  /** Ends the threads, and their transfers. */
  [Symbol.dispose](): void {
    for (const place of this.#places) place[Symbol.dispose]();
  }

  async #start(): Promise<void> {
    const { threads, native = false, ownPermissions = false, module = DATA_MODULE } = this.#options;
    const onDeath = (error: Error, again: boolean) => this.#report(error, again);
    const options = { module, native, ownPermissions, hasRoom, onDeath, buffers: this.#buffers };
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
}
