/**
 * Ways to end connections that the runtime may not offer.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import { type Libc, SHUT_WR } from "./libc.ts";
import { duplicateSocket } from "./socket_descriptor.ts";

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

function withSocket(libc: Libc, ends: Ends, act: (descriptor: number) => void): void {
  const copy = duplicateSocket(libc, ends);
  if (copy === undefined) return;
  act(copy);
  libc.close(copy);
}
