/**
 * The contract of all data connectors: the type, its one error, and what an engine is asked for.
 *
 * @module
 */

import type { Connection, SocketAddress } from "../net/connection.ts";
import type { Network } from "../net/ip.ts";
import type { ProxyHeaderFault } from "../net/proxy_header.ts";
import type { SharedTimers } from "./shared_timers.ts";

/** Why there is no data connection. */
export type DataConnectionFailure = "timeout" | "refused" | "aborted" | "failed";

/** The only error that {@link DataConnector.open} rejects with; it is answered with 425, or 426 for `aborted`. */
export class DataConnectionError extends Error {
  /** Always `DataConnectionError`. */
  override readonly name = "DataConnectionError";
  /** Why there is no connection. */
  readonly kind: DataConnectionFailure;

  /** `cause` is the error of the runtime, if there is one. */
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
  /**
   * Waits for the connection. To be called once.
   *
   * @throws {DataConnectionError} and nothing else.
   */
  open(signal: AbortSignal): Promise<Connection>;
  /**
   * Looks whether a client has connected, so that {@link open} resolves at once. Absent where we connect, and where
   * clients are accepted as they come, so that the port leaves the unused ones by itself.
   */
  hasClient?(): boolean;
  /**
   * Releases what is held, and ends a pending {@link open} with `aborted`. A connection that was returned stays open.
   * Safe to call twice.
   */
  close(): void;
}

/** A passive connector. */
export interface PassiveConnector extends DataConnector {
  /**
   * Closes it and listens in its place, where its port is the first to be free again.
   *
   * @throws {PortsExhausted} if the port was lost to another; or rejects with it.
   */
  replace(request: ListenRequest): DataConnector | Promise<DataConnector>;
}

/** Who asks for a connector, as far as it matters for where its connection is made. */
export interface ConnectorRequest {
  /**
   * Stands for the session: an engine may remember by it what the session has transferred. Absent: a session of its
   * own.
   */
  readonly session?: object;
  /**
   * TLS will be put over the connection.
   *
   * @default false
   */
  readonly secure?: boolean;
}

/** Where to connect to. */
export interface DialRequest extends ConnectorRequest {
  /** The address and port that the client has sent. */
  readonly target: SocketAddress;
  /** Milliseconds from {@link DataConnector.open} to a connection; 0: no limit. */
  readonly timeout: number;
  /**
   * The source address: the address of the control connection that the client sees (RFC 1123 section 4.1.2.12). Absent:
   * chosen by the kernel.
   */
  readonly localAddress?: string | undefined;
  /**
   * Source port, 20 by tradition (RFC 959 section 3.2); needs `localAddress`, and privileges below 1024. Default: any.
   */
  readonly localPort?: number | undefined;
}

/** Why a port is no longer listened on: the client connected, no client connected in time, or it was given back. */
export type PassiveEnd = "connected" | "expired" | "closed";

/** What is believed about connections that balancers pass on: see `proxyFrom` of the server's options. */
export interface ProxyRules {
  /** Where balancers are. */
  readonly networks: readonly Network[];
  /** Milliseconds for a header to arrive; 0: no limit. */
  readonly timeout: number;
  /** Called for each connection of a balancer that was dropped because of its header. */
  readonly onRefused: (balancer: string, fault: ProxyHeaderFault) => void;
}

/** The address to listen on, and the allowed client. */
export interface ListenRequest extends ConnectorRequest {
  /** Local address of the control connection: the client reached it, so it can reach this one. */
  readonly hostname: string;
  /** The only ports to listen on. Absent: any free one. */
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
  /**
   * Where that limit is kept. Absent: in timers of its own.
   *
   * @internal
   */
  readonly timers?: SharedTimers;
  /** Absent: there are no balancers, and the address of a socket is that of its client. */
  readonly proxy?: ProxyRules | undefined;
  /** Called with the address of each connection that was dropped because it came from another address. */
  readonly onStranger?: ((address: string) => void) | undefined;
  /** Called when a connection was reset before it was accepted, from any address. Default: the wait is shortened. */
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
    add(connector: PassiveConnector, address: string): void;
    /** `connector` is connected, or was given back. */
    delete(connector: PassiveConnector): void;
    /** The one to take back for `asker`; `undefined` if none may be taken. */
    dispensableFor(asker: Asker): PassiveConnector | undefined;
  };
  /** Listens on a free port, which is held until {@link release}. @throws {PortsExhausted} if all are in use. */
  listen(hostname: string): Deno.TcpListener;
  /**
   * As {@link listen}, by `tryPort`, which returns `undefined` for a port that is in use. Absent where only the runtime
   * can listen.
   */
  take?<T>(tryPort: (port: number) => T | undefined): T;
  /** The listener on `port` is closed; the port may be used again. */
  release(port: number): void;
  /** For example `30000-30100`. */
  toString(): string;
}
