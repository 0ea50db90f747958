/**
 * What servers that count together have in common: event loops that share a port, or machines behind a balancer.
 * Limits, bans, quotas and the list of sessions then hold for all of them.
 *
 * @module
 */

import type { Ban, BanOrder, BanSettings, Offence } from "../auth/bans.ts";
import type { LoginVisit } from "../auth/login_gate.ts";
import type { ThrottleOptions } from "../auth/throttle.ts";
import type { RateLimit } from "../data/rate_limit.ts";
import type { SessionInfo } from "../session_info.ts";
import type { DigestMemory } from "../vfs/digests.ts";
import type { MaybeLater } from "../vfs/upload_locks.ts";
import type { Usage } from "../vfs/usage.ts";

export type { MaybeLater };

/** One number. */
export interface SharedCount {
  /** As far as it is known here; it may be out of date. */
  readonly count: number;
  /** Adds 1 or -1 and returns the previous number: two callers at the same time see two numbers. */
  add(change: 1 | -1): MaybeLater<number>;
}

/** Numbers by key. */
export interface SharedCounter {
  /**
   * Increments the count, unless it has reached `limit` (`undefined` or 0: no limit). Disposing the result decrements
   * it, once, and must not throw.
   */
  add(key: string, limit?: number): MaybeLater<Disposable | undefined>;
}

/** The right to try one password. Its holder reports the outcome. */
export interface SharedTurn {
  /** The password was wrong. Returns the milliseconds by which to delay the answer. */
  failed(): MaybeLater<number>;
  /** The password was right. */
  succeeded(): MaybeLater<void>;
  /** The password was not tried, or there was no outcome. */
  abandon(): MaybeLater<void>;
}

/** Decides when a password may be tried. `LoginGate` is one. */
export interface SharedGate {
  /** Whether the address is banned now. Asked for every connection and several times at a login. */
  isBanned(address: string): MaybeLater<boolean>;
  /** Counts what an address has done, other than failed logins, which the turns report. */
  offended(address: string, offence: Offence): MaybeLater<void>;
  /** The turn of a visit, when it comes; `undefined` once its address is banned, or its signal aborted. */
  enter(visit: LoginVisit): MaybeLater<SharedTurn | undefined>;
}

/** The bans, for who decides about them besides the server. `Bans` is one. */
export interface SharedBans {
  /** Those in force. */
  list(): MaybeLater<readonly Ban[]>;
  /** Shuts out an address; `undefined` for one that is never banned. */
  ban(address: string, order: BanOrder): MaybeLater<Ban | undefined>;
  /** Ends the ban of an address; returns whether there was one. */
  lift(address: string): MaybeLater<boolean>;
}

/** How often something may be done per key. */
export interface SharedPace {
  /** Counts one, and returns whether it is within the limit. */
  take(key: string): MaybeLater<boolean>;
}

/** Which files were uploaded recently, and by whom. `RecentUploads` is one. */
export interface SharedUploads {
  /** The upload has just ended. */
  remember(upload: string): MaybeLater<void>;
  /** Whether it was remembered within about a minute. */
  has(upload: string): MaybeLater<boolean>;
}

/**
 * The state that servers share. Each question may be answered at once or with a promise. One that rejects, throws or is
 * not answered within ten seconds is reported as a `problem`, must not have counted anything, and refuses only what
 * depended on it: a connection or a login with 421, an upload with 451.
 *
 * Locks of uploads are not here but in the driver, as only it knows files: see `UploadLocks.share`.
 */
export interface SharedState {
  /** What ids of the sessions of this server begin with, so that no two servers use one. */
  readonly idPrefix: string;
  /** Accepted connections that are not over, including those that are being refused. */
  readonly connections: SharedCount;
  /** Live sessions. */
  readonly sessions: SharedCount;
  /** Connections by address; by /64 for IPv6. */
  readonly perAddress: SharedCounter;
  /** Connections by address that have not logged in; those of all addresses together under the key `""`. */
  readonly strangers: SharedCounter;
  /** New connections by address, for `connectRate`. */
  readonly arrivals: SharedPace;
  /** Sessions by name of the account. */
  readonly perAccount: SharedCounter;
  /** Who may try a password. */
  readonly gate: SharedGate;
  /** Absent: bans can be neither listed nor changed from outside. */
  readonly bans?: SharedBans;
  /** Digests of files that need not be read again. */
  readonly digests: DigestMemory;
  /** Which files were uploaded recently, for clients that set the time of their own upload. */
  readonly recentUploads: SharedUploads;
  /** Bytes in use below a root: accounts that share one share its bytes too. */
  usageOf(rootPath: string): Usage;
  /**
   * What holds for all who ask for `key` together, in bytes per second: the rate of an account. Must not
   * throw. Absent: it holds for each server by itself.
   */
  limiterOf?(key: string, bytesPerSecond: number): RateLimit;
  /** Sessions of the other servers. */
  others(): MaybeLater<readonly SessionInfo[]>;
  /** Called when the server has shut down: nothing here may keep the process running. */
  rest?(): void;
}

/** What a server expects of its shared state. */
export interface SharedStateSettings {
  /** Delays after wrong passwords: `failureDelay` and `clock` of the server. */
  readonly throttle: Required<Pick<ThrottleOptions, "delay" | "now">>;
  /** Bans: `banAfter`, `banTime`, `banExempt`, `banStore` and `clock` of the server, and its events. */
  readonly bans: BanSettings;
  /** `guessInterval` of the server, in milliseconds. */
  readonly guessInterval: number;
  /** Of the server: new connections a minute per address; 0: no limit. */
  readonly connectRate: number;
}

/** What ids of sessions begin with on this node of several; "" for a server that has no name. */
export function nodePrefix(node: string | undefined): string {
  return node === undefined ? "" : `${node}.`;
}

/** Makes the shared state of a server, which calls it once. */
export type MakeSharedState = (settings: SharedStateSettings) => SharedState;
