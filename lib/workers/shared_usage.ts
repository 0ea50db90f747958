/**
 * Bytes in use below roots with a quota, in memory that all event loops share.
 *
 * @module
 */

import { sizeOfTree, type Usage } from "../vfs/quota.ts";
import type { Vfs } from "../vfs/vfs.ts";
import { hashOf } from "./hash.ts";

/** Roots there is room for. Its pages cost nothing before they are used. */
const ROOTS = 1 << 14;

/** Nobody has counted the tree. Other states: a worker with this number plus one counts it, or it is counted. */
const UNCOUNTED = 0;
const COUNTED = -1;

/** Milliseconds between two looks at whether another worker has counted: `Atomics.waitAsync` does not keep the event loop going. */
const POLL = 10;

/** What meters are made of: to be sent to the other threads. */
export interface UsageMemory {
  /** Two halves of the hash of each root. */
  readonly roots: BigInt64Array<SharedArrayBuffer>;
  readonly bytes: BigInt64Array<SharedArrayBuffer>;
  readonly states: Int32Array<SharedArrayBuffer>;
}

/** Makes memory for the meters of all roots. */
export function makeUsages(): UsageMemory {
  return {
    roots: new BigInt64Array(new SharedArrayBuffer(8 * ROOTS)),
    bytes: new BigInt64Array(new SharedArrayBuffer(8 * ROOTS)),
    states: new Int32Array(new SharedArrayBuffer(4 * ROOTS)),
  };
}

/** Lets others count what the worker in this place was counting when it died. */
export function abandonCounts({ states }: UsageMemory, worker: number): void {
  for (let slot = 0; slot < ROOTS; slot++) Atomics.compareExchange(states, slot, worker + 1, UNCOUNTED);
}

/** Gives the meter of each root, the same bytes to every thread. Throws where there are too many roots. */
export function sharedUsages(memory: UsageMemory, worker: number): (rootPath: string) => Usage {
  const meters = new Map<string, SharedUsage>();
  return (rootPath) => {
    let meter = meters.get(rootPath);
    if (!meter) meters.set(rootPath, meter = new SharedUsage(memory, slotOf(memory, rootPath), worker + 1));
    return meter;
  };
}

/** Roots are never given up: there are as many as accounts with a quota. */
function slotOf({ roots }: UsageMemory, rootPath: string): number {
  const [left, right] = hashOf(rootPath);
  const hash = BigInt(left) << 32n | BigInt(right >>> 0) || 1n;
  for (let step = 0; step < ROOTS; step++) {
    const slot = (left + step) & (ROOTS - 1);
    const found = Atomics.compareExchange(roots, slot, 0n, hash);
    if (found === 0n || found === hash) return slot;
  }
  throw new RangeError(`No room for the quota of "${rootPath}": there may be ${ROOTS} roots with one`);
}

class SharedUsage implements Usage {
  readonly #memory: UsageMemory;
  readonly #slot: number;
  /** The state in which this worker counts. */
  readonly #own: number;
  #counting: Promise<void> | undefined;

  constructor(memory: UsageMemory, slot: number, own: number) {
    this.#memory = memory;
    this.#slot = slot;
    this.#own = own;
  }

  get bytes(): number {
    return Number(Atomics.load(this.#memory.bytes, this.#slot));
  }

  async count(vfs: Vfs): Promise<void> {
    while (Atomics.load(this.#memory.states, this.#slot) !== COUNTED) {
      await (this.#counting ??= this.#countOrWait(vfs).finally(() => this.#counting = undefined));
    }
  }

  add(bytes: number): void {
    this.#change((before) => Math.max(0, before + bytes));
  }

  take(bytes: number, limit: number): boolean {
    return this.#change((before) => before + bytes > limit ? undefined : before + bytes);
  }

  #change(next: (before: number) => number | undefined): boolean {
    const { bytes } = this.#memory;
    for (;;) {
      const before = Atomics.load(bytes, this.#slot);
      const after = next(Number(before));
      if (after === undefined) return false;
      if (Atomics.compareExchange(bytes, this.#slot, before, BigInt(after)) === before) return true;
    }
  }

  /** One worker walks the tree; the others wait for it. */
  async #countOrWait(vfs: Vfs): Promise<void> {
    const { states } = this.#memory;
    const state = Atomics.compareExchange(states, this.#slot, UNCOUNTED, this.#own);
    if (state === COUNTED) return;
    if (state !== UNCOUNTED) return await new Promise((resolve) => setTimeout(resolve, POLL));
    let outcome = UNCOUNTED;
    try {
      this.add(await sizeOfTree(vfs));
      outcome = COUNTED;
    } finally {
      Atomics.store(states, this.#slot, outcome);
    }
  }
}
