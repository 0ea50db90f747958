/**
 * The seam between the server and its sockets: for test servers, metering, and simulations of bad networks. Without
 * hooks nothing is called or wrapped.
 *
 * @module
 */

import type { Connection, SocketAddress } from "./connection.ts";

/** The purpose of a connection. */
export interface ConnectionUse {
  /** What the connection is for. */
  readonly purpose: "control" | "data";
  /** Id of the session that it belongs to. */
  readonly session: string;
}

/** Functions between the server and its sockets; all optional. */
export interface NetworkHooks {
  /**
   * Returns what the session uses instead of `connection`, above TLS if there is TLS: after AUTH it is called again,
   * with the protected connection. The result must close `connection` when it is closed.
   */
  readonly wrap?: (connection: Connection, use: ConnectionUse) => Connection;
  /** Returns what 227 and 229 report instead of the address and port of the listener. */
  readonly announce?: (own: SocketAddress, session: string) => SocketAddress | Promise<SocketAddress>;
}
