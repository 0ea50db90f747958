/**
 * The number of threads.
 *
 * @module
 */

import { isGranted } from "../permissions/query.ts";
import { threadNeeds } from "../permissions/needs.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** The largest automatic number of data threads per event loop: each takes memory, and more never showed a benefit. */
const MOST_DATA_THREADS = 4;

/** The value of `--workers`. @throws {UsageError} if the system does not support it. */
export function workerCount({ workers }: Pick<Settings, "workers">): number {
  // Elsewhere a port cannot be shared at all (Windows), or one of the listeners gets all connections (macOS).
  const possible = Deno.build.os === "linux";
  if (workers === "auto") return possible ? navigator.hardwareConcurrency : 1;
  if (workers > 1 && !possible) throw new UsageError('Flag "--workers" beyond 1 needs Linux');
  return workers;
}

/** The value of `--data-threads`: the largest number per event loop. */
export function dataThreadCount(settings: Pick<Settings, "workers" | "dataThreads">): number {
  const { dataThreads } = settings;
  if (dataThreads !== "auto") return dataThreads;
  // Only tested on Linux.
  if (Deno.build.os !== "linux" || !threadNeeds().every(isGranted)) return 0;
  return workerCount(settings) > 1 ? 1 : Math.min(navigator.hardwareConcurrency, MOST_DATA_THREADS);
}
