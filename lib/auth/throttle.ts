/**
 * Remembers of each address which logins failed and which succeeded there.
 *
 * @module
 */

import { addressKey } from "../net/address_key.ts";

/** How failures are answered. Times in milliseconds. */
export interface ThrottleOptions {
  /** Wait after a first failure; doubles with each further one. 0 for none. Default 1,000. */
  readonly delay?: number;
  /** The longest wait: guessing is slow by the turns of `LoginGate`, this is for who waits at the other end. Default 2,000. */
  readonly maxDelay?: number;
  /** How long a failure counts. Default 600,000. */
  readonly memory?: number;
  /** Shuts an address out after so many failures that still count. Without it nobody is shut out. */
  readonly ban?: { readonly failures: number; readonly duration: number };
  /**
   * The most addresses remembered with failures, and the most accounts of addresses with a success; those that had one longest ago are
   * forgotten first. Default 10,000.
   */
  readonly capacity?: number;
  /** Milliseconds since some fixed time. Default `Date.now`. */
  readonly now?: () => number;
}

interface Failure {
  readonly at: number;
  /** Of the account's name: what strangers send as a name is not kept. */
  readonly nameHash: number;
}

interface Offender {
  failures: Failure[];
  bannedUntil: number;
}

/** Failures kept per address: at this many the wait is the longest with any sensible delay. */
const KEPT = 24;
/** Milliseconds for which an account is known at an address. */
const KNOWN_FOR = 24 * 3_600_000;
/** Milliseconds after which a success is worth telling again. */
const RENEWED_AFTER = 3_600_000;

/**
 * Counts failed logins per address, and in it per account. The wait that follows grows with the failures of that account from that
 * address alone: many may share it behind NAT. An IPv6 address counts as its /64 ({@link addressKey}).
 */
export class FailureThrottle {
  readonly #delay: number;
  readonly #maxDelay: number;
  readonly #memory: number;
  readonly #ban: ThrottleOptions["ban"];
  readonly #capacity: number;
  readonly #now: () => number;
  /** The one that failed longest ago first. */
  readonly #offenders = new Map<string, Offender>();
  /** When accounts have logged in, by address and name: the one longest ago first. */
  readonly #known = new Map<string, number>();

  constructor(options: ThrottleOptions = {}) {
    this.#delay = options.delay ?? 1_000;
    this.#maxDelay = options.maxDelay ?? 2_000;
    this.#memory = options.memory ?? 600_000;
    this.#ban = options.ban;
    this.#capacity = options.capacity ?? 10_000;
    this.#now = options.now ?? Date.now;
  }

  /** Milliseconds to wait before `address` is answered about the account `name`; 0 where nothing failed of late. */
  delayFor(address: string, name = ""): number {
    const offender = this.#offenders.get(addressKey(address));
    if (offender === undefined) return 0;
    const nameHash = hashOf(name);
    const own = this.#recent(offender).filter((failure) => failure.nameHash === nameHash).length;
    return own === 0 ? 0 : Math.min(this.#maxDelay, this.#delay * 2 ** (own - 1));
  }

  /** Counts a failed login. */
  failed(address: string, name = ""): void {
    const key = addressKey(address);
    const offender = this.#offenders.get(key) ?? { failures: [], bannedUntil: 0 };
    const at = this.#now();
    const kept = Math.max(KEPT, this.#ban?.failures ?? 0);
    offender.failures = [...this.#recent(offender), { at, nameHash: hashOf(name) }].slice(-kept);
    if (this.#ban !== undefined && offender.failures.length >= this.#ban.failures) {
      offender.bannedUntil = at + this.#ban.duration;
    }
    this.#offenders.delete(key);
    this.#offenders.set(key, offender);
    if (this.#offenders.size > this.#capacity) forgetOldest(this.#offenders);
  }

  /**
   * Forgives what failed with the account `name` alone, so that nobody buys guesses at other accounts with one that works, and knows the
   * account there for a day. Gives whether others have reason to hear of it.
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
    const offender = this.#offenders.get(key);
    if (offender === undefined) return false;
    const nameHash = hashOf(name);
    offender.failures = this.#recent(offender).filter((failure) => failure.nameHash !== nameHash);
    if (offender.failures.length === 0 && !this.#isBanned(offender)) this.#offenders.delete(key);
    return true;
  }

  /** Whether `address` is shut out for the time being. */
  isBanned(address: string): boolean {
    if (this.#ban === undefined || this.#offenders.size === 0) return false;
    const offender = this.#offenders.get(addressKey(address));
    return offender !== undefined && this.#isBanned(offender);
  }

  #isBanned(offender: Offender): boolean {
    return this.#now() < offender.bannedUntil;
  }

  #recent(offender: Offender): Failure[] {
    const oldest = this.#now() - this.#memory;
    return offender.failures.filter((failure) => failure.at > oldest);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}

/** FNV-1a, 32 bits. Two names with one hash share their failures, which hurts nobody. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return hash;
}
