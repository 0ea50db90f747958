/**
 * Ways to end connections that the runtime may not offer.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import { type Libc, SHUT_WR } from "./libc.ts";
import { duplicateSocket } from "./socket_descriptor.ts";

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;

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
 * Lets the connection between `ends` send each write at once (`TCP_NODELAY`), as `Deno.TcpConn.setNoDelay` does: the
 * runtime's connections under TLS have no such method.
 */
export function sendAtOnce(libc: Libc, ends: Ends): void {
  const on = new Uint32Array([1]);
  withSocket(libc, ends, (descriptor) => libc.setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, on, on.byteLength));
}

function withSocket(libc: Libc, ends: Ends, act: (descriptor: number) => void): void {
  const copy = duplicateSocket(libc, ends);
  if (copy === undefined) return;
  act(copy);
  libc.close(copy);
}
