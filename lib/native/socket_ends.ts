/**
 * What connections and listeners can do that the runtime may not offer.
 *
 * @module
 */

import type { Connection, SocketAddress } from "../net/connection.ts";
import { type Libc, SHUT_WR, SOL_SOCKET } from "./libc.ts";
import { duplicateSocket, listeningSockets } from "./socket_descriptor.ts";

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SO_KEEPALIVE = 9;

type Ends = Pick<Connection, "localAddr" | "remoteAddr">;

/**
 * Resets the connection between `ends` immediately; the runtime still has to close its socket. Dissolving the
 * association (connect(2) to `AF_UNSPEC`) sends the RST at once: a linger time of zero would come too late, as the
 * runtime sends FIN before it closes. Does nothing if the socket no longer exists.
 */
export function resetSocket(libc: Libc, ends: Ends): void {
  // struct sockaddr: AF_UNSPEC is 0.
  const unspecified = new Uint8Array(16);
  withSocket(libc, ends, (descriptor) => libc.connect(descriptor, unspecified, unspecified.length));
}

/**
 * Sends FIN on the connection between `ends`, whose other direction stays open. Does nothing if the socket no longer
 * exists.
 */
export function finishSocket(libc: Libc, ends: Ends): void {
  withSocket(libc, ends, (descriptor) => libc.shutdown(descriptor, SHUT_WR));
}

/**
 * Lets each connection that is accepted at `address` send each write at once (`TCP_NODELAY`), and keeps it alive
 * (`SO_KEEPALIVE`): Linux passes both on from the socket that listens (tcp(7)). Connections of the runtime under TLS
 * have no method for the first, and for all others it saves two calls each. Returns whether such a socket was found.
 */
export function prepareListener(libc: Libc, address: SocketAddress): boolean {
  const on = new Uint32Array([1]);
  const sockets = listeningSockets(libc, address);
  for (const socket of sockets) {
    libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, on, on.byteLength);
    libc.setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, on, on.byteLength);
  }
  return sockets.length > 0;
}

function withSocket(libc: Libc, ends: Ends, act: (descriptor: number) => void): void {
  const copy = duplicateSocket(libc, ends);
  if (copy === undefined) return;
  act(copy);
  libc.close(copy);
}
