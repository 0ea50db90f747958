/**
 * Connections that arrive at a passive port behind a balancer: the PROXY header of each says whose it is. One that is
 * slow, or another client's, keeps none of the others waiting.
 *
 * @module
 */

import { unmapped } from "../net/address_key.ts";
import { closeQuietly, type Connection } from "../net/connection.ts";
import { ProxyHeaderError, type ProxyHeaderFault, readProxyHeader } from "../net/proxy_header.ts";
import type { ProxyRules } from "./connector.ts";

/** Connections whose headers are awaited at the same time; more wait in the queue of the system. */
const MOST_READ = 8;

type Socket = Pick<Connection, "read" | "close" | "remoteAddr">;

/** A connection, and the address of its client. */
export interface Arrival<S extends Socket> {
  readonly socket: S;
  readonly address: string;
}

/** Accepts, and reads headers. */
export class Arrivals<S extends Socket> {
  readonly #accept: () => Promise<S>;
  readonly #rules: ProxyRules;
  readonly #over = new AbortController();
  #accepting: Promise<void> | undefined;
  readonly #reading = new Set<Promise<void>>();
  readonly #arrived: Arrival<S>[] = [];

  /** @param accept resolves to the next connection; rejects once there will be none. */
  constructor(accept: () => Promise<S>, rules: ProxyRules) {
    this.#accept = accept;
    this.#rules = rules;
  }

  /** The next client's connection. Rejects as accepting does. Not to be called again before it has resolved. */
  async next(): Promise<Arrival<S>> {
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
    if (!this.#rules.networks.some((network) => network.contains(address))) return this.#add({ socket, address });
    const reading = this.#read(socket, address).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  /** It may have been under way when the port was closed. */
  #add(arrival: Arrival<S>): void {
    if (this.#over.signal.aborted) closeQuietly(arrival.socket);
    else this.#arrived.push(arrival);
  }

  async #read(socket: S, balancer: string): Promise<void> {
    const { timeout, onRefused } = this.#rules;
    try {
      const header = await readProxyHeader(socket, { timeout, signal: this.#over.signal });
      if (header.kind === "client") return this.#add({ socket, address: header.source.hostname });
    } catch (error) {
      const fault: ProxyHeaderFault = error instanceof ProxyHeaderError ? error.fault : "closed";
      if (fault !== "closed") onRefused(balancer, fault);
    }
    closeQuietly(socket);
  }
}
