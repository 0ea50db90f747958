/**
 * What counts the work of a server: called where it happens, not by events, so that counting makes no objects.
 *
 * @module
 */

import type { ServerEvent, SessionEvent, TransferDirection } from "../events.ts";

/**
 * Why a connection was refused before it became a session: its address is not let in (`network`) or banned (`banned`),
 * the server is full (`sessions`), the address has as many sessions as it may (`address`), as many that have not logged
 * in (`strangers`), or connects too often (`rate`), too many of all addresses have not logged in (`crowd`), the shared
 * state did not answer (`sharedState`), the server shuts down (`shutdown`), or it came from a balancer without a PROXY
 * header that can be believed (`proxyHeader`).
 */
export type ConnectionRefusal =
  | "network"
  | "banned"
  | "sessions"
  | "address"
  | "strangers"
  | "rate"
  | "crowd"
  | "sharedState"
  | "shutdown"
  | "proxyHeader";

/** An event as its session reports it. */
export type SessionReport<E extends ServerEvent = ServerEvent> = E extends unknown ? Omit<E, keyof SessionEvent>
  : never;

/** A data connection that is open. */
export interface MeteredConnection {
  /** `passive`: the client has connected to us. */
  readonly mode: "passive" | "active";
  /** Whether it is under TLS. */
  readonly tls: boolean;
  /** Whether it resumed a TLS session. */
  readonly resumed: boolean;
}

/** Counts what a server does. Called in the path of every command: nothing here may wait, or throw. */
export interface Meter {
  /** A session begins; `secure`: with TLS from the first byte. */
  sessionOpened(secure: boolean): void;
  /** A control connection that was in clear is under TLS now. */
  sessionSecured(): void;
  /** A session has ended; `secure`: under TLS. */
  sessionClosed(secure: boolean): void;
  /** A connection was answered 421 before it became a session; one without a PROXY header was closed. */
  connectionRefused(why: ConnectionRefusal): void;
  /** The system gives no socket for a connection (EMFILE). */
  acceptFailed(): void;
  /**
   * A command has its final reply.
   *
   * @param verb of its row; `undefined` for an unknown one.
   * @param milliseconds since it began; `undefined` for a command that waits for a transfer.
   */
  commandDone(verb: string | undefined, milliseconds: number | undefined): void;
  /** A reply was made; `code`: 100 to 599. */
  replied(code: number): void;
  /** Bytes have moved over a data connection. */
  moved(direction: TransferDirection, bytes: number): void;
  /** A data connection is open. */
  dataOpened(connection: MeteredConnection): void;
  /** No passive port was free. */
  passiveExhausted(): void;
  /** Something else happened in a session. */
  reported(event: SessionReport): void;
}
