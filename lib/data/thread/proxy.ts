/**
 * The data thread as seen from the thread of the sessions: it has the sockets of data connections and transfers their
 * bytes, so that commands never wait for them. What may be read and written is decided here; a large file that is sent
 * unchanged is read by the thread itself.
 *
 * @module
 */

import type { BufferLender } from "../../net/connection.ts";
import { fromPortableError } from "../../threads/portable_error.ts";
import type { DataConnector, DataEngine, DialRequest, ListenRequest } from "../engine.ts";
import { PortsExhausted } from "../port_range.ts";
import { Channel, type Exchange } from "./channel.ts";
import type { IdentifiedAnswer, ToDataThread } from "./messages.ts";
import { RemoteConnector, type RemoteConnectorOptions } from "./remote.ts";

/** The data thread as seen from the thread of the sessions. */
export class DataThread implements DataEngine {
  readonly #exchange: Exchange;
  readonly #buffers: BufferLender;
  #lastId = 0;

  /**
   * @param post sends to the thread, which runs `serveData`.
   * @param buffers lends shared memory.
   */
  constructor(post: (message: ToDataThread) => void, buffers: BufferLender) {
    this.#buffers = buffers;
    this.#exchange = { post, listeners: new Map() };
  }

  /** The number of its connectors and connections. */
  get load(): number {
    return this.#exchange.listeners.size;
  }

  /** Takes a message from the thread. */
  receive(answer: IdentifiedAnswer): void {
    this.#exchange.listeners.get(answer.id)?.hear(answer);
  }

  /** The thread has ended: everything that waits for it fails. */
  lose(error: Error): void {
    for (const listener of [...this.#exchange.listeners.values()]) listener.lose(error);
    this.#exchange.listeners.clear();
  }

  listen(request: ListenRequest): Promise<DataConnector> {
    const { hostname, peer, allowForeignPeer = false, range, timeout, proxy } = request;
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
          resolve(
            new RemoteConnector(channel, { ...this.#common, kind: "passive", port: answer.port, timeout, request }),
          );
        } else if (answer.type === "cannotOpen") lose(raiseListenError(answer.error));
      },
    });
    const plainProxy = proxy && { networks: proxy.networks.map(({ text }) => text), timeout: proxy.timeout };
    const options = { hostname, peer, allowForeignPeer, range: range?.toString(), proxy: plainProxy };
    channel.send({ type: "listen", options });
    return promise;
  }

  dial({ target, timeout, localAddress, localPort }: DialRequest): DataConnector {
    const channel = this.#open();
    const onOpen = () => channel.send({ type: "connect", options: { target, localAddress, localPort } });
    return new RemoteConnector(channel, { ...this.#common, kind: "active", port: target.port, timeout, onOpen });
  }

  get #common(): Pick<RemoteConnectorOptions, "buffers" | "listen"> {
    return { buffers: this.#buffers, listen: (request) => this.listen(request) };
  }

  #open(): Channel {
    return new Channel(this.#exchange, ++this.#lastId);
  }
}

function raiseListenError(given: unknown): unknown {
  const error = fromPortableError(given);
  return error instanceof Error && error.name === PortsExhausted.name ? new PortsExhausted(error.message) : error;
}
