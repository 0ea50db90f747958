/**
 * The data thread's own side: listens, connects, and moves bytes between sockets and shared memory. It is independent
 * of sessions, and only opens files that it is asked to send.
 *
 * @module
 */

import { closeQuietly, type SocketAddress } from "../../net/connection.ts";
import { parseNetwork } from "../../net/ip.ts";
import type { ProxyHeaderFault } from "../../net/proxy_header.ts";
import { toPortableError } from "../../threads/portable_error.ts";
import { DataConnectionError, type DataConnector, type DataEngine } from "../engine.ts";
import type { EventLoop } from "../event_loop.ts";
import { parsePortRange, type PortRange } from "../port_range.ts";
import type { Answer, FromDataThread, ListenOptions, ToDataThread } from "./messages.ts";
import { ConnectionMover } from "./mover.ts";

/** Timeouts are handled by the other thread. */
const never = new AbortController().signal;

/** The parts of a {@link DataServer}. */
export interface DataServerParts {
  readonly loop: EventLoop;
  /** Makes the connections, in this thread. */
  readonly engine: DataEngine;
}

/** Serves one other thread. */
export class DataServer {
  readonly #post: (message: FromDataThread) => void;
  readonly #parts: DataServerParts;
  readonly #openings = new Map<number, DataConnector>();
  readonly #movers = new Map<number, ConnectionMover>();
  readonly #ranges = new Map<string, PortRange>();

  constructor(post: (message: FromDataThread) => void, parts: DataServerParts) {
    this.#post = post;
    this.#parts = parts;
  }

  /** Reports that it listens: an earlier message would be lost. */
  greet(): void {
    this.#post({ type: "hello" });
  }

  receive(message: ToDataThread): void {
    const { id } = message;
    switch (message.type) {
      case "listen":
        return void this.#listen(id, message.options);
      case "connect":
        return void this.#open(id, this.#parts.engine.dial({ ...message.options, timeout: 0 }));
      case "close":
        return this.#close(id);
      default:
        return void this.#movers.get(id)?.perform(message);
    }
  }

  async #listen(id: number, { range, proxy, ...options }: ListenOptions): Promise<void> {
    const onStranger = (address: string) => this.#tell(id, { type: "stranger", address });
    const onReset = () => this.#tell(id, { type: "reset" });
    try {
      const own = {
        ...{ ...options, range: this.#rangeOf(range), timeout: 0, onStranger, onReset },
        proxy: proxy && {
          networks: proxy.networks.map(parseNetwork).filter((network) => network !== undefined),
          timeout: proxy.timeout,
          onRefused: (balancer: string, fault: ProxyHeaderFault) =>
            this.#tell(id, { type: "badHeader", balancer, fault }),
        },
      };
      const connector = await this.#parts.engine.listen(own);
      this.#tell(id, { type: "listening", port: connector.port });
      void this.#open(id, connector);
    } catch (error) {
      this.#tell(id, { type: "cannotOpen", error: toPortableError(error) });
    }
  }

  #rangeOf(text: string | undefined): PortRange | undefined {
    if (text === undefined) return undefined;
    let range = this.#ranges.get(text);
    if (!range) this.#ranges.set(text, range = parsePortRange(text));
    return range;
  }

  async #open(id: number, connector: DataConnector): Promise<void> {
    this.#openings.set(id, connector);
    try {
      const connection = await connector.open(never);
      // Given up in the meantime.
      if (!this.#openings.delete(id)) return closeQuietly(connection);
      const { localAddr, remoteAddr } = connection;
      this.#movers.set(id, new ConnectionMover(connection, (answer) => this.#tell(id, answer), this.#parts.loop));
      this.#tell(id, { type: "connected", localAddr: plain(localAddr), remoteAddr: plain(remoteAddr) });
    } catch (error) {
      if (!this.#openings.delete(id)) return;
      const reason = error instanceof DataConnectionError ? error.cause : error;
      this.#tell(id, { type: "cannotOpen", error: toPortableError(reason) });
    }
  }

  #close(id: number): void {
    const connector = this.#openings.get(id);
    this.#openings.delete(id);
    connector?.close();
    this.#movers.get(id)?.close();
    this.#movers.delete(id);
  }

  #tell(id: number, answer: Answer): void {
    this.#post({ ...answer, id });
  }
}

function plain({ hostname, port }: SocketAddress): SocketAddress {
  return { hostname, port };
}
