/**
 * PASV and EPSV: we listen, the client connects.
 *
 * @module
 */

import { closeQuietly, type Connection, isGoneBeforeAccept } from "../net/connection.ts";
import { sameAddress } from "../net/ip.ts";
import { type DataPort, DataPortError, Deadline } from "./opening.ts";
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
 * A client may connect before or after its transfer command. Nothing is accepted before {@link ready} or {@link open}: the kernel holds
 * the client meanwhile, a session that only asked for a port has no pending operation to pay for, and the port is free as soon as it is
 * given up.
 */
class PassivePort implements DataPort {
  readonly kind = "passive";
  readonly port: number;
  readonly #options: PassiveOptions;
  readonly #listener: Deno.TcpListener;
  #accepting: Promise<void> | undefined;
  /** Accepted, and not handed out. */
  #connection: Connection | undefined;
  #failure: unknown;
  #deadline: Deadline | undefined;
  #spent = false;
  #closed = false;

  constructor(options: PassiveOptions) {
    this.#options = options;
    this.#listener = listenIn(options.range, options.hostname);
    this.port = this.#listener.addr.port;
  }

  async ready(): Promise<boolean> {
    this.#accepting ??= this.#accept();
    // A client that waits is accepted without a turn of the event loop.
    await Promise.race([this.#accepting, new Promise((resolve) => setImmediate(resolve))]);
    return this.#connection !== undefined;
  }

  async open(signal: AbortSignal): Promise<Connection> {
    if (this.#spent) throw new DataPortError("failed", "Data port is already spent");
    this.#spent = true;
    // No timer for a client that is there.
    if (!this.#connection || signal.aborted) await this.#wait(signal);
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection) return connection;
    throw new DataPortError("aborted", "Data port was closed");
  }

  close(): void {
    this.#spent = true;
    this.#deadline?.abort();
    this.#stop();
    if (this.#connection) closeQuietly(this.#connection);
    this.#connection = undefined;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    using deadline = new Deadline(signal, this.#options.timeout, () => this.close());
    this.#deadline = deadline;
    await (this.#accepting ??= this.#accept());
    this.#deadline = undefined;
    if (deadline.passed || this.#failure !== undefined) throw deadline.explain(this.#failure);
  }

  /** Listens no more. */
  #stop(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#listener);
    this.#options.range?.release(this.port);
  }

  /** Takes in the first connection that comes from the right address. Never rejects. */
  async #accept(): Promise<void> {
    const { peer, allowForeignPeer, onStranger } = this.#options;
    try {
      while (!this.#connection) {
        const connection = await this.#next();
        const address = connection.remoteAddr.hostname;
        const welcome = allowForeignPeer || sameAddress(address, peer);
        if (welcome && !this.#closed) this.#connection = connection;
        else closeQuietly(connection);
        if (!welcome) onStranger?.(address);
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#stop();
    }
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
}
