/**
 * A thread that counts in a table as fast as it can, against others that do the same.
 *
 * @module
 */

import { workerScope } from "../../lib/threads/scope.ts";
import { SharedTable, type TableMemory } from "../../lib/workers/shared_table.ts";

/** What the thread is told. */
export interface Race {
  readonly memory: TableMemory;
  readonly worker: number;
  readonly rounds: number;
  readonly limit: number;
}

/** Gives the largest count that the thread saw. */
function race({ memory, worker, rounds, limit }: Race): number {
  const table = new SharedTable(memory, worker);
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    const key = `key ${round % 5}`;
    const before = table.add(key, limit);
    if (before === undefined) continue;
    most = Math.max(most, table.of(key));
    table.remove(key);
  }
  return most;
}

const scope = workerScope();
scope?.addEventListener("message", ({ data }: MessageEvent<Race>) => scope.postMessage(race(data)));
scope?.postMessage("hello");
