/**
 * The options against abuse: limits per address, and bans.
 *
 * @module
 */

import type { BanStore } from "../auth/bans.ts";

/** Limits on what one address may do. Those whose default does not apply to loopback do so where they are given. */
export interface AbuseOptions {
  /**
   * Networks (CIDR) whose clients are let in; others are answered 421 before anything is asked of them. Empty: all.
   *
   * @default []
   */
  readonly allowFrom?: readonly string[];
  /**
   * Networks (CIDR) whose clients are not let in, even if {@link allowFrom} has them as well.
   *
   * @default []
   */
  readonly denyFrom?: readonly string[];
  /**
   * The most sessions at the same time per address, or per /64 for IPv6; 0: no limit. Loopback has none by default: a
   * relay there may forward many clients.
   *
   * @default 200
   */
  readonly maxSessionsPerIp?: number;
  /**
   * The most sessions per address (or /64) that have not logged in yet; 0: no limit. Loopback has none by default.
   *
   * @default 50
   */
  readonly maxStrangersPerIp?: number;
  /**
   * The most sessions of all addresses together that have not logged in yet; 0: no limit. Those from loopback are not
   * counted by default.
   *
   * @default 2_000
   */
  readonly maxStrangers?: number;
  /**
   * New connections a minute per address (or /64), 0 to 60,000; a third of them may come at once. 0: no limit.
   * Loopback has none by default.
   *
   * @default 600
   */
  readonly connectRate?: number;
  /**
   * Bytes a second that a transfer must move on average over `stallTimeout`, where its account has no rate limit; 0:
   * any byte is enough.
   *
   * @default 0
   */
  readonly minRate?: number;
  /**
   * Points within ten minutes after which an address (or /64) is banned: a failed login is one point, other offences
   * are one to five (docs/trust.md). 0: never. Loopback is not banned by default.
   *
   * @default 50
   */
  readonly banAfter?: number;
  /**
   * Milliseconds of a first ban. Each that begins within a day of the last one lasts twice as long, up to a day. 0: no
   * bans.
   *
   * @default 600_000
   */
  readonly banTime?: number;
  /** Networks (CIDR) whose addresses are never banned. Default: none, besides loopback as said above. */
  readonly banExempt?: readonly string[];
  /** Where bans are kept over a restart. Default: nowhere. With `sharedState` its maker decides about it. */
  readonly banStore?: BanStore;
}

/** A limit per address. */
export interface AddressCap {
  /** 0: no limit. */
  readonly limit: number;
  /** Whether it applies to loopback as well: if a number was given explicitly. */
  readonly loopback: boolean;
}

/** Limits per address: their defaults do not apply to loopback. */
export const CAPS = ["maxSessionsPerIp", "maxStrangersPerIp", "maxStrangers", "connectRate", "banAfter"] as const;

/** One of {@link CAPS}. */
export type Caps = typeof CAPS[number];
