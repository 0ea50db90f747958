/**
 * Connections that arrive at a passive port behind a balancer: the PROXY header of each says whose it is. One that is
 * slow, or another client's, keeps none of the others waiting.
 *
 * @module
 */

import { unmapped } from "../net/address_key.ts";
import { closeQuietly } from "../net/connection.ts";
import { ProxyHeaderError, type ProxyHeaderFault, readProxyHeader } from "../net/proxy_header.ts";
import type { ProxyRules } from "./connector.ts";

/** Connections whose headers are awaited at the same time; more wait in the queue of the system. */
const MOST_READ = 8;

/** A connection, and the address of its client. */
export interface Arrival {
  readonly socket: Deno.TcpConn;
  readonly address: string;
}

/** Accepts, and reads headers. */
export class Arrivals {
  readonly #accept: () => Promise<Deno.TcpConn>;
  readonly #rules: ProxyRules;
  readonly #over = new AbortController();
  #accepting: Promise<void> | undefined;
  readonly #reading = new Set<Promise<void>>();
  readonly #arrived: Arrival[] = [];

  /** @param accept resolves to the next connection; rejects once there will be none. */
  constructor(accept: () => Promise<Deno.TcpConn>, rules: ProxyRules) {
    this.#accept = accept;
    this.#rules = rules;
  }

  /** The next client's connection. Rejects as accepting does. Not to be called again before it has resolved. */
  async next(): Promise<Arrival> {
    for (;;) {
      const arrival = this.#arrived.shift();
      if (arrival) return arrival;
      if (this.#reading.size < MOST_READ) {
        this.#accepting ??= this.#acceptNext().finally(() => this.#accepting = undefined);
      }
      await Promise.race([...this.#reading, ...(this.#accepting ? [this.#accepting] : [])]);
    }
  }

  /** Closes those that are not the right one. */
  close(): void {
    this.#over.abort();
    for (const { socket } of this.#arrived.splice(0)) closeQuietly(socket);
  }

  async #acceptNext(): Promise<void> {
    const socket = await this.#accept();
    const address = unmapped(socket.remoteAddr.hostname);
    if (!this.#rules.networks.some((network) => network.contains(address))) {
      this.#arrived.push({ socket, address });
      return;
    }
    const reading = this.#read(socket, address).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  async #read(socket: Deno.TcpConn, balancer: string): Promise<void> {
    const { timeout, onRefused } = this.#rules;
    try {
      const header = await readProxyHeader(socket, { timeout, signal: this.#over.signal });
      if (header.kind === "client" && !this.#over.signal.aborted) {
        this.#arrived.push({ socket, address: header.source.hostname });
        return;
      }
    } catch (error) {
      const fault: ProxyHeaderFault = error instanceof ProxyHeaderError ? error.fault : "closed";
      if (fault !== "closed") onRefused(balancer, fault);
    }
    closeQuietly(socket);
  }
}
