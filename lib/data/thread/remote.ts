/**
 * A data connector in the data thread.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";
import { fromPortableError } from "../../threads/portable_error.ts";
import type { ActiveOptions } from "../active.ts";
import { ConnectionWait } from "../connection_wait.ts";
import type { DataConnector, PassiveEnd, PassiveOptions, PassivePorts } from "../connector.ts";
import type { Channel, Listener } from "./channel.ts";
import type { Answer, Ends } from "./messages.ts";
import { RemoteConnection } from "./remote_connection.ts";

/** The options of both kinds. */
export interface RemoteConnectorOptions extends Pick<DataConnector, "kind" | "port">, Pick<ActiveOptions, "timeout"> {
  /** The engine and options of a passive one. */
  readonly passive?: { readonly home: PassivePorts; readonly options: PassiveOptions };
  /** Called by {@link DataConnector.open}: sends what is only requested then. */
  readonly onOpen?: () => void;
}

/**
 * A data connector in the data thread. A passive one takes the client's connection as soon as it arrives: it is usually
 * there before the transfer command, which then need not wait for messages.
 */
export class RemoteConnector implements DataConnector, Listener {
  readonly kind: DataConnector["kind"];
  readonly port: number;
  readonly home?: PassivePorts;
  readonly #channel: Channel;
  readonly #options: RemoteConnectorOptions;
  readonly #opening = Promise.withResolvers<Connection>();
  readonly #wait = new ConnectionWait();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #listening: boolean;
  /** The connector has ended: it was given up, or its connection was handed out. */
  #over = false;

  constructor(channel: Channel, options: RemoteConnectorOptions) {
    const { kind, port, passive, timeout } = options;
    this.kind = kind;
    this.port = port;
    this.#channel = channel;
    this.#options = options;
    this.#listening = passive !== undefined;
    channel.listen(this);
    // Until the transfer command nothing awaits it.
    this.#opening.promise.catch(() => {});
    if (!passive) return;
    this.home = passive.home;
    passive.options.range?.unused.add(this, passive.options.peer);
    if (timeout > 0) this.#timer = setTimeout(() => this.#giveUp("expired"), timeout);
  }

  get over(): boolean {
    return this.#over;
  }

  open(signal: AbortSignal): Promise<Connection> {
    const { timeout, onOpen } = this.#options;
    clearTimeout(this.#timer);
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

  hear(answer: Answer): void {
    switch (answer.type) {
      case "stranger":
        return this.#options.passive?.options.onStranger?.(answer.address);
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
    const connection = new RemoteConnection(this.#channel, ends);
    this.#channel.listen(connection);
    this.#stopListening("connected");
    this.#opening.resolve(connection);
  }

  #stopListening(end: PassiveEnd): void {
    if (!this.#listening) return;
    this.#listening = false;
    clearTimeout(this.#timer);
    const { passive } = this.#options;
    passive?.options.range?.unused.delete(this);
    passive?.options.onEnd?.(end);
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
