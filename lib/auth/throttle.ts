/**
 * Remembers the failed and the successful logins of each address.
 *
 * @module
 */

import { addressKey } from "../net/address_key.ts";
import { forgetOldest, hashOf } from "./memory.ts";

/** How failed logins are answered. Times in milliseconds. */
export interface ThrottleOptions {
  /** Wait after a first failure; doubles with each further one. 0: none. */
  readonly delay: number;
  /**
   * The longest wait: guessing is already slowed by the turns of `LoginGate`, this slows the single client.
   *
   * @default 2_000
   */
  readonly maxDelay?: number;
  /**
   * How long a failure counts.
   *
   * @default 600_000
   */
  readonly memory?: number;
  /**
   * The largest number of addresses remembered with failures, and of accounts per address with a success; the least
   * recent are forgotten first.
   *
   * @default 10_000
   */
  readonly capacity?: number;
  /**
   * Milliseconds since some fixed time.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

interface Failure {
  readonly at: number;
  /** A hash of the account's name: names sent by strangers are not stored. */
  readonly nameHash: number;
}

/** Failures kept per address: with this many the wait has reached its maximum for any sensible delay. */
const KEPT = 24;
/** Milliseconds for which an account is known at an address. */
const KNOWN_FOR = 24 * 3_600_000;
/** Milliseconds after which a success is worth reporting again. */
const RENEWED_AFTER = 3_600_000;

/**
 * Counts failed logins per address, and in it per account. The wait that follows grows only with the failures of that
 * account from that address: many users may share it behind NAT. An IPv6 address counts as its /64
 * ({@link addressKey}).
 */
export class FailureThrottle {
  readonly #delay: number;
  readonly #maxDelay: number;
  readonly #memory: number;
  readonly #capacity: number;
  readonly #now: () => number;
  /** The least recent failure first. */
  readonly #offenders = new Map<string, readonly Failure[]>();
  /** When accounts have logged in, by address and name, the least recent first. */
  readonly #known = new Map<string, number>();

  constructor(options: ThrottleOptions) {
    this.#delay = options.delay;
    this.#maxDelay = options.maxDelay ?? 2_000;
    this.#memory = options.memory ?? 600_000;
    this.#capacity = options.capacity ?? 10_000;
    this.#now = options.now ?? Date.now;
  }

  /** Milliseconds to wait before `address` is answered about the account `name`; 0 without recent failures. */
  delayFor(address: string, name = ""): number {
    const failures = this.#offenders.get(addressKey(address));
    if (failures === undefined) return 0;
    const nameHash = hashOf(name);
    const own = this.#recent(failures).filter((failure) => failure.nameHash === nameHash).length;
    return own === 0 ? 0 : Math.min(this.#maxDelay, this.#delay * 2 ** (own - 1));
  }

  /** Counts a failed login. */
  failed(address: string, name = ""): void {
    const key = addressKey(address);
    const failures = [...this.#recent(this.#offenders.get(key) ?? []), { at: this.#now(), nameHash: hashOf(name) }];
    this.#offenders.delete(key);
    this.#offenders.set(key, failures.slice(-KEPT));
    if (this.#offenders.size > this.#capacity) forgetOldest(this.#offenders);
  }

  /**
   * Forgives only the failures of the account `name`, so that one working account does not buy guesses at others, and
   * marks the account as known at the address for a day. Returns whether other event loops need to know.
   */
  succeeded(address: string, name = ""): boolean {
    const key = addressKey(address);
    const forgiven = this.#offenders.size > 0 && this.#forgive(key, name);
    return this.#remember(`${key} ${name}`) || forgiven;
  }

  /** Whether the account `name` has logged in from `address` within a day. */
  isKnown(address: string, name: string): boolean {
    const at = this.#known.get(`${addressKey(address)} ${name}`);
    return at !== undefined && this.#now() - at < KNOWN_FOR;
  }

  #remember(pair: string): boolean {
    const now = this.#now();
    const before = this.#known.get(pair);
    if (before !== undefined && now - before < RENEWED_AFTER) return false;
    this.#known.delete(pair);
    this.#known.set(pair, now);
    if (this.#known.size > this.#capacity) forgetOldest(this.#known);
    return true;
  }

  #forgive(key: string, name: string): boolean {
    const failures = this.#offenders.get(key);
    if (failures === undefined) return false;
    const nameHash = hashOf(name);
    const left = this.#recent(failures).filter((failure) => failure.nameHash !== nameHash);
    if (left.length > 0) this.#offenders.set(key, left);
    else this.#offenders.delete(key);
    return true;
  }

  #recent(failures: readonly Failure[]): Failure[] {
    const oldest = this.#now() - this.#memory;
    return failures.filter((failure) => failure.at > oldest);
  }
}
