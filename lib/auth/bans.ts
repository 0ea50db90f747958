/**
 * Addresses that are shut out for a while: a score for each address, what it is fed with, and how long a ban lasts.
 *
 * @module
 */

import { addressKey } from "../net/address_key.ts";
import { forgetOldest, hashOf } from "./memory.ts";
import { type Offence, OFFENCE_NAMES, OFFENCES } from "./offences.ts";

export { type Offence, OFFENCES } from "./offences.ts";

/** A ban. Times in milliseconds since 1970. */
export interface Ban {
  /** All addresses of the client: see `addressKey`. */
  readonly key: string;
  /** The one with the last offence. */
  readonly address: string;
  /** The start. */
  readonly since: number;
  /** The end. */
  readonly until: number;
  /** The offences, for the log. */
  readonly reason: string;
  /** Which ban in a row it is, from 1. */
  readonly round: number;
}

/** What an administrator decides about a ban. */
export interface BanOrder {
  /** Milliseconds. */
  readonly duration: number;
  /** For the log and the list of bans. */
  readonly reason: string;
}

/** Keeps bans over a restart, including those that are over and make the next one longer. It must not throw. */
export interface BanStore {
  /** What has been kept; asked once, before the first answer. */
  load(): readonly Ban[];
  /** Keeps `ban` instead of another with the same key. */
  save(ban: Ban): void;
  /** Forgets the ban with this key. */
  remove(key: string): void;
}

/** The options of {@link Bans}. */
export interface BanSettings {
  /** Points within ten minutes after which an address is banned; 0: never. */
  readonly limit: number;
  /** Milliseconds of a first ban; each further one lasts twice as long, up to a day. 0: no bans. */
  readonly duration: number;
  /** Whether an address is never banned. Default: none is. */
  readonly isExempt?: (address: string) => boolean;
  /** Where bans are kept over a restart. Default: nowhere. */
  readonly store?: BanStore | undefined;
  /** Called for each new ban. */
  readonly onBanned?: (ban: Ban) => void;
  /** Called when a ban is over. */
  readonly onAllowed?: (ban: Ban) => void;
  /**
   * The largest number of offenders, of bans, and of earlier bans; the least recent are forgotten first.
   *
   * @default 10_000
   */
  readonly capacity?: number;
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** Offences of one kind within a second. */
interface Entry {
  readonly at: number;
  readonly offence: Offence;
  /** Of the account whose password was wrong, as names sent by strangers are not stored. */
  readonly nameHash: number;
  count: number;
}

/** Milliseconds for which an offence counts. */
const MEMORY = 600_000;
const DAY = 24 * 3_600_000;
/** Milliseconds within which offences of one kind are one entry: a flood of them takes no more memory. */
const TOGETHER = 1_000;
/** Milliseconds between two looks for bans that are over: the clock may be set. */
const LONGEST_LOOK = 60_000;

/**
 * Bans an address whose offences within ten minutes reach a number of points. An IPv6 address counts as its /64. A ban
 * that begins within a day of the last one lasts twice as long as that.
 */
export class Bans implements Disposable {
  readonly #settings: BanSettings;
  readonly #capacity: number;
  readonly #now: () => number;
  readonly #offenders = new Map<string, Entry[]>();
  readonly #active = new Map<string, Ban>();
  readonly #past = new Map<string, Ban>();
  #loaded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: BanSettings) {
    this.#settings = settings;
    this.#capacity = settings.capacity ?? 10_000;
    this.#now = settings.now ?? Date.now;
  }

