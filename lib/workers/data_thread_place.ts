/**
 * A place for a data thread: its start, its end, and the next one when it dies.
 *
 * @module
 */

import { DataThread } from "../data/threads/data_thread.ts";
import type { FromDataThread } from "../data/threads/messages.ts";
import { Respawns } from "./respawns.ts";
import { DATA_THREAD } from "./scope.ts";

/** Which thread it is, and who hears of its end. */
export interface DataThreadPlaceOptions {
  /** Module that calls `serveData`. */
  readonly module: string | URL;
  /** Told when the thread has died. `again`: another takes its place. The first one gets none: what kept it from starting has not gone. */
  readonly onDeath: (error: Error, again: boolean) => void;
}

/** One thread at a time. */
export class DataThreadPlace implements Disposable {
  /** Resolves when the first thread is there, or has died. */
  readonly settled: Promise<void>;
  readonly #options: DataThreadPlaceOptions;
  readonly #respawns = new Respawns();
  readonly #settled = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #thread: DataThread | undefined;
  #wasThere = false;

  constructor(options: DataThreadPlaceOptions) {
    this.#options = options;
    this.settled = this.#settled.promise;
    this.#spawn();
  }

  /** The thread that is there now. */
  get thread(): DataThread | undefined {
    return this.#thread;
  }

  /** Ends the thread, and what it moves. */
  [Symbol.dispose](): void {
    this.#respawns[Symbol.dispose]();
    this.#lose(new Deno.errors.Interrupted("The data thread was ended"));
  }

  #spawn(): void {
    const worker = new Worker(this.#options.module, { type: "module", name: DATA_THREAD });
    const thread = new DataThread((message) => worker.postMessage(message));
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromDataThread>) => {
      if (data.type !== "hello") return thread.receive(data);
      this.#thread = thread;
      this.#wasThere = true;
      this.#settled.resolve();
    };
    worker.onerror = (event) => {
      // Without this the error would end this thread too.
      event.preventDefault();
      this.#die(new Error(event.message));
    };
  }

  #die(error: Error): void {
    this.#lose(error);
    this.#options.onDeath(error, this.#wasThere);
    if (this.#wasThere) this.#respawns.plan(0, () => this.#spawn());
  }

  #lose(error: Error): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#thread?.lose(error);
    this.#thread = undefined;
    this.#settled.resolve();
  }
}
