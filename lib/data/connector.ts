/**
 * The contract of all data connectors: the type, its one error, and the options of a passive one.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";

/** Why there is no data connection. */
export type DataConnectionFailure = "timeout" | "refused" | "aborted" | "failed";

/** The only error that {@link DataConnector.open} rejects with; it is answered with 425, or 426 for `aborted`. */
export class DataConnectionError extends Error {
  override readonly name = "DataConnectionError";
  readonly kind: DataConnectionFailure;

  constructor(kind: DataConnectionFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Makes one data connection, for one transfer. */
export interface DataConnector {
  /** `passive`: the client connects to us; `active`: we connect to the client. */
  readonly kind: "passive" | "active";
  /** The port we listen on, or the client's. */
  readonly port: number;
  /** It was given back, or its connection was handed out: it yields no further connection. */
  readonly over: boolean;
  /** The engine that made it, if that was in another thread. */
  readonly home?: PassivePorts;
  /**
   * Waits for the connection. To be called once.
   *
   * @throws {DataConnectionError} and nothing else.
   */
  open(signal: AbortSignal): Promise<Connection>;
  /**
   * Releases what is held, and ends a pending {@link open} with `aborted`. A connection that was returned stays open.
   * Safe to call twice.
   */
  close(): void;
}

/** Creates passive connectors. */
export interface PassivePorts {
  /** Like `listenPassive`, but may have to wait: for another thread, or until the system has closed other listeners. */
  passive(options: PassiveOptions): DataConnector | Promise<DataConnector>;
}

/** Why a port is no longer listened on: the client connected, no client connected in time, or it was given back. */
export type PassiveEnd = "connected" | "expired" | "closed";

/** The address to listen on, and the allowed client. */
export interface PassiveOptions {
  /** Local address of the control connection: the client reached it, so it can reach this one. */
  readonly hostname: string;
  readonly range?: PortPool | undefined;
  /** Address of the control connection's client; no other address may connect (RFC 2577 section 8). */
  readonly peer: string;
  /**
   * Accepts connections from any address.
   *
   * @default false
   */
  readonly allowForeignPeer?: boolean;
  /** Milliseconds for the client to connect, restarted by {@link DataConnector.open}; 0: no limit. */
  readonly timeout: number;
  /** Called with the address of each connection that was dropped because it came from another address. */
  readonly onStranger?: ((address: string) => void) | undefined;
  /** Called when a connection was reset before it was accepted, whoever made it. Default: the wait is shortened. */
  readonly onReset?: (() => void) | undefined;
  /** Called once. */
  readonly onEnd?: ((end: PassiveEnd) => void) | undefined;
  /** May wrap the client's connection as soon as it arrives, which may be long before the transfer. */
  readonly arrived?: ((connection: Connection) => Connection) | undefined;
}

/** The session that needs a port. */
export interface Asker {
  /** Address of its control connection. */
  readonly address: string;
  /** Whether data connections from other addresses are accepted as well. */
  readonly trustsAll: boolean;
}

/** The only ports that passive connectors may listen on. */
export interface PortPool {
  /** Those that no client has connected to. */
  readonly unused: {
    /** `connector` waits for a client at `address`. */
    add(connector: DataConnector, address: string): void;
    /** `connector` is connected, or was given back. */
    delete(connector: DataConnector): void;
    /** The one to take back for `asker`; `undefined` if none may be taken. */
    dispensableFor(asker: Asker): DataConnector | undefined;
  };
  /** Listens on a free port, which is held until {@link release}. @throws {PortsExhausted} if all are in use. */
  listen(hostname: string): Deno.TcpListener;
  /** The listener on `port` is closed; the port may be used again. */
  release(port: number): void;
  /** For example `30000-30100`. */
  toString(): string;
}
