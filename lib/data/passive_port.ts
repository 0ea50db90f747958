/**
 * PASV and EPSV: we listen, the client connects.
 *
 * @module
 */

import { closeQuietly, type Connection, isGoneBeforeAccept } from "../net/connection.ts";
import { sameAddress } from "../net/ip.ts";
import { markPlain } from "../net/plain_sockets.ts";
import { type DataPort, Wait } from "./opening.ts";
import { listenIn, type PortRange } from "./port_range.ts";

/** Where to listen, and for whom. */
export interface PassiveOptions {
  /** Local address of the control connection: the client reached it, so it can reach this one. */
  readonly hostname: string;
  readonly range?: PortRange | undefined;
  /** Address of the control connection's client; nobody else may connect (RFC 2577 section 8). */
  readonly peer: string;
  /** Lets anybody connect. Default `false`. */
  readonly allowForeignPeer?: boolean;
  /** Milliseconds from {@link DataPort.open} to a connection; 0 for no limit. */
  readonly timeout: number;
  /** Told the address of each connection that was dropped because it came from elsewhere. */
  readonly onStranger?: ((address: string) => void) | undefined;
}

/**
 * Starts to listen at once, so that the port can be told to the client.
 *
 * @throws {PortsExhausted} when all ports of the range are in use.
 */
export function listenPassive(options: PassiveOptions): DataPort {
  return new PassivePort(options);
}

/**
 * A client may connect before or after its transfer command. Nothing is accepted before {@link open}: the kernel holds the client
 * meanwhile, and a session that only asked for a port has no pending operation to pay for.
 */
class PassivePort implements DataPort {
  readonly kind = "passive";
  readonly port: number;
  readonly #options: PassiveOptions;
  readonly #listener: Deno.TcpListener;
  readonly #wait = new Wait();
  #closed = false;

  constructor(options: PassiveOptions) {
    this.#options = options;
    this.#listener = listenIn(options.range, options.hostname);
    this.port = this.#listener.addr.port;
  }

  async open(signal: AbortSignal): Promise<Connection> {
    const { timeout } = this.#options;
    try {
      return await this.#wait.run({ signal, timeout, connect: () => this.#accept(), stop: () => this.#release() });
    } finally {
      this.#release();
    }
  }

  close(): void {
    this.#wait.end();
    this.#release();
  }

  #release(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#listener);
    this.#options.range?.release(this.port);
  }

  async #next(): Promise<Deno.TcpConn> {
    for (;;) {
      try {
        return await this.#listener.accept();
      } catch (error) {
        if (!isGoneBeforeAccept(error)) throw error;
      }
    }
  }

  /** The first connection that comes from the right address. */
  async #accept(): Promise<Connection> {
    const { peer, allowForeignPeer, onStranger } = this.#options;
    for (;;) {
      const connection = await this.#next();
      const address = connection.remoteAddr.hostname;
      const welcome = allowForeignPeer || sameAddress(address, peer);
      if (welcome) return markPlain(connection);
      closeQuietly(connection);
      onStranger?.(address);
    }
  }
}
