/**
 * A connection through a balancer, with the ends that the client knows.
 *
 * @module
 */

import type { Connection, SocketAddress } from "./connection.ts";

/** The socket between balancer and server under the addresses of the connection that the balancer passes on. */
export class ProxiedConnection implements Connection {
  /** The address at the balancer that the client connected to. */
  readonly localAddr: SocketAddress;
  /** The address of the client. */
  readonly remoteAddr: SocketAddress;
  readonly endsAtOnce = true;
  readonly #socket: Connection;

  /** Closing the connection closes `socket`. */
  constructor(socket: Connection, ends: { readonly source: SocketAddress; readonly destination: SocketAddress }) {
    this.#socket = socket;
    this.localAddr = ends.destination;
    this.remoteAddr = ends.source;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#socket.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#socket.write(data);
  }

  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  close(): void {
    this.#socket.close();
  }
}
