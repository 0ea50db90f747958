/**
 * The data thread beside an event loop: its start, its end, and the next one when it dies.
 *
 * @module
 */

import type { ActiveOptions, DataPort, DataPorts, PassiveOptions } from "../data/data_port.ts";
import { ownPorts } from "../data/data_port.ts";
import { DataThread } from "../data/threads/data_thread.ts";
import type { FromDataThread } from "../data/threads/messages.ts";
import type { SocketAddress } from "../net/connection.ts";
import { Respawns } from "./respawns.ts";
import { DATA_THREAD } from "./scope.ts";

/** Who the thread is. */
export interface DataThreadsOptions {
  /** Module that calls `runWorker`. */
  readonly module: string | URL;
  /** Told when the thread has died. */
  readonly onDeath: (error: Error) => void;
}

/** One thread at a time. While there is none, data connections stay in this thread. */
export class DataThreads implements DataPorts, Disposable {
  /** Resolves when the first thread is there, or has died. */
  readonly ready: Promise<void>;
  readonly #options: DataThreadsOptions;
  readonly #respawns = new Respawns();
  readonly #ready = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #thread: DataThread | undefined;

  constructor(options: DataThreadsOptions) {
    this.#options = options;
    this.ready = this.#ready.promise;
    this.#spawn();
  }

  passive(options: PassiveOptions): DataPort | Promise<DataPort> {
    return (this.#thread ?? ownPorts).passive(options);
  }

  active(target: SocketAddress, options: ActiveOptions): DataPort {
    return (this.#thread ?? ownPorts).active(target, options);
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
      this.#ready.resolve();
    };
    worker.onerror = (event) => {
      // Without this the error would end this thread too.
      event.preventDefault();
      this.#die(new Error(event.message));
    };
  }

  #die(error: Error): void {
    this.#lose(error);
    this.#options.onDeath(error);
    this.#respawns.plan(0, () => this.#spawn());
  }

  #lose(error: Error): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#thread?.lose(error);
    this.#thread = undefined;
    this.#ready.resolve();
  }
}
