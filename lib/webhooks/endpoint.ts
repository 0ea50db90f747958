/**
 * The services that are sent events.
 *
 * @module
 */

import type { EventType } from "../events.ts";

/** How an event ended, where it could have ended otherwise. */
export const OUTCOMES = ["success", "failure"] as const;

/** One of {@link OUTCOMES}. */
export type Outcome = typeof OUTCOMES[number];

/** A service, and the events that it is sent: those that pass all of the filters. An absent filter lets all pass. */
export interface Endpoint {
  /** Where they are posted. */
  readonly url: string;
  /** Default: {@link DEFAULT_TYPES}. */
  readonly types?: readonly EventType[];
  /** Names of accounts: with them, events of nobody are left out. */
  readonly accounts?: readonly string[];
  /** Patterns of virtual paths, as of a shell, with `**` for any depth: with them, an event needs a path. */
  readonly paths?: readonly string[];
  readonly outcomes?: readonly Outcome[];
}

/** What changes something, or is worth a look. Commands, replies and notices come by the thousand. */
export const DEFAULT_TYPES: readonly EventType[] = [
  "login",
  "transfer",
  "fileChanged",
  "addressBanned",
  "addressAllowed",
  "started",
  "stopped",
  "problem",
];
