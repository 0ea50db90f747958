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

/** An address is shut out for a while: its offences have reached the limit (`banAfter`). */
export interface AddressBanned extends Timed, Typed<"addressBanned"> {
  /** IP address of the last offence. */
  readonly address: string;
  /** What is shut out: the address, or for IPv6 its /64, such as `2001:db8:0:1::/64`. */
  readonly network: string;
  /** The offences and their numbers, such as `failed logins (50)`. */
  readonly reason: string;
  /** The end, in milliseconds since 1970. */
  readonly until: number;
  /** Which ban in a row it is, from 1: each lasts twice as long as the last one. */
  readonly round: number;
}

/** An address that was shut out is let in again. */
export interface AddressAllowed extends Timed, Typed<"addressAllowed"> {
  /** As in {@link AddressBanned}. */
  readonly address: string;
  /** As in {@link AddressBanned}. */
  readonly network: string;
  /** When it was shut out, in milliseconds since 1970. */
  readonly since: number;
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