  /** Whether `address` is banned now. */
  isBanned(address: string): boolean {
    this.#load();
    if (this.#active.size === 0) return false;
    const ban = this.#active.get(addressKey(address));
    if (ban === undefined || this.#isExempt(address)) return false;
    if (!this.#isOver(ban)) return true;
    this.#allow(ban);
    return false;
  }

  /** The bans that are in force. */
  list(): readonly Ban[] {
    this.#load();
    return [...this.#active.values()];
  }

  /** Counts an offence. @param name of the account, for a failed login. */
  offended(address: string, offence: Offence, name = ""): void {
    const { limit, duration } = this.#settings;
    if (limit === 0 || duration === 0 || this.#isExempt(address)) return;
    this.#load();
    const key = addressKey(address);
    if (this.#active.has(key)) return;
    const entries = this.#recent(key);
    enter(entries, { at: this.#now(), offence, nameHash: hashOf(name), count: 1 });
    this.#offenders.delete(key);
    if (pointsOf(entries) >= limit) return this.#begin(key, address, entries);
    this.#offenders.set(key, entries);
    if (this.#offenders.size > this.#capacity) forgetOldest(this.#offenders);
  }

  /** Forgets failed logins of the account `name`, which has logged in. Returns whether there were any. */
  forgive(address: string, name: string): boolean {
    if (this.#offenders.size === 0) return false;
    const key = addressKey(address);
    const before = this.#offenders.get(key);
    if (before === undefined) return false;
    const nameHash = hashOf(name);
    const left = before.filter((entry) => entry.offence !== "failedLogin" || entry.nameHash !== nameHash);
    if (left.length > 0) this.#offenders.set(key, left);
    else this.#offenders.delete(key);
    return left.length < before.length;
  }

  /** Puts a ban in force that was decided elsewhere. */
  put(ban: Ban): void {
    if (this.#isOver(ban)) return void this.#past.set(ban.key, ban);
    this.#past.delete(ban.key);
    this.#offenders.delete(ban.key);
    this.#active.set(ban.key, ban);
    this.#watch();
  }

  /**
   * Shuts out `address` whatever it has done, instead of a ban that it may have. Returns `undefined` for an address
   * that is never banned.
   *
   * @param duration milliseconds, more than 0.
   */
  ban(address: string, { duration, reason }: BanOrder): Ban | undefined {
    if (this.#isExempt(address)) return undefined;
    this.#load();
    const since = this.#now();
    const ban = { key: addressKey(address), address, since, until: since + duration, reason, round: 1 };
    this.#enforce(ban);
    return ban;
  }

  /** Ends the ban of `address`, or of all addresses with this key, as if it had never been; returns whether it was. */
  lift(address: string): boolean {
    this.#load();
    const ban = this.#active.get(addressKey(address)) ?? this.#active.get(address);
    if (ban === undefined) return false;
    this.#allow(ban);
    this.#forget(ban.key);
    return true;
  }

  /** Ends the timer, which the next ban starts again. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    for (const ban of this.#settings.store?.load() ?? []) this.put(ban);
    this.#forgetPast();
  }

  #begin(key: string, address: string, entries: readonly Entry[]): void {
    const { duration } = this.#settings;
    const since = this.#now();
    const last = this.#past.get(key);
    const round = last !== undefined && !isForgotten(last, since) ? last.round + 1 : 1;
    const until = since + Math.min(this.#longest, duration * 2 ** (round - 1));
    this.#enforce({ key, address, since, until, reason: reasonOf(entries), round });
  }

  #enforce(ban: Ban): void {
    const { store, onBanned } = this.#settings;
    this.put(ban);
    store?.save(ban);
    onBanned?.(ban);
    const [oldest] = this.#active.size > this.#capacity ? this.#active.values() : [];
    if (oldest !== undefined) this.#allow(oldest);
  }

  #allow(ban: Ban): void {
    this.#active.delete(ban.key);
    this.#past.delete(ban.key);
    this.#past.set(ban.key, ban);
    this.#settings.onAllowed?.(ban);
    const [oldest] = this.#past.size > this.#capacity ? this.#past.keys() : [];
    if (oldest !== undefined) this.#forget(oldest);
  }

  #forget(key: string): void {
    this.#past.delete(key);
    this.#settings.store?.remove(key);
  }

  #forgetPast(): void {
    const now = this.#now();
    for (const ban of this.#past.values()) if (isForgotten(ban, now)) this.#forget(ban.key);
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#active.size === 0) return;
    const now = this.#now();
    let wait = LONGEST_LOOK;
    for (const { until } of this.#active.values()) wait = Math.min(wait, until - now);
    this.#timer = setTimeout(() => this.#look(), Math.max(1, wait));
  }

  #look(): void {
    for (const ban of this.#active.values()) if (this.#isOver(ban)) this.#allow(ban);
    this.#forgetPast();
    this.#watch();
  }

  get #longest(): number {
    return Math.max(DAY, this.#settings.duration);
  }

  /** Also where the clock has been set back, so that a ban never lasts longer than it can. */
  #isOver({ since, until }: Ban): boolean {
    const left = until - this.#now();
    return left <= 0 || left > Math.max(this.#longest, until - since);
  }

  #isExempt(address: string): boolean {
    return this.#settings.isExempt?.(address) ?? false;
  }

  #recent(key: string): Entry[] {
    const oldest = this.#now() - MEMORY;
    return this.#offenders.get(key)?.filter(({ at }) => at > oldest) ?? [];
  }
}

function enter(entries: Entry[], entry: Entry): void {
  const last = entries.at(-1);
  const isSame = last?.offence === entry.offence && last.nameHash === entry.nameHash && entry.at - last.at < TOGETHER;
  if (isSame) last.count++;
  else entries.push(entry);
}

function pointsOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { offence, count }) => sum + count * OFFENCES[offence], 0);
}

/** For example `failed logins (45), endless lines (1)`. */
function reasonOf(entries: readonly Entry[]): string {
  const counts = new Map<Offence, number>();
  for (const { offence, count } of entries) counts.set(offence, (counts.get(offence) ?? 0) + count);
  return Array.from(counts, ([offence, count]) => `${OFFENCE_NAMES[offence]} (${count})`).join(", ");
}

function isForgotten({ until }: Ban, now: number): boolean {
  return now - until > DAY;
}
