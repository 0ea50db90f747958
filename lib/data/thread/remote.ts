/**
 * A data connector in the data thread.
 *
 * @module
 */

import type { BufferLender, Connection } from "../../net/connection.ts";
import { fromPortableError } from "../../threads/portable_error.ts";
import { ConnectionWait } from "../connection_wait.ts";
import type { DataConnector, ListenRequest, PassiveConnector, PassiveEnd } from "../connector.ts";
import { type SharedTimer, SharedTimers } from "../shared_timers.ts";
import type { Channel, Listener } from "./channel.ts";
import type { Answer, Ends } from "./messages.ts";
import { RemoteConnection } from "./remote_connection.ts";

/** The options of both kinds. */
export interface RemoteConnectorOptions extends Pick<DataConnector, "kind" | "port"> {
  /** Milliseconds for the connection to be made; 0: no limit. */
  readonly timeout: number;
  /** Lends shared memory. */
  readonly buffers: BufferLender;
  /** The request for a passive one. */
  readonly request?: ListenRequest;
  /** Listens in the same thread. */
  readonly listen: (request: ListenRequest) => Promise<DataConnector>;
  /** Called by {@link DataConnector.open}: sends what is only requested then. */
  readonly onOpen?: () => void;
}

/**
 * A data connector in the data thread. A passive one takes the client's connection as soon as it arrives: it is usually
 * there before the transfer command, which then need not wait for messages.
 */
export class RemoteConnector implements PassiveConnector, Listener {
  readonly kind: DataConnector["kind"];
  readonly port: number;
  readonly #channel: Channel;
  readonly #options: RemoteConnectorOptions;
  readonly #opening = Promise.withResolvers<Connection>();
  readonly #wait = new ConnectionWait();
  readonly #timer: SharedTimer | undefined;
  #listening: boolean;
  /** The connector has ended: it was given up, or its connection was handed out. */
  #over = false;

  constructor(channel: Channel, options: RemoteConnectorOptions) {
    const { kind, port, request, timeout } = options;
    this.kind = kind;
    this.port = port;
    this.#channel = channel;
    this.#options = options;
    this.#listening = request !== undefined;
    channel.listen(this);
    // Until the transfer command nothing awaits it.
    this.#opening.promise.catch(() => {});
    if (!request) return;
    request.range?.unused.add(this, request.peer);
    const { timers = new SharedTimers() } = request;
    if (timeout > 0) this.#timer = timers.start(timeout, () => this.#giveUp("expired"));
  }

  get over(): boolean {
    return this.#over;
  }

  open(signal: AbortSignal): Promise<Connection> {
    const { timeout, onOpen } = this.#options;
    this.#timer?.end();
    const connect = async () => {
      onOpen?.();
      const connection = await this.#opening.promise;
      this.#over = true;
      return connection;
    };
    return this.#wait.run({ signal, timeout, connect, stop: () => this.#giveUp("closed") });
  }

  close(): void {
    this.#wait.end();
    this.#giveUp("closed");
  }

  async replace(request: ListenRequest): Promise<DataConnector> {
    this.close();
    return await this.#options.listen(request);
  }

  hear(answer: Answer): void {
    switch (answer.type) {
      case "stranger":
        return this.#options.request?.onStranger?.(answer.address);
      case "badHeader":
        return this.#options.request?.proxy?.onRefused(answer.balancer, answer.fault);
      case "reset":
        return this.#wait.hurry();
      case "connected":
        return this.#connect(answer);
      case "cannotOpen":
        return this.lose(fromPortableError(answer.error));
    }
  }

  lose(error: unknown): void {
    this.#over = true;
    this.#stopListening("closed");
    this.#channel.leave();
    this.#opening.reject(error);
  }

  #connect(ends: Ends): void {
    const connection = new RemoteConnection(this.#channel, ends, this.#options.buffers);
    this.#channel.listen(connection);
    this.#stopListening("connected");
    this.#opening.resolve(connection);
  }

  #stopListening(end: PassiveEnd): void {
    if (!this.#listening) return;
    this.#listening = false;
    this.#timer?.end();
    const { request } = this.#options;
    request?.range?.unused.delete(this);
    request?.onEnd?.(end);
  }

  #giveUp(end: PassiveEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopListening(end);
    this.#channel.send({ type: "close" });
    this.#channel.leave();
    this.#opening.reject(new Deno.errors.Interrupted("The data connector is closed"));
  }
}
