/**
 * A data port in the data thread.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";
import { raiseError } from "../../net/flat_error.ts";
import type { ActiveOptions } from "../active_port.ts";
import { type DataPort, Wait } from "../opening.ts";
import type { PassiveOptions } from "../passive_port.ts";
import type { Channel, Listener } from "./channel.ts";
import type { Answer, Ends } from "./messages.ts";
import { RemoteConnection } from "./remote_connection.ts";

/** What both kinds need. */
export interface RemotePortOptions extends Pick<DataPort, "kind" | "port">, Pick<ActiveOptions, "timeout"> {
  readonly onStranger?: PassiveOptions["onStranger"];
  /** Called by {@link DataPort.open}: what has to be asked for only then. */
  readonly onOpen?: () => void;
}

/**
 * See the module. A passive one takes the client's connection as soon as it comes: by the transfer command it is there mostly, and nobody has
 * to wait for messages.
 */
export class RemotePort implements DataPort, Listener {
  readonly kind: DataPort["kind"];
  readonly port: number;
  readonly #channel: Channel;
  readonly #options: RemotePortOptions;
  readonly #opening = Promise.withResolvers<Connection>();
  readonly #wait = new Wait();
  /** Nothing of the port is left: it was given up, or has become a connection that was handed out. */
  #over = false;

  constructor(channel: Channel, options: RemotePortOptions) {
    this.kind = options.kind;
    this.port = options.port;
    this.#channel = channel;
    this.#options = options;
    channel.listen(this);
    // Until the transfer command nobody waits.
    this.#opening.promise.catch(() => {});
  }

  open(signal: AbortSignal): Promise<Connection> {
    const { timeout, onOpen } = this.#options;
    const connect = async () => {
      onOpen?.();
      const connection = await this.#opening.promise;
      this.#over = true;
      return connection;
    };
    return this.#wait.run({ signal, timeout, connect, stop: () => this.#giveUp() });
  }

  close(): void {
    this.#wait.end();
    this.#giveUp();
  }

  hear(answer: Answer): void {
    switch (answer.type) {
      case "stranger":
        return this.#options.onStranger?.(answer.address);
      case "connected":
        return this.#connect(answer);
      case "cannotOpen":
        return this.lose(raiseError(answer.error));
    }
  }

  lose(error: unknown): void {
    this.#over = true;
    this.#channel.leave();
    this.#opening.reject(error);
  }

  #connect(ends: Ends): void {
    const connection = new RemoteConnection(this.#channel, ends);
    this.#channel.listen(connection);
    this.#opening.resolve(connection);
  }

  #giveUp(): void {
    if (this.#over) return;
    this.#over = true;
    this.#channel.send({ type: "close" });
    this.#channel.leave();
    this.#opening.reject(new Deno.errors.Interrupted("Data port is closed"));
  }
}
