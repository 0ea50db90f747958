/**
 * The ports that a server listens on: binding, the accept loop with its pauses, and the end of both.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { isGoneBeforeAccept, type SocketAddress } from "../net/connection.ts";
import type { Options } from "../options.ts";

/** Milliseconds before the next attempt when the system has no socket left (EMFILE, ENFILE). */
const ACCEPT_PAUSE = 100;

/** The receiver of accepted connections. */
export interface Acceptor {
  /** Called for each connection. `implicitTls`: it was made to the port that starts with TLS. */
  receive(connection: Deno.TcpConn, implicitTls: boolean): void;
  /** Called once when accepting begins to fail, and again only after it has succeeded. */
  acceptFailed(error: unknown): void;
}

/** One listener, or two: connections to the second start with TLS. */
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

  /** The address of the port for implicit TLS; `undefined` without one. */
  get implicitTlsAddress(): SocketAddress | undefined {
    return this.#listeners[1] && addressOf(this.#listeners[1]);
  }

  /** Aborted by {@link close}; {@link accept} makes a new one. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /**
   * Opens the ports; connections wait in the system's queue until {@link accept}.
   *
   * @throws {Error} if the server is already listening.
   * @throws {Deno.errors.AddrInUse} or another error of the system if a port cannot be opened; none stays open then.
   */
  bind(): void {
    if (this.#listeners.length > 0) throw new Error("The server is already listening");
    const { host, port, reusePort, tls } = this.#options;
    // The runtime demands the flag of an unstable option even if the option is false.
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

  /** Closes the ports. Resolves when no more connections will be received. */
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
        // Reported once: without free sockets it fails many times a second until some are closed.
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
