/**
 * Data connections whose sockets belong to this event loop.
 *
 * @module
 */

import { type MakeConnection, SocketConnection } from "../net/connection.ts";
import { ActiveConnector } from "./active.ts";
import type { DataConnector, DialRequest, ListenRequest } from "./connector.ts";
import type { DataEngine } from "./engine.ts";
import { ListeningConnector } from "./passive.ts";
import { PortsExhausted } from "./port_range.ts";

/** A client that requests one port after the other must not use up all descriptors within one turn. */
const MOST_CLOSING = 64;

/** The options of a {@link LocalEngine}. */
export interface LocalEngineOptions {
  /** Makes a connection of each socket. Default: {@link SocketConnection}. */
  readonly connect?: MakeConnection;
}

/** Makes data connections whose sockets belong to this event loop. */
export class LocalEngine implements DataEngine {
  /** Makes a connection of each socket. */
  readonly connect: MakeConnection;
  /**
   * Listeners that were closed while they waited: the system releases them a turn of the event loop later.
   *
   * @internal
   */
  readonly closing: Set<Promise<void>> = new Set();

  /** An engine without connections. */
  constructor({ connect = (socket) => new SocketConnection(socket) }: LocalEngineOptions = {}) {
    this.connect = connect;
  }

  /**
   * Starts to listen at once, so that the port can be sent to the client. If too many closed listeners have not yet
   * been released by the system, it waits for that.
   */
  listen(request: ListenRequest): DataConnector | Promise<DataConnector> {
    if (this.closing.size >= MOST_CLOSING) return this.#listenAfterwards(request);
    try {
      return new ListeningConnector(request, this);
    } catch (error) {
      if (this.closing.size === 0 || !(error instanceof PortsExhausted)) throw error;
      return this.#listenAfterwards(request);
    }
  }

  dial(request: DialRequest): DataConnector {
    return new ActiveConnector(request, this.connect);
  }

  async #listenAfterwards(request: ListenRequest): Promise<DataConnector> {
    await Promise.all(this.closing);
    return await this.listen(request);
  }
}
