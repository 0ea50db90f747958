/**
 * How long a certificate is still valid: for the log of every server, also of one without certificates.
 *
 * @module
 */

import type { KeyPair } from "./certificates.ts";

const MILLISECONDS_PER_DAY = 86_400_000;

/** Whole days until `pair` expires, rounded down; negative once it has. */
export function daysLeft(pair: KeyPair, now: Date = new Date()): number {
  return Math.floor((pair.notAfter.getTime() - now.getTime()) / MILLISECONDS_PER_DAY);
}
