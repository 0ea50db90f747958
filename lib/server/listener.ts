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

/** The most connections that can be in the system's queue: the runtime asks for 511, to which Linux adds one. */
const MOST_QUEUED = 512;

/** What the connections to one port have in common. */
export interface ControlPort {
  /** They start with TLS. */
  readonly implicitTls: boolean;
  /** They send each write at once and are kept alive, without being told. */
  readonly prepared: boolean;
}

/** The receiver of accepted connections. */
export interface Acceptor {
  /** Called for each connection. */
  receive(connection: Deno.TcpConn, port: ControlPort): void;
  /** Called once when accepting begins to fail, and again only after it has succeeded. */
  acceptFailed(error: unknown): void;
}

/** One listener, or two: connections to the second start with TLS. */
export class Listeners {
  readonly #options: Options;
  readonly #acceptor: Acceptor;
  readonly #listeners: { readonly listener: Deno.TcpListener; readonly port: ControlPort }[] = [];
  readonly #accepting: Promise<void>[] = [];
  #stopping = new AbortController();

  constructor(options: Options, acceptor: Acceptor) {
    this.#options = options;
    this.#acceptor = acceptor;
  }

  /** The address of the control port. @throws {Error} before {@link bind}. */
  get address(): SocketAddress {
    return addressOf(this.#listeners[0]?.listener);
  }

  /** The address of the port for implicit TLS; `undefined` without one. */
  get implicitTlsAddress(): SocketAddress | undefined {
    return this.#listeners[1] && addressOf(this.#listeners[1].listener);
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
    const { host, port, reusePort, tls, prepareListener } = this.#options;
    const listen = (port: number, implicitTls: boolean) => {
      // The runtime demands the flag of an unstable option even if the option is false.
      const listener = Deno.listen({ hostname: host, port, ...(reusePort && { reusePort }) });
      // Those that are in the system's queue by then have not got it: see `#accept`.
      const prepared = prepareListener?.(listener.addr) ?? false;
      this.#listeners.push({ listener, port: { implicitTls, prepared } });
    };
    listen(port, false);
    try {
      if (tls?.implicitPort !== undefined) listen(tls.implicitPort, true);
    } catch (error) {
      for (const { listener } of this.#listeners.splice(0)) listener.close();
      throw error;
    }
  }

  /** Starts to accept connections. */
  accept(): void {
    this.#stopping = new AbortController();
    for (const { listener, port } of this.#listeners) this.#accepting.push(this.#accept(listener, port));
  }

  /** Closes the ports. Resolves when no more connections will be received. */
  async close(): Promise<void> {
    this.#stopping.abort();
    for (const { listener } of this.#listeners.splice(0)) listener.close();
    await Promise.all(this.#accepting.splice(0));
  }

  async #accept(listener: Deno.TcpListener, port: ControlPort): Promise<void> {
    const { signal } = this.#stopping;
    const unprepared = { ...port, prepared: false };
    let received = 0;
    let failing = false;
    while (!signal.aborted) {
      try {
        const connection = await listener.accept();
        this.#acceptor.receive(connection, received++ < MOST_QUEUED ? unprepared : port);
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
