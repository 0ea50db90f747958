/**
 * PASV and EPSV: we listen, the client connects.
 *
 * @module
 */

import { closeQuietly, type Connection, isGoneBeforeAccept, type MakeConnection } from "../net/connection.ts";
import { sameAddress } from "../net/ip.ts";
import { type Arrival, Arrivals } from "./arrivals.ts";
import { ConnectionWait } from "./connection_wait.ts";
import {
  DataConnectionError,
  type DataConnector,
  type ListenRequest,
  type PassiveConnector,
  type PassiveEnd,
} from "./connector.ts";
import { listenIn } from "./port_range.ts";
import { type SharedTimer, SharedTimers } from "./shared_timers.ts";

/** The engine that made a {@link ListeningConnector}. */
export interface ListeningEngine {
  readonly connect: MakeConnection;
  /** Listeners that were closed while they waited, and that the system has not yet released. */
  readonly closing: Set<Promise<void>>;
  /** Listens for another client. */
  listen(request: ListenRequest): DataConnector | Promise<DataConnector>;
}

/**
 * Listens from the start, so that the port can be sent to the client. The client may connect before its transfer
 * command or after it, and is accepted at once: the port is free again then, and a client that begins the TLS handshake
 * before the command gets an answer.
 */
export class ListeningConnector implements PassiveConnector {
  readonly kind = "passive";
  readonly port: number;
  readonly #request: ListenRequest;
  readonly #engine: ListeningEngine;
  readonly #listener: Deno.TcpListener;
  /** Absent without balancers. */
  readonly #arrivals: Arrivals<Deno.TcpConn> | undefined;
  readonly #wait = new ConnectionWait();
  readonly #accepting: Promise<Connection>;
  readonly #timer: SharedTimer | undefined;
  /** The client's connection, until it is returned. */
  #connection: Connection | undefined;
  #listening = true;
  #over = false;

  /** @throws {PortsExhausted} if all ports of the range are in use. */
  constructor(request: ListenRequest, engine: ListeningEngine) {
    const { hostname, range, peer, timeout, timers = new SharedTimers(), proxy } = request;
    this.#request = request;
    this.#engine = engine;
    this.#listener = listenIn(range, hostname);
    this.port = this.#listener.addr.port;
    range?.unused.add(this, peer);
    if (timeout > 0) this.#timer = timers.start(timeout, () => this.#giveBack("expired"));
    this.#arrivals = proxy && new Arrivals(() => this.#next(), proxy);
    this.#accepting = this.#accept();
    // Until the transfer command nothing awaits it.
    this.#accepting.catch(() => {});
  }

  get over(): boolean {
    return this.#over;
  }

  async open(signal: AbortSignal): Promise<Connection> {
    this.#timer?.end();
    if (!signal.aborted) {
      if (this.#over) throw new DataConnectionError("failed", "The data connector has already been used");
      const connection = this.#connection;
      // As most clients connect before their command there is nothing to wait for, and no limit to set.
      if (connection) return this.#handOut(connection);
    }
    const { timeout } = this.#request;
    const stop = () => this.#giveBack("closed");
    try {
      const connection = await this.#wait.run({ signal, timeout, connect: () => this.#accepting, stop });
      this.#connection = undefined;
      return connection;
    } finally {
      stop();
    }
  }

  close(): void {
    if (this.#over) return;
    this.#wait.end();
    this.#giveBack("closed");
  }

  replace(request: ListenRequest): DataConnector | Promise<DataConnector> {
    this.close();
    return this.#engine.listen(request);
  }

  #handOut(connection: Connection): Connection {
    this.#connection = undefined;
    this.#over = true;
    return connection;
  }

  #giveBack(end: PassiveEnd): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#connection) closeQuietly(this.#connection);
    if (!this.#listening) return;
    // Until the system has released it, others need not try to use it.
    const { closing } = this.#engine;
    const free = this.#accepting.then(() => {}, () => {}).then(() => {
      closing.delete(free);
      this.#request.range?.release(this.port);
    });
    closing.add(free);
    this.#stopListening(end);
  }

  #stopListening(end: PassiveEnd): void {
    const { range, onEnd } = this.#request;
    this.#listening = false;
    this.#timer?.end();
    closeQuietly(this.#listener);
    this.#arrivals?.close();
    range?.unused.delete(this);
    onEnd?.(end);
  }

  /** The first connection from an allowed address. */
  async #accept(): Promise<Connection> {
    const { peer, allowForeignPeer, onStranger } = this.#request;
    for (;;) {
      const { socket, address } = this.#arrivals ? await this.#arrivals.next() : directly(await this.#next());
      if (allowForeignPeer || sameAddress(address, peer)) return this.#connection = this.#take(socket);
      closeQuietly(socket);
      onStranger?.(address);
    }
  }

  #take(connection: Deno.TcpConn): Connection {
    if (this.#over) {
      closeQuietly(connection);
      throw new Deno.errors.Interrupted("The client connected while the passive port was being closed");
    }
    this.#stopListening("connected");
    this.#request.range?.release(this.port);
    const made = this.#engine.connect(connection);
    return this.#request.arrived?.(made) ?? made;
  }

  async #next(): Promise<Deno.TcpConn> {
    const { onReset = () => this.#wait.hurry() } = this.#request;
    for (;;) {
      try {
        return await this.#listener.accept();
      } catch (error) {
        if (!isGoneBeforeAccept(error)) throw error;
        onReset();
      }
    }
  }
}

/** Without a balancer in between. */
function directly(socket: Deno.TcpConn): Arrival<Deno.TcpConn> {
  return { socket, address: socket.remoteAddr.hostname };
}
