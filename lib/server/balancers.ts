/**
 * Connections that a balancer passes on: whose they are is in the PROXY header in front of them, and is known before
 * anything else is asked.
 *
 * @module
 */

import type { EventStream } from "../events.ts";
import { unmapped } from "../net/address_key.ts";
import { closeQuietly, type Connection, SocketConnection, writeAll } from "../net/connection.ts";
import { ProxyHeaderError, readProxyHeader } from "../net/proxy_header.ts";
import type { Options } from "../options.ts";
import { formatReply, ready } from "../protocol/reply.ts";
import type { RefusalReports } from "./refusal_reports.ts";

/** What a {@link Balancers} is made with. */
export interface BalancersOptions {
  readonly options: Options;
  readonly reports: RefusalReports;
  readonly events: EventStream;
}

/** The balancers of a server (`proxyFrom`). */
export class Balancers {
  readonly #options: Options;
  readonly #reports: RefusalReports;
  readonly #events: EventStream;
  /** Connections whose header is being read. */
  readonly #arriving = new Set<Promise<Connection | undefined>>();

  constructor({ options, reports, events }: BalancersOptions) {
    this.#options = options;
    this.#reports = reports;
    this.#events = events;
  }

  /** Whether a header must be read from `connection` before it is one of a client. */
  has(connection: Connection): boolean {
    const { proxyFrom } = this.#options;
    if (proxyFrom.length === 0) return false;
    const address = unmapped(connection.remoteAddr.hostname);
    return proxyFrom.some((network) => network.contains(address));
  }

  /**
   * Resolves to the client's connection; to `undefined` where there is none, and then it is closed. Never rejects.
   *
   * @param signal ends the wait.
   */
  receive(connection: Connection, implicitTls: boolean, signal: AbortSignal): Promise<Connection | undefined> {
    const arriving = this.#receive(connection, implicitTls, signal);
    this.#arriving.add(arriving);
    return arriving.finally(() => this.#arriving.delete(arriving));
  }

  /** Resolves when no header is being read. */
  async over(): Promise<void> {
    await Promise.all(this.#arriving);
  }

  async #receive(
    connection: Connection,
    implicitTls: boolean,
    signal: AbortSignal,
  ): Promise<Connection | undefined> {
    const address = unmapped(connection.remoteAddr.hostname);
    try {
      const header = await readProxyHeader(connection, { timeout: this.#options.proxyHeaderTimeout, signal });
      if (header.kind === "client") {
        return new SocketConnection(connection, { localAddr: header.destination, remoteAddr: header.source });
      }
      // Some look for the greeting. It is no session: nothing is counted, and no log is filled every second.
      const greeting = new TextEncoder().encode(formatReply(ready(this.#options.banner)));
      if (!implicitTls) await writeAll(connection, greeting);
    } catch (error) {
      // Without a byte is how most balancers look whether a port is open.
      const fault = error instanceof ProxyHeaderError ? error.fault : "closed";
      if (fault === "closed") this.#note(address, error);
      else {
        this.#options.meter?.connectionRefused("proxyHeader");
        this.#reports.badHeader(address, fault);
      }
    }
    closeQuietly(connection);
    return undefined;
  }

  #note(balancer: string, error: unknown): void {
    const message = `No client's connection came from the balancer ${balancer}`;
    this.#events.emit({ type: "notice", level: "debug", message, error });
  }
}
