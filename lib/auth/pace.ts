/**
 * How often something may be done per key: a few times at once, then at a steady rate.
 *
 * @module
 */

import { nodeCrypto } from "../net/node_modules.ts";

/**
 * Keys are hashed to this many places. Two keys in one place share its pace, and clients cannot choose which: while ten
 * thousand are exhausted, one login in 26 has to wait for a stranger's guesses.
 */
const PLACES = 1 << 18;

/** Places that are remembered: a visit asks for the same ones again and again, and a hash takes twenty times a look. */
const MOST_REMEMBERED = 1_000;

/** The memory of a pace: sent to other event loops that are to share the pace. */
export interface PaceMemory {
  readonly buffer: SharedArrayBuffer;
  /** Makes the places of keys unpredictable. */
  readonly secret: string;
}

/**
 * Makes the memory of a pace. Pages that are never written cost nothing, but V8 counts them where the memory cannot be
 * shared, and begins a full collection the sooner: the first listing of ten thousand names took 8 ms longer.
 */
export function makePaceMemory(): PaceMemory {
  return {
    buffer: new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT),
    secret: crypto.getRandomValues(new Uint8Array(32)).toHex(),
  };
}

/** The options of a {@link Pace}. */
export interface PaceOptions {
  /** Milliseconds after which one more is allowed; 0: no limit. */
  readonly interval: number;
  /** How many are allowed at once after a pause. At least 1. */
  readonly burst: number;
  /** Default: a memory of its own. */
  readonly memory?: PaceMemory | undefined;
  /**
   * Milliseconds, the same clock in all event loops.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371): for each key, the time at which everything done so far is paid for. It
 * is one number, changed by compare-and-swap, so that event loops which share the memory never exceed the limit
 * together.
 */
export class Pace {
  readonly #interval: number;
  readonly #most: number;
  readonly #words: Int32Array;
  readonly #secret: string;
  readonly #now: () => number;
  readonly #places = new Map<string, number>();

  constructor({ interval, burst, memory = makePaceMemory(), now = Date.now }: PaceOptions) {
    this.#interval = interval;
    this.#most = burst * interval;
    this.#words = new Int32Array(memory.buffer);
    this.#secret = memory.secret;
    this.#now = now;
  }

  /** The place of `key`, to be passed to the other methods. */
  placeOf(key: string): number {
    if (this.#interval === 0) return 0;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = nodeCrypto().createHash("sha256").update(this.#secret + key).digest().readUInt32LE() % PLACES;
    if (this.#places.size === MOST_REMEMBERED) this.#places.clear();
    this.#places.set(key, place);
    return place;
  }

  /** Milliseconds until {@link take} may succeed; 0 for now. */
  waitFor(place: number): number {
    return Math.max(0, this.#backlog(place, this.#now() | 0) + this.#interval - this.#most);
  }

  /** Takes one, if available now. */
  take(place: number): boolean {
    let taken = false;
    this.#change(place, (backlog) => {
      taken = backlog + this.#interval <= this.#most;
      return taken ? backlog + this.#interval : backlog;
    });
    return taken;
  }

  /** Gives back one that was taken but need not be paid for. */
  giveBack(place: number): void {
    this.#change(place, (backlog) => Math.max(0, backlog - this.#interval));
  }

  /** From now on one is allowed per interval, with no burst. */
  exhaust(place: number): void {
    this.#change(place, () => this.#most);
  }

  #change(place: number, next: (backlog: number) => number): void {
    if (this.#interval === 0) return void next(0);
    const now = this.#now() | 0;
    for (;;) {
      const found = Atomics.load(this.#words, place);
      const wanted = (now + next(this.#backlogOf(found, now))) | 0;
      if (Atomics.compareExchange(this.#words, place, found, wanted) === found) return;
    }
  }

  #backlog(place: number, now: number): number {
    return this.#interval === 0 ? 0 : this.#backlogOf(Atomics.load(this.#words, place), now);
  }

  /**
   * Milliseconds still to be paid for. The clock is 32 bits wide: anything further away than a pace can be is from
   * another wrap-around.
   */
  #backlogOf(paid: number, now: number): number {
    const backlog = (paid - now) | 0;
    return backlog > 0 && backlog <= this.#most ? backlog : 0;
  }
}
