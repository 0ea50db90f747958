/**
 * Refused connections as events, few enough for a log: an address that is shut out may go on to connect a thousand
 * times a second.
 *
 * @module
 */

import type { EventStream, ProxyHeaderRefused } from "../events.ts";
import { addressKey } from "../net/address_key.ts";

/** Milliseconds between two events about one address and one reason. */
const INTERVAL = 60_000;
/** Addresses that are remembered; the first that was reported is forgotten first, and may be reported again. */
const CAPACITY = 1_000;

interface Reported {
  readonly at: number;
  /** Refused since, without an event. */
  silent: number;
}

/** Reports refusals. */
export class RefusalReports {
  readonly #events: EventStream;
  readonly #clock: () => number;
  readonly #reported = new Map<string, Reported>();

  constructor(events: EventStream, clock: () => number) {
    this.#events = events;
    this.#clock = clock;
  }

  /** @param isFlood whether there may be very many of these: they are reported once a minute, with their number. */
  refused(address: string, reason: string, isFlood: boolean): void {
    const times = isFlood ? this.#due(`${addressKey(address)} ${reason}`) : 1;
    if (times === 0) return;
    this.#events.emit({ type: "connectionRefused", address, reason, ...(times > 1 && { times }) });
  }

  /** A connection of a balancer, not of a client, has begun with no header that can be believed. */
  badHeader(balancer: string, fault: ProxyHeaderRefused["fault"]): void {
    const times = this.#due(`${balancer} ${fault}`);
    if (times > 0) this.#events.emit({ type: "proxyHeaderRefused", balancer, fault, ...(times > 1 && { times }) });
  }

  /** For how many refusals the event stands that is due now; 0: none is. */
  #due(key: string): number {
    const now = this.#clock();
    const last = this.#reported.get(key);
    const isRecent = last !== undefined && now >= last.at && now - last.at < INTERVAL;
    if (isRecent) {
      last.silent++;
      return 0;
    }
    this.#reported.delete(key);
    this.#reported.set(key, { at: now, silent: 0 });
    const [oldest] = this.#reported.size > CAPACITY ? this.#reported.keys() : [];
    if (oldest !== undefined) this.#reported.delete(oldest);
    return (last?.silent ?? 0) + 1;
  }
}
