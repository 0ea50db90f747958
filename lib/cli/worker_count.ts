/**
 * How many event loops serve.
 *
 * @module
 */

import type { Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** What `--workers` comes to. @throws {UsageError} where the system cannot do it. */
export function workerCount({ workers = 1 }: Settings): number {
  // Elsewhere a port is not shared at all (Windows), or one of those who share it gets all connections (macOS).
  const possible = Deno.build.os === "linux";
  if (workers === "auto") return possible ? navigator.hardwareConcurrency : 1;
  if (workers > 1 && !possible) throw new UsageError('Flag "--workers" beyond 1 needs Linux');
  return workers;
}
