/**
 * How often an address may connect.
 *
 * @module
 */

import { Pace, type PaceMemory } from "./pace.ts";

/** The options of {@link Arrivals}. */
export interface ArrivalOptions {
  /** Connections a minute, 0 to 60,000, of which a third may come at once; 0: no limit. */
  readonly rate: number;
  /** Shares the pace with other event loops. Without it they are counted here alone. */
  readonly memory?: PaceMemory | undefined;
  /**
   * Milliseconds, the same clock in all event loops.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** The pace of new connections, by the key of their address. */
export class Arrivals {
  readonly #pace: Pace | undefined;

  constructor({ rate, ...options }: ArrivalOptions) {
    if (rate === 0) return;
    this.#pace = new Pace({ interval: Math.max(1, Math.round(60_000 / rate)), burst: Math.ceil(rate / 3), ...options });
  }

  /** Counts a connection, and returns whether it is within the limit. */
  take(key: string): boolean {
    return this.#pace?.take(this.#pace.placeOf(key)) ?? true;
  }
}
