/**
 * Bans in several event loops: each counts what happens at all of them, so that it can shut out an address at once; the
 * coordinator alone decides for how long, reports it, and keeps it.
 *
 * @module
 */

import { type Ban, Bans, type BanSettings, type Offence } from "../auth/bans.ts";
import type { ForgivenNews, OffenceNews } from "./messages.ts";

/** Milliseconds for which an event loop shuts out an address by itself: the coordinator decides well before. */
const PROVISIONAL = 10_000;

/** The bans of one event loop, which reports to the others and to the coordinator. */
export class RelayedBans {
  readonly #bans: Bans;
  readonly #post: (news: OffenceNews | ForgivenNews) => void;

  constructor({ limit, duration, isExempt, now }: BanSettings, post: (news: OffenceNews | ForgivenNews) => void) {
    this.#bans = new Bans({
      limit,
      duration: Math.min(duration, PROVISIONAL),
      ...(isExempt && { isExempt }),
      ...(now && { now }),
    });
    this.#post = post;
  }

  /** Implements `Bans.isBanned`. */
  isBanned(address: string): boolean {
    return this.#bans.isBanned(address);
  }

  /** Implements `Bans.offended`. */
  offended(address: string, offence: Offence, name = ""): void {
    this.#bans.offended(address, offence, name);
    this.#post({ type: "offence", address, offence, name });
  }

  /** Implements `Bans.forgive`. */
  forgive(address: string, name: string): boolean {
    const forgiven = this.#bans.forgive(address, name);
    if (forgiven) this.#post({ type: "forgiven", address, name });
    return forgiven;
  }

  /** Records what another event loop has reported. */
  hear(news: OffenceNews | ForgivenNews): void {
    hearOf(this.#bans, news);
  }

  /** Takes over what the coordinator has decided. */
  put(bans: readonly Ban[]): void {
    for (const ban of bans) this.#bans.put(ban);
  }

  /** The coordinator has ended a ban. */
  lift(key: string): void {
    this.#bans.lift(key);
  }

  /** Ends its timer. */
  [Symbol.dispose](): void {
    this.#bans[Symbol.dispose]();
  }
}

/** Counts in `bans` what an event loop has reported. */
export function hearOf(bans: Bans, news: OffenceNews | ForgivenNews): void {
  if (news.type === "offence") bans.offended(news.address, news.offence, news.name);
  else bans.forgive(news.address, news.name);
}
