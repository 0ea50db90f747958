/**
 * The seam between the server and its sockets: for test servers, metering, and simulations of bad networks. Without hooks nothing is
 * asked and nothing is wrapped.
 *
 * @module
 */

import type { Connection, SocketAddress } from "./connection.ts";

/** What a connection is for. */
export interface ConnectionUse {
  readonly purpose: "control" | "data";
  /** Id of the session that it belongs to. */
  readonly session: string;
}

/** Functions between the server and its sockets; each may be left out. */
export interface NetworkHooks {
  /**
   * Gives what the session uses instead of `connection`, above TLS where there is TLS: after AUTH it is asked again, with the
   * protected connection. What it gives must close `connection` when it is closed.
   */
  readonly wrap?: (connection: Connection, use: ConnectionUse) => Connection;
  /** Gives what 227 and 229 tell instead of the address and port that the server listens on. */
  readonly announce?: (own: SocketAddress, session: string) => SocketAddress | Promise<SocketAddress>;
}
