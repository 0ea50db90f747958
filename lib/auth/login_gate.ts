/**
 * Decides when a password may be tried: everything from one address, over any number of connections, takes turns.
 *
 * @module
 */

import { addressKey } from "../net/address_key.ts";
import { ANONYMOUS, canonicalName } from "./accounts.ts";
import type { Bans, Offence } from "./bans.ts";
import { LoginLine, type Waiting } from "./login_line.ts";
import { Pace, type PaceMemory } from "./pace.ts";
import type { FailureThrottle } from "./throttle.ts";

/** Guesses at one account from one address that are allowed at once, before one has failed. */
const ACCOUNT_BURST = 4;
/**
 * The same for one address across all accounts: as many as it is allowed in the time between two guesses at one
 * account.
 */
const ADDRESS_BURST = 10;
/**
 * Logins of one address running at the same time: 40 a second with checks of 50 ms. Where checks take long the queue
 * must be here, where the order is better than first come, first served.
 */
const MOST_OPEN = 2;

/** The options of a {@link LoginGate}. */
export interface LoginGateOptions {
  readonly throttle: Pick<FailureThrottle, "delayFor" | "failed" | "succeeded" | "isKnown">;
  /** Which addresses are shut out. */
  readonly bans: Pick<Bans, "isBanned" | "offended" | "forgive">;
  /**
   * Milliseconds between two guesses at an account from an address; a tenth of it between two guesses from the address.
   * 0: no limit.
   */
  readonly interval: number;
  /** Shares the pace with other event loops. Without it the gate is on its own. */
  readonly memory?: GateMemory | undefined;
  /**
   * Milliseconds, the same clock in all event loops.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** The two {@link PaceMemory | pace memories} of a gate. */
export interface GateMemory {
  readonly accounts: PaceMemory;
  readonly addresses: PaceMemory;
}

/** A login attempt that carries a password. */
export interface LoginVisit {
  /** IP address of the client. */
  readonly address: string;
  /** As the client sent it. */
  readonly name: string;
  /** The session has failed to log in before. @default false */
  readonly isRetry?: boolean;
  /** Only used while waiting: aborting it leaves the queue. */
  readonly signal: AbortSignal;
}

/** The right to try one password. Its holder reports the outcome. */
export interface LoginTurn {
  /** The password was wrong. Returns the milliseconds by which to delay the answer. */
  failed(): number;
  succeeded(): void;
  /** The password was not tried, or there was no outcome. */
  abandon(): void;
}

/**
 * One guess per second at an account from an address, ten per second from the address in total: an IPv6 address counts
 * as its /64. A right password is free, so legitimate users are not slowed down. An account that has logged in from the
 * address within a day does not wait for others there; the others wait in a {@link LoginLine}.
 */
export class LoginGate {
  readonly #throttle: LoginGateOptions["throttle"];
  readonly #bans: LoginGateOptions["bans"];
  readonly #accounts: Pace;
  readonly #addresses: Pace;
  readonly #now: () => number;
  /** The queues with someone waiting, by the key of the address. */
  readonly #lines = new Map<string, LoginLine<GateTurn>>();
  /** Running turns, by the key of the address. */
  readonly #open = new Map<string, number>();
  readonly #mostOpen: number;
  readonly #parts: GateParts;

  constructor({ throttle, bans, interval, memory, now = Date.now }: LoginGateOptions) {
    this.#throttle = throttle;
    this.#bans = bans;
    this.#now = now;
    this.#mostOpen = interval > 0 ? MOST_OPEN : Infinity;
    this.#accounts = new Pace({ interval, burst: ACCOUNT_BURST, memory: memory?.accounts, now });
    const share = Math.ceil(interval / ADDRESS_BURST);
    this.#addresses = new Pace({ interval: share, burst: ADDRESS_BURST, memory: memory?.addresses, now });
    this.#parts = {
      throttle,
      bans,
      accounts: this.#accounts,
      addresses: this.#addresses,
      isFull: (key) => this.#openAt(key) >= this.#mostOpen,
      count: (key, change) => this.#count(key, change),
      advance: (key) => this.#lines.get(key)?.advance(),
    };
  }

  /** Whether `address` is currently banned. */
  isBanned(address: string): boolean {
    return this.#bans.isBanned(address);
  }

  /** Counts an offence of `address` that is not a failed login: those are counted here. */
  offended(address: string, offence: Offence): void {
    this.#bans.offended(address, offence);
  }

  /** Counts a guess at an account that has failed at another server: it uses up the pace here, too. */
  failedElsewhere(address: string, name: string): void {
    const key = addressKey(address);
    this.#accounts.exhaust(this.#accounts.placeOf(`${key} ${canonicalName(name)}`));
    this.#addresses.take(this.#addresses.placeOf(key));
  }

