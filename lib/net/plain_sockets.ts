/**
 * Which connections are a socket of the runtime and nothing around it: what is written to the socket by another way
 * then reaches the peer as it is. Whatever stands between (TLS, a fault of the fixture) is a connection of its own, and
 * none of these.
 *
 * @module
 */

import type { Connection } from "./connection.ts";

const plain = new WeakSet<Connection>();

/** `connection` comes from the runtime's `accept` or `connect` over TCP. */
export function markPlain<T extends Connection>(connection: T): T {
  plain.add(connection);
  return connection;
}

/** Whether it was marked. */
export function isPlain(connection: Connection): boolean {
  return plain.has(connection);
}
