/**
 * Counts by key in memory shared by all event loops, so that a limit is checked and enforced without a message.
 *
 * A hash table with linear probing, under one lock: it is held for less than a microsecond, and only for sessions and
 * uploads that begin or end. Each entry stores the share of each worker in its count, so that the counts of a dead
 * worker can be removed.
 *
 * @module
 */

import { hashOf } from "./hash.ts";

/** The number of keys it has room for. Its pages cost nothing before they are used. */
const DEFAULT_CAPACITY = 1 << 16;

const LOCK = 0;
/** Index of the number of keys. */
const SIZE = 1;
const HEADER = 2;

/**
 * Parts of an entry: two halves of the hash, the count, and then the share of each worker. An entry without a count is
 * free.
 */
const LEFT = 0;
const RIGHT = 1;
const COUNT = 2;
const SHARES = 3;

/** Attempts to get the lock before the thread yields. */
const SPINS = 200;

/** The memory of a table: sent to the other threads. */
export interface TableMemory {
  readonly buffer: SharedArrayBuffer;
  /** The number of workers with a share in entries. */
  readonly workers: number;
}

/** Creates a table for a number of workers. @param capacity a power of two. */
export function makeTable(workers: number, capacity: number = DEFAULT_CAPACITY): TableMemory {
  return { buffer: new SharedArrayBuffer(4 * (HEADER + capacity * (SHARES + workers))), workers };
}

/** The table as one worker uses it. */
export class SharedTable {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #width: number;
  readonly #mask: number;
  /** The share of this worker in an entry. */
  readonly #own: number;

  /** @param worker from 0, below the number of workers; a replacement gets the same number. */
  constructor({ buffer, workers }: TableMemory, worker: number) {
    this.#words = new Int32Array(buffer);
    this.#width = SHARES + workers;
    this.#mask = (this.#words.length - HEADER) / this.#width - 1;
    this.#own = SHARES + worker;
  }

  /** The count of `key`. */
  of(key: string): number {
    return this.#locked(() => this.#word(this.#find(key), COUNT));
  }

  /**
   * Increments the count of `key` and returns the previous one; `undefined` if it has reached `limit`, or there is no
   * room.
   */
  add(key: string, limit: number = Infinity): number | undefined {
    return this.#locked(() => {
      const entry = this.#find(key);
      const count = this.#word(entry, COUNT);
      if (count >= limit) return undefined;
      if (count === 0 && !this.#take(entry, key)) return undefined;
      this.#change(entry, this.#own, 1);
      return count;
    });
  }

  /** Removes one that this worker has added, and returns the previous count. */
  remove(key: string): number {
    return this.#locked(() => {
      const entry = this.#find(key);
      const count = this.#word(entry, COUNT);
      if (this.#word(entry, this.#own) === 0) return count;
      this.#change(entry, this.#own, -1);
      if (count === 1) this.#free(entry);
      return count;
    });
  }

  /** Removes everything that this worker, or its predecessor in the same place, has counted. */
  clear(): void {
    this.#locked(() => {
      for (let entry = 0; entry <= this.#mask; entry++) {
        // Freeing an entry may move a later one here.
        for (let share = this.#word(entry, this.#own); share > 0; share = this.#word(entry, this.#own)) {
          this.#change(entry, this.#own, -share);
          if (this.#word(entry, COUNT) === 0) this.#free(entry);
        }
      }
    });
  }

  #locked<T>(work: () => T): T {
    for (let tries = 0; Atomics.compareExchange(this.#words, LOCK, 0, 1) !== 0; tries++) {
      if (tries > SPINS) Atomics.wait(this.#words, LOCK, 1, 1);
    }
    try {
      return work();
    } finally {
      Atomics.store(this.#words, LOCK, 0);
    }
  }

  /** The entry of `key`, or the free entry where it would be. */
  #find(key: string): number {
    const [left, right] = hashOf(key);
    let entry = left & this.#mask;
    while (this.#word(entry, COUNT) > 0 && (this.#word(entry, LEFT) !== left || this.#word(entry, RIGHT) !== right)) {
      entry = (entry + 1) & this.#mask;
    }
    return entry;
  }

  /** Enters `key`. One entry always stays free, as otherwise a search for an unknown key would never end. */
  #take(entry: number, key: string): boolean {
    if (this.#words[SIZE] === this.#mask) return false;
    this.#increase(SIZE, 1);
    const [left, right] = hashOf(key);
    this.#words[this.#at(entry, LEFT)] = left;
    this.#words[this.#at(entry, RIGHT)] = right;
    return true;
  }

  /** Later entries move up, so that none has a gap between its position and its first choice. */
  #free(entry: number): void {
    this.#increase(SIZE, -1);
    let gap = entry;
    for (let next = (gap + 1) & this.#mask; this.#word(next, COUNT) > 0; next = (next + 1) & this.#mask) {
      const first = this.#word(next, LEFT) & this.#mask;
      if (((next - first) & this.#mask) < ((next - gap) & this.#mask)) continue;
      const from = this.#at(next, 0);
      this.#words.copyWithin(this.#at(gap, 0), from, from + this.#width);
      gap = next;
    }
    this.#words.fill(0, this.#at(gap, 0), this.#at(gap, 0) + this.#width);
  }

  #change(entry: number, share: number, by: number): void {
    this.#increase(this.#at(entry, COUNT), by);
    this.#increase(this.#at(entry, share), by);
  }

  #increase(index: number, by: number): void {
    this.#words[index] = (this.#words[index] ?? 0) + by;
  }

  #word(entry: number, part: number): number {
    return this.#words[this.#at(entry, part)] ?? 0;
  }

  #at(entry: number, part: number): number {
    return HEADER + entry * this.#width + part;
  }
}
