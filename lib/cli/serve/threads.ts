/**
 * How many threads serve.
 *
 * @module
 */

import { isGranted } from "../permissions/query.ts";
import { threadNeeds } from "../permissions/needs.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** Data threads beside one event loop, unless a number was given: each takes memory, and more were never seen to bring more. */
const MOST_DATA_THREADS = 4;

/** What `--workers` comes to. @throws {UsageError} where the system cannot do it. */
export function workerCount({ workers = 1 }: Settings): number {
  // Elsewhere a port is not shared at all (Windows), or one of those who share it gets all connections (macOS).
  const possible = Deno.build.os === "linux";
  if (workers === "auto") return possible ? navigator.hardwareConcurrency : 1;
  if (workers > 1 && !possible) throw new UsageError('Flag "--workers" beyond 1 needs Linux');
  return workers;
}

/** What `--data-threads` comes to: how many there may be beside each event loop. */
export function dataThreadCount(settings: Settings): number {
  const { dataThreads = "auto" } = settings;
  if (dataThreads !== "auto") return dataThreads;
  // Tried on Linux alone.
  if (Deno.build.os !== "linux" || !threadNeeds().every(isGranted)) return 0;
  return workerCount(settings) > 1 ? 1 : Math.min(navigator.hardwareConcurrency, MOST_DATA_THREADS);
}
