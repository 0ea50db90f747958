/**
 * What all kinds of data connector share: the type, its one error, and how a passive one is asked for.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";

/** Why there is no data connection. */
export type DataConnectionFailure = "timeout" | "refused" | "aborted" | "failed";

/** The only error that {@link DataConnector.open} rejects with; the answer is 425, or 426 for `aborted`. */
export class DataConnectionError extends Error {
  override readonly name = "DataConnectionError";
  readonly kind: DataConnectionFailure;

  constructor(kind: DataConnectionFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** One data connection to come; good for one transfer. */
export interface DataConnector {
  /** `passive`: the client connects to us; `active`: we connect to the client. */
  readonly kind: "passive" | "active";
  /** Where we listen, or where the client does. */
  readonly port: number;
  /** It was given back, and no connection comes of it any more. */
  readonly over: boolean;
  /** Whoever made it, where that was another thread. */
  readonly home?: PassivePorts;
  /**
   * Waits for the connection. To be called once.
   *
   * @throws {DataConnectionError} and nothing else.
   */
  open(signal: AbortSignal): Promise<Connection>;
  /**
   * Gives up what is held, and ends a pending {@link open} with `aborted`. The connection that it gave lives on. Safe
   * to call twice.
   */
  close(): void;
}

/** Where passive ports come from. */
export interface PassivePorts {
  /**
   * As `listenPassive`, though one may have to wait: for another thread, or until the system has back what was closed.
   */
  passive(options: PassiveOptions): DataConnector | Promise<DataConnector>;
}

/** Why a port is no longer listened on: the client came, no client came in time, or it was given back. */
export type PassiveEnd = "connected" | "expired" | "closed";

/** Where to listen, and for whom. */
export interface PassiveOptions {
  /** Local address of the control connection: the client reached it, so it can reach this one. */
  readonly hostname: string;
  readonly range?: PortPool | undefined;
  /** Address of the control connection's client; nobody else may connect (RFC 2577 section 8). */
  readonly peer: string;
  /** Lets anybody connect. Default `false`. */
  readonly allowForeignPeer?: boolean;
  /** Milliseconds for the client to connect, and anew from {@link DataConnector.open} on; 0 for no limit. */
  readonly timeout: number;
  /** Told the address of each connection that was dropped because it came from elsewhere. */
  readonly onStranger?: ((address: string) => void) | undefined;
  /** Told of a connection that was reset before it was accepted, whose ever it was. Default: the wait is cut short. */
  readonly onReset?: (() => void) | undefined;
  /** Told once. */
  readonly onEnd?: ((end: PassiveEnd) => void) | undefined;
  /** May put something around the client's connection as soon as it is there, which may be long before the transfer. */
  readonly arrived?: ((connection: Connection) => Connection) | undefined;
}

/** Who asks for a port. */
export interface Asker {
  /** Address of its control connection. */
  readonly address: string;
  /** Whether data connections from other addresses are let in as well. */
  readonly trustsAll: boolean;
}

/** Ports that passive connectors may listen on, and no others. */
export interface PortPool {
  /** Those that no client has connected to. */
  readonly unused: {
    /** `connector` waits for a client at `address`. */
    add(connector: DataConnector, address: string): void;
    /** `connector` is connected, or given back. */
    delete(connector: DataConnector): void;
    /** The one to take back for `asker`; `undefined` where none may be taken. */
    dispensableFor(asker: Asker): DataConnector | undefined;
  };
  /** Listens on a free port, which is held until {@link release}. @throws {PortsExhausted} when all are in use. */
  listen(hostname: string): Deno.TcpListener;
  /** The listener on `port` is closed; it may be lent again. */
  release(port: number): void;
  /** As `30000-30100`. */
  toString(): string;
}
