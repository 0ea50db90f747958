/**
 * PASV and EPSV: we listen, the client connects.
 *
 * @module
 */

import { closeQuietly, type Connection, isGoneBeforeAccept } from "../net/connection.ts";
import { sameAddress } from "../net/ip.ts";
import { markPlain } from "../net/plain_sockets.ts";
import { ConnectionWait } from "./connection_wait.ts";
import type { DataConnector, PassiveEnd, PassiveOptions } from "./connector.ts";
import { listenIn, PortsExhausted } from "./port_range.ts";

/**
 * Starts to listen at once, so that the port can be sent to the client. The client may connect before its transfer
 * command or after it, and is accepted at once: the port is free again then, and a client that begins the TLS handshake
 * before the command gets an answer.
 *
 * If too many closed listeners have not yet been released by the system, it waits for that.
 *
 * @throws {PortsExhausted} if all ports of the range are in use; rejects with it if it had to wait.
 */
export function listenPassive(options: PassiveOptions): DataConnector | Promise<DataConnector> {
  if (closing.size >= MOST_CLOSING) return listenAfterwards(options);
  try {
    return new PassiveConnector(options);
  } catch (error) {
    if (closing.size === 0 || !(error instanceof PortsExhausted)) throw error;
    return listenAfterwards(options);
  }
}

async function listenAfterwards(options: PassiveOptions): Promise<DataConnector> {
  await Promise.all(closing);
  return await listenPassive(options);
}

/** Listeners that are closed while they wait for a client: the system releases them a turn of the event loop later. */
const closing = new Set<Promise<void>>();
/** A client that requests one port after the other must not use up all descriptors within one turn. */
const MOST_CLOSING = 64;

class PassiveConnector implements DataConnector {
  readonly kind = "passive";
  readonly port: number;
  readonly #options: PassiveOptions;
  readonly #listener: Deno.TcpListener;
  readonly #wait = new ConnectionWait();
  readonly #accepting: Promise<Connection>;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  /** The client's connection, until it is returned. */
  #connection: Connection | undefined;
  #listening = true;
  #over = false;

  constructor(options: PassiveOptions) {
    this.#options = options;
    this.#listener = listenIn(options.range, options.hostname);
    this.port = this.#listener.addr.port;
    options.range?.unused.add(this, options.peer);
    if (options.timeout > 0) this.#timer = setTimeout(() => this.#giveBack("expired"), options.timeout);
    this.#accepting = this.#accept();
    // Until the transfer command nothing awaits it.
    this.#accepting.catch(() => {});
  }

  get over(): boolean {
    return this.#over;
  }

  async open(signal: AbortSignal): Promise<Connection> {
    clearTimeout(this.#timer);
    const { timeout } = this.#options;
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
    this.#wait.end();
    this.#giveBack("closed");
  }

  #giveBack(end: PassiveEnd): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#connection) closeQuietly(this.#connection);
    if (!this.#listening) return;
    // Until the system has released it, others need not try to use it.
    const free = this.#accepting.then(() => {}, () => {}).then(() => {
      closing.delete(free);
      this.#options.range?.release(this.port);
    });
    closing.add(free);
    this.#stopListening(end);
  }

  #stopListening(end: PassiveEnd): void {
    const { range, onEnd } = this.#options;
    this.#listening = false;
    clearTimeout(this.#timer);
    closeQuietly(this.#listener);
    range?.unused.delete(this);
    onEnd?.(end);
  }

  /** The first connection from an allowed address. */
  async #accept(): Promise<Connection> {
    const { peer, allowForeignPeer, onStranger } = this.#options;
    for (;;) {
      const connection = await this.#next();
      const address = connection.remoteAddr.hostname;
      if (allowForeignPeer || sameAddress(address, peer)) return this.#connection = this.#take(connection);
      closeQuietly(connection);
      onStranger?.(address);
    }
  }

  #take(connection: Deno.TcpConn): Connection {
    if (this.#over) {
      closeQuietly(connection);
      throw new Deno.errors.Interrupted("The client connected while the passive port was being closed");
    }
    this.#stopListening("connected");
    this.#options.range?.release(this.port);
    return this.#options.arrived?.(markPlain(connection)) ?? markPlain(connection);
  }

  async #next(): Promise<Deno.TcpConn> {
    const { onReset = () => this.#wait.hurry() } = this.#options;
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
