/**
 * The services that are sent events.
 *
 * @module
 */

import type { EventType } from "../events.ts";

/** Whether what an event reports has succeeded. */
export const OUTCOMES = ["success", "failure"] as const;

/** One of {@link OUTCOMES}. */
export type Outcome = typeof OUTCOMES[number];

/** How an event is written: its fields alone, or as the `data` of a CloudEvent (CloudEvents 1.0.2, JSON format). */
export const FORMATS = ["plain", "cloudevents"] as const;

/** One of {@link FORMATS}. */
export type Format = typeof FORMATS[number];

/** A service, and the events that it is sent: those that pass all of the filters. An absent filter lets all pass. */
export interface Endpoint {
  /** Where they are posted. */
  readonly url: string;
  /** Default: {@link DEFAULT_TYPES}. */
  readonly types?: readonly EventType[];
  /** Names of accounts. Events without an account are left out then. */
  readonly accounts?: readonly string[];
  /** Shell patterns of virtual paths, `**` for any depth. Events without a path are left out then. */
  readonly paths?: readonly string[];
  readonly outcomes?: readonly Outcome[];
  /** @default "plain" */
  readonly format?: Format;
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