  /**
   * The turn of a visit: synchronously if it need not wait. `undefined` if its address was banned in the meantime, or
   * its signal aborted.
   */
  enter(visit: LoginVisit): LoginTurn | Promise<LoginTurn | undefined> {
    const { address } = visit;
    const key = addressKey(address);
    const name = canonicalName(visit.name);
    const passes = name === ANONYMOUS || this.#throttle.isKnown(address, name);
    const turn = new GateTurn(this.#parts, {
      address,
      key,
      name,
      accountPlace: this.#accounts.placeOf(`${key} ${name}`),
      addressPlace: this.#addresses.placeOf(key),
      passes,
      isRetry: visit.isRetry ?? false,
    });
    return turn.take() ? turn : this.#lineOf(key, address).wait(turn, visit.signal);
  }

  #openAt(key: string): number {
    return this.#open.get(key) ?? 0;
  }

  #count(key: string, change: number): void {
    const open = this.#openAt(key) + change;
    if (open > 0) this.#open.set(key, open);
    else this.#open.delete(key);
  }

  #lineOf(key: string, address: string): LoginLine<GateTurn> {
    const known = this.#lines.get(key);
    if (known) return known;
    const line = new LoginLine<GateTurn>({
      now: this.#now,
      isShut: () => this.isBanned(address),
      onEmpty: () => this.#lines.delete(key),
    });
    this.#lines.set(key, line);
    return line;
  }
}

/** What the turns of a gate have in common. */
interface GateParts extends Pick<LoginGateOptions, "throttle" | "bans"> {
  readonly accounts: Pace;
  readonly addresses: Pace;
  /** Whether an address has as many turns running as it may; turns of known accounts are not counted. */
  readonly isFull: (key: string) => boolean;
  /** Counts turns that run. */
  readonly count: (key: string, change: 1 | -1) => void;
  /** Something may run that has waited. */
  readonly advance: (key: string) => void;
}

/** Whose turn it is. */
interface TurnFacts {
  readonly address: string;
  /** Of the address. */
  readonly key: string;
  /** Of the account, in its canonical form. */
  readonly name: string;
  /** In the pace of accounts. */
  readonly accountPlace: number;
  /** In the pace of addresses. */
  readonly addressPlace: number;
  /** Does not wait for the other accounts of the address. */
  readonly passes: boolean;
  readonly isRetry: boolean;
}

/** Without closures, as every login has one. */
class GateTurn implements LoginTurn, Waiting {
  readonly #parts: GateParts;
  readonly #facts: TurnFacts;
  /** Whether the pace of the address has been charged: only what was charged may be given back. */
  #charged = false;

  constructor(parts: GateParts, facts: TurnFacts) {
    this.#parts = parts;
    this.#facts = facts;
  }

  get account(): number {
    return this.#facts.accountPlace;
  }

  get isRetry(): boolean {
    return this.#facts.isRetry;
  }

  get wait(): number {
    const { accounts, addresses } = this.#parts;
    const own = accounts.waitFor(this.#facts.accountPlace);
    if (this.#facts.passes) return own;
    return this.#parts.isFull(this.#facts.key) ? Infinity : Math.max(own, addresses.waitFor(this.#facts.addressPlace));
  }

  take(): boolean {
    const { accounts, addresses, isFull, count } = this.#parts;
    const { key, accountPlace, addressPlace, passes } = this.#facts;
    if ((!passes && isFull(key)) || !accounts.take(accountPlace)) return false;
    this.#charged = addresses.take(addressPlace);
    if (this.#charged || passes) {
      if (!passes) count(key, 1);
      return true;
    }
    accounts.giveBack(accountPlace);
    return false;
  }

  failed(): number {
    const { accounts, throttle, bans } = this.#parts;
    const { address, name, accountPlace } = this.#facts;
    accounts.exhaust(accountPlace);
    throttle.failed(address, name);
    bans.offended(address, "failedLogin", name);
    const delay = throttle.delayFor(address, name);
    this.#end();
    return delay;
  }

  succeeded(): void {
    const { address, name } = this.#facts;
    this.#parts.throttle.succeeded(address, name);
    this.#parts.bans.forgive(address, name);
    this.abandon();
  }

  abandon(): void {
    const { accounts, addresses } = this.#parts;
    accounts.giveBack(this.#facts.accountPlace);
    if (this.#charged) addresses.giveBack(this.#facts.addressPlace);
    this.#end();
  }

  #end(): void {
    const { key, passes } = this.#facts;
    if (!passes) this.#parts.count(key, -1);
    this.#parts.advance(key);
  }
}
