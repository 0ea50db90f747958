/**
 * All memory that the threads of a server share.
 *
 * @module
 */

import type { GateMemory } from "../auth/login_gate.ts";
import { makePaceMemory, type PaceMemory } from "../auth/pace.ts";
import { makeEpochs } from "./shared_digests.ts";
import { type LimitMemory, makeLimits } from "./shared_limits.ts";
import { makeTable, type TableMemory } from "./shared_table.ts";
import { makeUsages, type UsageMemory } from "./shared_usage.ts";

/** Memory that all threads share. */
export interface SharedMemory {
  readonly counts: TableMemory;
  readonly usages: UsageMemory;
  /** The rates of accounts. */
  readonly limits: LimitMemory;
  readonly epochs: SharedArrayBuffer;
  /** The paces of guesses. */
  readonly paces: GateMemory;
  /** The pace of new connections. */
  readonly arrivals: PaceMemory;
}

/** Creates the memory for a number of workers. */
export function makeSharedMemory(workers: number): SharedMemory {
  return {
    counts: makeTable(workers),
    usages: makeUsages(),
    limits: makeLimits(),
    epochs: makeEpochs(),
    paces: { accounts: makePaceMemory(), addresses: makePaceMemory() },
    arrivals: makePaceMemory(),
  };
}
