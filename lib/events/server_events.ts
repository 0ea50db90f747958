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
  /**
   * How many connections it stands for: those of an address that is shut out, or connects too often, are reported at
   * most once a minute. Absent: one.
   */
  readonly times?: number;
}

/** A connection of a balancer (`proxyFrom`) was closed: it did not begin with a PROXY header that can be believed. */
export interface ProxyHeaderRefused extends Timed, Partial<Actor>, Typed<"proxyHeaderRefused"> {
  /** IP address of the balancer. */
  readonly balancer: string;
  /**
   * Something else came first (`missing`), it cannot be read or names no TCP over IP (`malformed`), it is too long, or
   * it was not whole in time (`late`).
   */
  readonly fault: "missing" | "malformed" | "tooLong" | "late";
  /** How many connections it stands for: they are reported at most once a minute. Absent: one. */
  readonly times?: number;
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

/** A certificate that is in use, as the log names it. */
export interface CertificateFacts {
  /** The names that it is for. */
  readonly names: readonly string[];
  /** Whole days until it expires; negative once it has. */
  readonly daysLeft: number;
}

/** The program serves from now on. Reported by `denoftpd serve`; an embedded server has no start of its own. */
export interface Started extends Timed, Typed<"started"> {
  /** Of the program. */
  readonly version: string;
  /** Where it listens, as `host:port`, with an IPv6 address in brackets. */
  readonly address: string;
  /** Where TLS is there from the first byte, in the same form. */
  readonly implicitTls?: string;
  /** What a login needs; `off` without a certificate. */
  readonly tls: "off" | "optional" | "required";
  /** Those in use, each with its `names` and `daysLeft` (whole days); none without TLS. */
  readonly certificates: readonly CertificateFacts[];
  /** The ports of passive data connections, as `first-last`. Absent: any free port. */
  readonly passivePorts?: string;
  /** The number of accounts, the anonymous one among them. */
  readonly accounts: number;
  /** The file that they are in. Absent: there is only the anonymous one. */
  readonly accountsFile?: string;
  /** Event loops that serve. */
  readonly workers: number;
}

/** What happened between {@link Started} and {@link Stopped}. */
export interface RunTotals {
  /** Control connections that were accepted. */
  readonly sessions: number;
  /** Logins that were accepted. */
  readonly logins: number;
  /** Logins that were refused. */
  readonly failedLogins: number;
  /** Connections that were refused before they became a session. */
  readonly refusedConnections: number;
  /** Files that were sent or received whole. */
  readonly transfers: number;
  /** Those that were not whole. */
  readonly failedTransfers: number;
  /** Bytes over data connections, listings included. */
  readonly bytesSent: number;
  /** Bytes over data connections. */
  readonly bytesReceived: number;
}

/** The program has stopped serving; the last record of its log, unless it was killed. */
export interface Stopped extends Timed, Typed<"stopped">, RunTotals {
  /** `request`: of an embedding program. `error`: one that nothing has caught. */
  readonly reason: "signal" | "request" | "error";
  /** Which signal, such as `SIGTERM`. */
  readonly signal?: string;
  /** The error that nothing has caught. */
  readonly error?: unknown;
  /** Where in the source that error was made; its lines are separated by `\n`. */
  readonly stack?: string;
  /** Since {@link Started}. */
  readonly milliseconds: number;
}
