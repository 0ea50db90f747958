/**
 * Bytes in use below roots with a quota, in memory shared by all event loops.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { afterCount, nextCount, sizeOfTree, type Usage, type UsageOptions } from "../vfs/usage.ts";
import type { Vfs } from "../vfs/vfs.ts";
import { placeOf } from "./places.ts";

/** The number of roots there is room for. Its pages cost nothing before they are used. */
const ROOTS = 1 << 14;

/** No worker counts the tree; otherwise the value is the worker's number plus one. */
const NOBODY = 0;

/**
 * Milliseconds between two checks whether another worker has finished counting: `Atomics.waitAsync` does not keep the
 * event loop running.
 */
const POLL = 10;

/** The memory of meters: sent to the other threads. */
export interface UsageMemory {
  /** Two halves of the hash of each root. */
  readonly roots: BigInt64Array<SharedArrayBuffer>;
  readonly bytes: BigInt64Array<SharedArrayBuffer>;
  /** All bytes ever taken. */
  readonly taken: BigInt64Array<SharedArrayBuffer>;
  /** The earliest time of the next count; 0 before the first. */
  readonly due: BigInt64Array<SharedArrayBuffer>;
  /**
   * Directories that the last count could not count, and bytes in them: see `Known`. Only the counting worker uses
   * them.
   */
  readonly uncounted: BigInt64Array<SharedArrayBuffer>;
  readonly kept: BigInt64Array<SharedArrayBuffer>;
  /** How often something was renamed. */
  readonly moves: BigInt64Array<SharedArrayBuffer>;
  readonly counting: Int32Array<SharedArrayBuffer>;
}

/** Creates the memory for the meters of all roots. */
export function makeUsages(): UsageMemory {
  const column = () => new BigInt64Array(new SharedArrayBuffer(8 * ROOTS));
  return {
    roots: column(),
    bytes: column(),
    taken: column(),
    due: column(),
    uncounted: column(),
    kept: column(),
    moves: column(),
    counting: new Int32Array(new SharedArrayBuffer(4 * ROOTS)),
  };
}

/** Lets other workers count what the worker in this place was counting when it died. */
export function abandonCounts({ counting }: UsageMemory, worker: number): void {
  for (let slot = 0; slot < ROOTS; slot++) Atomics.compareExchange(counting, slot, worker + 1, NOBODY);
}

/** The options of {@link sharedUsages}; the clock must be the same for all workers. */
export interface SharedUsageOptions extends UsageOptions {
  readonly worker: number;
}

/** Returns the meter of each root, with the same bytes in every thread. Throws if there are too many roots. */
export function sharedUsages(memory: UsageMemory, options: SharedUsageOptions): (rootPath: string) => Usage {
  const meters = new Map<string, SharedUsage>();
  return (rootPath) => {
    let meter = meters.get(rootPath);
    if (!meter) meters.set(rootPath, meter = new SharedUsage(memory, slotOf(memory, rootPath), options));
    return meter;
  };
}

/** Roots are never removed: there are as many as accounts with a quota. */
function slotOf({ roots }: UsageMemory, rootPath: string): number {
  const slot = placeOf(roots, rootPath);
  if (slot !== undefined) return slot;
  throw new RangeError(`No room for the quota of "${rootPath}": at most ${ROOTS} roots can have a quota`);
}

/** The wall clock at the start of the thread plus monotonic time, so that a clock that is set back delays nothing. */
function sinceEpoch(): number {
  return performance.timeOrigin + performance.now();
}

class SharedUsage implements Usage {
  readonly #memory: UsageMemory;
  readonly #slot: number;
  /** The number of this worker in {@link UsageMemory.counting}. */
  readonly #own: number;
  readonly #clock: () => number;
  /**
   * Bytes this worker has taken that are not settled. Those of a dead worker must not be waited for, so each knows only
   * its own.
   */
  #unsettled = 0;
  #counting: Promise<void> | undefined;

  constructor(memory: UsageMemory, slot: number, { worker, clock = sinceEpoch }: SharedUsageOptions) {
    this.#memory = memory;
    this.#slot = slot;
    this.#own = worker + 1;
    this.#clock = clock;
  }

  get bytes(): number {
    return Number(Atomics.load(this.#memory.bytes, this.#slot));
  }

  async count(vfs: Vfs): Promise<void> {
    while (Atomics.load(this.#memory.due, this.#slot) === 0n) await this.#join(vfs);
  }

  async recount(vfs: Vfs): Promise<void> {
    while (this.#isDue()) await this.#join(vfs);
  }

  take(bytes: number, limit: number): boolean {
    if (!this.#change((before) => before + bytes > limit ? undefined : before + bytes)) return false;
    Atomics.add(this.#memory.taken, this.#slot, BigInt(bytes));
    this.#unsettled += bytes;
    return true;
  }

  settle(bytes: number): void {
    this.#unsettled -= bytes;
  }

  release(bytes: number): void {
    this.#change((before) => Math.max(0, before - bytes));
  }

  moved(): void {
    Atomics.add(this.#memory.moves, this.#slot, 1n);
  }

  /** Replaces the bytes by the result of `next`, unless that is `undefined`; returns whether it did. */
  #change(next: (before: number) => number | undefined): boolean {
    const { bytes } = this.#memory;
    for (;;) {
      const before = Atomics.load(bytes, this.#slot);
      const after = next(Number(before));
      if (after === undefined) return false;
      if (Atomics.compareExchange(bytes, this.#slot, before, BigInt(after)) === before) return true;
    }
  }

  #isDue(): boolean {
    return this.#clock() >= Number(Atomics.load(this.#memory.due, this.#slot));
  }

  #join(vfs: Vfs): Promise<void> {
    return this.#counting ??= this.#walkOrWait(vfs).finally(() => this.#counting = undefined);
  }

  /** One worker walks the tree; the others wait for it. */
  async #walkOrWait(vfs: Vfs): Promise<void> {
    const { counting } = this.#memory;
    if (Atomics.compareExchange(counting, this.#slot, NOBODY, this.#own) !== NOBODY) {
      return await delay(POLL);
    }
    try {
      if (this.#isDue()) await this.#walk(vfs);
    } finally {
      Atomics.compareExchange(counting, this.#slot, this.#own, NOBODY);
    }
  }

  async #walk(vfs: Vfs): Promise<void> {
    const { taken, due, uncounted, kept, moves } = this.#memory;
    const load = (column: BigInt64Array) => Atomics.load(column, this.#slot);
    const began = this.#clock();
    const before = Number(load(taken)) - this.#unsettled;
    const movesBefore = load(moves);
    const found = await sizeOfTree(vfs);
    const last = { uncounted: load(uncounted), kept: Number(load(kept)) };
    let known = { bytes: 0, ...last };
    this.#change((bytes) => {
      const added = Number(load(taken)) - before;
      known = afterCount(found, { known: { bytes, ...last }, added, moved: load(moves) !== movesBefore });
      return known.bytes;
    });
    Atomics.store(uncounted, this.#slot, known.uncounted);
    Atomics.store(kept, this.#slot, BigInt(known.kept));
    Atomics.store(due, this.#slot, BigInt(Math.ceil(nextCount(began, this.#clock()))));
  }
}
