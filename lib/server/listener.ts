/**
 * The ports that a server listens on: binding, the accept loop with its pauses, and the end of both.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { isGoneBeforeAccept, type SocketAddress } from "../net/connection.ts";
import type { Options } from "../options.ts";

/** Milliseconds before the next try when the system has no socket to give (EMFILE and its like). */
const ACCEPT_PAUSE = 100;

/** The receiver of accepted connections. */
export interface Acceptor {
  /** Called for each connection. `implicitTls`: it came to the port that speaks TLS from the first byte. */
  receive(connection: Deno.TcpConn, implicitTls: boolean): void;
  /** Called once when accepting begins to fail, and again only after it has succeeded. */
  acceptFailed(error: unknown): void;
}

/** One listener, or two: the second speaks TLS from the first byte. */
export class Listeners {
  readonly #options: Options;
  readonly #acceptor: Acceptor;
  readonly #listeners: Deno.TcpListener[] = [];
  readonly #accepting: Promise<void>[] = [];
  #stopping = new AbortController();

  constructor(options: Options, acceptor: Acceptor) {
    this.#options = options;
    this.#acceptor = acceptor;
  }

  /** The address of the control port. @throws {Error} before {@link bind}. */
  get address(): SocketAddress {
    return addressOf(this.#listeners[0]);
  }

  /** The address of the port that speaks TLS from the first byte; `undefined` without one. */
  get implicitTlsAddress(): SocketAddress | undefined {
    return this.#listeners[1] && addressOf(this.#listeners[1]);
  }

  /** Aborted by {@link close}; another one after the next {@link accept}. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /**
   * Takes the ports, and lets connections wait.
   *
   * @throws {Error} when the server listens already.
   * @throws {Deno.errors.AddrInUse} and its like when a port cannot be had; none is kept then.
   */
  bind(): void {
    if (this.#listeners.length > 0) throw new Error("The server is already listening");
    const { host, port, reusePort, tls } = this.#options;
    // The runtime looks at the flag of an unstable option where the option is not even true.
    const listen = (port: number) => Deno.listen({ hostname: host, port, ...(reusePort && { reusePort }) });
    this.#listeners.push(listen(port));
    try {
      if (tls?.implicitPort !== undefined) this.#listeners.push(listen(tls.implicitPort));
    } catch (error) {
      for (const listener of this.#listeners.splice(0)) listener.close();
      throw error;
    }
  }

  /** Starts to accept connections. */
  accept(): void {
    this.#stopping = new AbortController();
    for (const [index, listener] of this.#listeners.entries()) {
      this.#accepting.push(this.#accept(listener, index === 1));
    }
  }

  /** Closes the ports. Resolves when no connection is received any more. */
  async close(): Promise<void> {
    this.#stopping.abort();
    for (const listener of this.#listeners.splice(0)) listener.close();
    await Promise.all(this.#accepting.splice(0));
  }

  async #accept(listener: Deno.TcpListener, implicitTls: boolean): Promise<void> {
    const { signal } = this.#stopping;
    let failing = false;
    while (!signal.aborted) {
      try {
        this.#acceptor.receive(await listener.accept(), implicitTls);
        failing = false;
      } catch (error) {
        if (signal.aborted) return;
        if (isGoneBeforeAccept(error)) continue;
        // Reported once: out of sockets, it is so many times a second until some are given back.
        if (!failing) this.#acceptor.acceptFailed(error);
        failing = true;
        await delay(ACCEPT_PAUSE);
      }
    }
  }
}

function addressOf(listener: Deno.TcpListener | undefined): SocketAddress {
  if (!listener) throw new Error("The server does not listen");
  return listener.addr;
}
