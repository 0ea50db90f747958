/**
 * A place for a data thread: starts it, ends it, and replaces it when it dies.
 *
 * @module
 */

import type { BufferLender } from "../../net/connection.ts";
import { errorOf } from "../../net/message_of.ts";
import { LIBC_PATHS } from "../../native/libc.ts";
import { DataThread } from "./proxy.ts";
import type { FromDataThread } from "./messages.ts";
import { RestartBackoff } from "../../threads/restart_backoff.ts";
import { DATA_THREAD, NATIVE_DATA_THREAD, PERMITTED_DATA_THREAD } from "../../threads/scope.ts";

/** The options of a {@link ThreadSlot}. */
export interface DataThreadPlaceOptions {
  /** Lends shared memory. */
  readonly buffers: BufferLender;
  /** The module that calls `serveData`. */
  readonly module: string | URL;
  /** Whether it uses the C library, if permitted. */
  readonly native: boolean;
  /** See {@link "./pool.ts"}. */
  readonly ownPermissions: boolean;
  /** Whether another thread may be started now: see `threads/spare_descriptors.ts`. */
  readonly hasRoom: () => boolean;
  /**
   * Called when the thread has died. `again`: it will be replaced. One that did not start is not: the cause persists.
   */
  readonly onDeath: (error: Error, again: boolean) => void;
}

/** One thread at a time. */
export class ThreadSlot implements Disposable {
  /** Resolves when the first thread has started, or has died. */
  readonly settled: Promise<void>;
  readonly #options: DataThreadPlaceOptions;
  readonly #respawns = new RestartBackoff();
  readonly #settled = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #thread: DataThread | undefined;
  #over = false;

  constructor(options: DataThreadPlaceOptions) {
    this.#options = options;
    this.settled = this.#settled.promise;
    this.#spawn();
  }

  /** The current thread. */
  get thread(): DataThread | undefined {
    return this.#thread;
  }

  /** Ends the thread, and its transfers. */
  [Symbol.dispose](): void {
    this.#over = true;
    this.#respawns[Symbol.dispose]();
    this.#lose(new Deno.errors.Interrupted("The data thread was ended"));
  }

  #spawn(): void {
    const { module, native, ownPermissions } = this.#options;
    try {
      const permitted = native && ownPermissions ? permittedThread() : undefined;
      this.#begin(
        new Worker(module, { type: "module", name: native ? NATIVE_DATA_THREAD : DATA_THREAD, ...permitted }),
      );
    } catch (error) {
      // The system may be unable to start a thread.
      this.#die(errorOf(error));
    }
  }

  #begin(worker: Worker): void {
    const thread = new DataThread((message) => worker.postMessage(message), this.#options.buffers);
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromDataThread>) => {
      if (data.type !== "hello") return thread.receive(data);
      this.#thread = thread;
      this.#settled.resolve();
    };
    worker.onerror = (event) => {
      // Without this the error would end this thread too.
      event.preventDefault();
      this.#die(new Error(event.message));
    };
  }

  #die(error: Error): void {
    if (this.#over) return;
    const wasThere = this.#thread !== undefined;
    this.#lose(error);
    this.#options.onDeath(error, wasThere);
    if (wasThere) this.#respawns.plan(0, () => this.#succeed());
  }

  /** Later if there is no room for it now. */
  #succeed(): void {
    if (this.#options.hasRoom()) this.#spawn();
    else this.#respawns.plan(0, () => this.#succeed());
  }

  #lose(error: Error): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#thread?.lose(error);
    this.#thread = undefined;
    this.#settled.resolve();
  }
}

/**
 * A thread that may open the C library though the one that starts it gives that permission up, and nothing more than a
 * data thread needs. `undefined` once that has happened.
 */
function permittedThread(): Pick<WorkerOptions, "name" | "deno"> | undefined {
  const ffi = LIBC_PATHS.filter((path) => Deno.permissions.querySync({ name: "ffi", path }).state === "granted");
  if (ffi.length === 0) return undefined;
  const inherited = { net: "inherit", read: "inherit", sys: "inherit" } as const;
  const permissions = { ...inherited, ffi, write: false, env: false, run: false, import: false };
  return { name: PERMITTED_DATA_THREAD, deno: { permissions } };
}
