/**
 * A data port in the data thread.
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

/** What both kinds need. */
export interface RemotePortOptions extends Pick<DataConnector, "kind" | "port">, Pick<ActiveOptions, "timeout"> {
  /** Who listens, and for whom, of a passive one. */
  readonly passive?: { readonly home: PassivePorts; readonly options: PassiveOptions };
  /** Called by {@link DataConnector.open}: what has to be asked for only then. */
  readonly onOpen?: () => void;
}

/**
 * See the module. A passive one takes the client's connection as soon as it comes: by the transfer command it is there
 * mostly, and nobody has to wait for messages.
 */
export class RemoteConnector implements DataConnector, Listener {
  readonly kind: DataConnector["kind"];
  readonly port: number;
  readonly home?: PassivePorts;
  readonly #channel: Channel;
  readonly #options: RemotePortOptions;
  readonly #opening = Promise.withResolvers<Connection>();
  readonly #wait = new ConnectionWait();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #listening: boolean;
  /** Nothing of the port is left: it was given up, or has become a connection that was handed out. */
  #over = false;

  constructor(channel: Channel, options: RemotePortOptions) {
    const { kind, port, passive, timeout } = options;
    this.kind = kind;
    this.port = port;
    this.#channel = channel;
    this.#options = options;
    this.#listening = passive !== undefined;
    channel.listen(this);
    // Until the transfer command nobody waits.
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
