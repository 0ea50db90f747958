/**
 * The events of the server as a whole.
 *
 * @module
 */

import type { Actor, Timed, Typed } from "./base.ts";

/** A connection was answered 421 before it became a session: a limit was reached, or its address is banned. */
export interface ConnectionRefused extends Timed, Typed<"connectionRefused"> {
  /** IP address of the peer. */
  readonly address: string;
  /** Which limit was reached, for the log. */
  readonly reason: string;
}

/** Something an administrator should look at; with an actor if it belongs to a session. */
export interface Problem extends Timed, Partial<Actor>, Typed<"problem"> {
  /** `error`: something does not work. */
  readonly level: "warning" | "error";
  /** For people; never shown to clients. */
  readonly message: string;
  /** The error behind it, if there is one. */
  readonly error?: unknown;
}

/**
 * Information: what the server did (`info`), and details for finding out why something happened (`debug`), such as what
 * a client did wrong. With an actor if it belongs to a session.
 */
export interface Notice extends Timed, Partial<Actor>, Typed<"notice"> {
  /** `debug`: a detail. */
  readonly level: "debug" | "info";
  /** For people; never shown to clients. */
  readonly message: string;
  /** The error behind it, if there is one. */
  readonly error?: unknown;
}
