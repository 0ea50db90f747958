/**
 * The number of threads, and when they start.
 *
 * @module
 */

import type { DataThreads } from "../../data/thread/pool.ts";
import { isGranted } from "../permissions/query.ts";
import { threadNeeds } from "../permissions/needs.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** The largest automatic number of data threads per event loop: each takes memory, and more never showed a benefit. */
const MOST_DATA_THREADS = 4;

/** The executable is compiled with `--unstable-worker-options`; whether a `deno run` has that flag cannot be known. */
export const THREADS_HAVE_OWN_PERMISSIONS: boolean = Deno.build.standalone;

/** The value of `--workers`. @throws {UsageError} if the system does not support it. */
export function workerCount({ workers }: Pick<Settings, "workers">): number {
  // Elsewhere a port cannot be shared at all (Windows), or one of the listeners gets all connections (macOS).
  const possible = Deno.build.os === "linux";
  if (workers === "auto") return possible ? navigator.hardwareConcurrency : 1;
  if (workers > 1 && !possible) throw new UsageError('Flag "--workers" beyond 1 needs Linux');
  return workers;
}

/**
 * The value of `--data-threads`: the largest number per event loop.
 *
 * @param sends whether the system sends files by itself, from threads of its own: then one to ask it to do so is
 *   enough.
 */
export function dataThreadCount(settings: Pick<Settings, "workers" | "dataThreads">, sends: boolean): number {
  const { dataThreads } = settings;
  if (dataThreads !== "auto") return dataThreads;
  // Only tested on Linux.
  if (Deno.build.os !== "linux" || !threadNeeds().every(isGranted)) return 0;
  return sends || workerCount(settings) > 1 ? 1 : Math.min(navigator.hardwareConcurrency, MOST_DATA_THREADS);
}

/** Milliseconds: whoever has waited for the server has been served by then. */
const LATER = 1000;

/**
 * Starts `threads` that use the C library, unless a large download does so earlier: after the start of the server,
 * because the runtime waits for each that it makes, 20 to 50 ms. Then calls `onStarted`: the permission for the library
 * is of no more use. Disposing of the result before keeps both from happening.
 */
export function startThreadsLater(threads: Pick<DataThreads, "start">, onStarted: () => void): Disposable {
  const timer = setTimeout(() => {
    // They are made at once, with their permissions; what is waited for is only their first message.
    void threads.start();
    onStarted();
  }, LATER);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
