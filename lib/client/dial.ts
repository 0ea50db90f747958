/**
 * Connections that somebody else opens for the client: through a proxy, for example.
 *
 * @module
 */

import { ConnectionWait } from "../data/connection_wait.ts";
import type { DataConnector } from "../data/connector.ts";
import type { Connection, SocketAddress } from "../net/connection.ts";

/**
 * Opens a connection to a name or address. Rejects with an error of the runtime, or with the reason of the signal.
 */
export type Dial = (target: SocketAddress, signal: AbortSignal) => Promise<Connection>;

/** A data connection that a {@link Dial} opens. */
export class DialledConnector implements DataConnector {
  /** Seen from the side that connects. */
  readonly kind = "active";
  /** One connection is all it makes, and nothing is held before. */
  readonly over = false;
  readonly #target: SocketAddress;
  readonly #dial: Dial;
  readonly #timeout: number;
  readonly #wait = new ConnectionWait();

  /** @param timeout milliseconds; 0: no limit. */
  constructor(target: SocketAddress, dial: Dial, timeout: number) {
    this.#target = target;
    this.#dial = dial;
    this.#timeout = timeout;
  }

  get port(): number {
    return this.#target.port;
  }

  open(signal: AbortSignal): Promise<Connection> {
    const abort = new AbortController();
    const connect = () => this.#dial(this.#target, abort.signal);
    return this.#wait.run({ signal, timeout: this.#timeout, connect, stop: () => abort.abort() });
  }

  close(): void {
    this.#wait.end();
  }
}
