/**
 * The data thread as seen from the thread of the sessions: it has the sockets of data connections and transfers their
 * bytes, so that commands never wait for them. What may be read and written is decided here; a large file that is sent
 * unchanged is read by the thread itself.
 *
 * @module
 */

import type { SocketAddress } from "../../net/connection.ts";
import { fromPortableError } from "../../threads/portable_error.ts";
import type { ActiveOptions } from "../active.ts";
import type { DataConnector, DataEngine } from "../engine.ts";
import type { PassiveOptions } from "../connector.ts";
import { PortsExhausted } from "../port_range.ts";
import { Channel, type Exchange } from "./channel.ts";
import type { ToDataThread, Told } from "./messages.ts";
import { RemoteConnector } from "./remote.ts";

/** The data thread as seen from the thread of the sessions. */
export class DataThread implements DataEngine {
  readonly #exchange: Exchange;
  #lastId = 0;

  /** @param post sends to the thread, which runs `serveData`. */
  constructor(post: (message: ToDataThread) => void) {
    this.#exchange = { post, listeners: new Map() };
  }

  /** The number of its connectors and connections. */
  get load(): number {
    return this.#exchange.listeners.size;
  }

  /** Takes a message from the thread. */
  receive(told: Told): void {
    this.#exchange.listeners.get(told.id)?.hear(told);
  }

  /** The thread has ended: everything that waits for it fails. */
  lose(error: Error): void {
    for (const listener of [...this.#exchange.listeners.values()]) listener.lose(error);
    this.#exchange.listeners.clear();
  }

  /** Rejects where `listenPassive` throws. */
  passive(options: PassiveOptions): Promise<DataConnector> {
    const { hostname, peer, allowForeignPeer = false, range, timeout } = options;
    const channel = this.#open();
    const { promise, resolve, reject } = Promise.withResolvers<DataConnector>();
    const lose = (error: unknown) => {
      channel.leave();
      reject(error);
    };
    channel.listen({
      lose,
      hear: (answer) => {
        // The client may connect before the result is used.
        if (answer.type === "listening") {
          const passive = { home: this, options };
          resolve(new RemoteConnector(channel, { kind: "passive", port: answer.port, timeout, passive }));
        } else if (answer.type === "cannotOpen") lose(raiseListenError(answer.error));
      },
    });
    channel.send({ type: "listen", options: { hostname, peer, allowForeignPeer, range: range?.toString() } });
    return promise;
  }

  active(target: SocketAddress, { timeout, localAddress, localPort }: ActiveOptions): DataConnector {
    const channel = this.#open();
    const onOpen = () => channel.send({ type: "connect", target, options: { localAddress, localPort } });
    return new RemoteConnector(channel, { kind: "active", port: target.port, timeout, onOpen });
  }

  #open(): Channel {
    return new Channel(this.#exchange, ++this.#lastId);
  }
}

function raiseListenError(given: unknown): unknown {
  const error = fromPortableError(given);
  return error instanceof Error && error.name === PortsExhausted.name ? new PortsExhausted(error.message) : error;
}
