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

  constructor({ throttle, bans, interval, memory, now = Date.now }: LoginGateOptions) {
    this.#throttle = throttle;
    this.#bans = bans;
    this.#now = now;
    this.#mostOpen = interval > 0 ? MOST_OPEN : Infinity;
    this.#accounts = new Pace({ interval, burst: ACCOUNT_BURST, memory: memory?.accounts, now });
    const share = Math.ceil(interval / ADDRESS_BURST);
    this.#addresses = new Pace({ interval: share, burst: ADDRESS_BURST, memory: memory?.addresses, now });
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
    const turn = new GateTurn({
      accounts: this.#accounts,
      addresses: this.#addresses,
      account: this.#accounts.placeOf(`${key} ${name}`),
      address: this.#addresses.placeOf(key),
      isFull: () => this.#openAt(key) >= this.#mostOpen,
      onBegin: () => this.#count(key, passes ? 0 : 1),
      passes,
      isRetry: visit.isRetry ?? false,
      onSuccess: () => {
        this.#throttle.succeeded(address, name);
        this.#bans.forgive(address, name);
      },
      onFailure: () => {
        this.#throttle.failed(address, name);
        this.#bans.offended(address, "failedLogin", name);
        return this.#throttle.delayFor(address, name);
      },
      onEnd: () => {
        this.#count(key, passes ? 0 : -1);
        this.#lines.get(key)?.advance();
      },
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

interface TurnParts {
  readonly accounts: Pace;
  readonly addresses: Pace;
  /** Places in both paces. */
  readonly account: number;
  readonly address: number;
  /** Does not wait for the other accounts of the address. */
  readonly passes: boolean;
  readonly isRetry: boolean;
  /** Whether the address has as many turns running as it may; turns of known accounts are not counted. */
  readonly isFull: () => boolean;
  readonly onBegin: () => void;
  readonly onEnd: () => void;
  readonly onSuccess: () => void;
  readonly onFailure: () => number;
}

class GateTurn implements LoginTurn, Waiting {
  readonly #parts: TurnParts;
  /** Whether the pace of the address has been charged: only what was charged may be given back. */
  #charged = false;

  constructor(parts: TurnParts) {
    this.#parts = parts;
  }

  get account(): number {
    return this.#parts.account;
  }

  get isRetry(): boolean {
    return this.#parts.isRetry;
  }

  get wait(): number {
    const { accounts, addresses, account, address, passes, isFull } = this.#parts;
    const own = accounts.waitFor(account);
    if (passes) return own;
    return isFull() ? Infinity : Math.max(own, addresses.waitFor(address));
  }

  take(): boolean {
    const { accounts, addresses, account, address, passes, isFull, onBegin } = this.#parts;
    if ((!passes && isFull()) || !accounts.take(account)) return false;
    this.#charged = addresses.take(address);
    if (this.#charged || passes) {
      onBegin();
      return true;
    }
    accounts.giveBack(account);
    return false;
  }

  failed(): number {
    const { accounts, account, onFailure, onEnd } = this.#parts;
    accounts.exhaust(account);
    const delay = onFailure();
    onEnd();
    return delay;
  }

  succeeded(): void {
    this.#parts.onSuccess();
    this.abandon();
  }

  abandon(): void {
    const { accounts, addresses, account, address, onEnd } = this.#parts;
    accounts.giveBack(account);
    if (this.#charged) addresses.giveBack(address);
    onEnd();
  }
}
