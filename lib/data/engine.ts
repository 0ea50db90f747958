/**
 * The contract of what makes data connections, wherever their bytes are moved: on this event loop (`local_engine.ts`),
 * by the C library (`lib/native`), in another thread (`thread/engine.ts`). Above it nothing asks which: a connection
 * that can do more offers it ({@link Connection.sendFile}).
 *
 * @module
 */

import type { DataConnector, DialRequest, ListenRequest } from "./connector.ts";

export {
  type ConnectorRequest,
  DataConnectionError,
  type DataConnectionFailure,
  type DataConnector,
  type DialRequest,
  type ListenRequest,
  type PassiveEnd,
  type ProxyRules,
} from "./connector.ts";
export type { ProxyHeaderFault } from "../net/proxy_header.ts";

/** What matters of a transfer for where the next connection is made. */
export interface TransferTraits {
  /** Which way the bytes go; those of a listing go to the client too. */
  readonly direction: "download" | "upload" | "listing";
  /** Bytes that will be sent, if that is known. */
  readonly bytes?: number | undefined;
  /** The bytes of the file go out as they are and as fast as possible: not converted, limited or encrypted. */
  readonly unchanged: boolean;
  /** The server has other sessions, which may have to wait for this transfer. */
  readonly inCompany: boolean;
}

/** What is known of a transfer when it is over. */
export interface TransferEnd extends Pick<TransferTraits, "direction"> {
  /** Bytes that have moved. */
  readonly bytes: number;
  /** How long it took, from its command. */
  readonly milliseconds: number;
}

/** Makes the data connections of a server. */
export interface DataEngine {
  /**
   * Listens for the client (PASV, EPSV). May have to wait: for another thread, or until the system has closed other
   * listeners.
   *
   * @throws {PortsExhausted} if all ports of the range are in use; or rejects with it.
   */
  listen(request: ListenRequest): DataConnector | Promise<DataConnector>;
  /** Will connect to the client (PORT, EPRT). Does nothing before {@link DataConnector.open}. */
  dial(request: DialRequest): DataConnector;
  /**
   * Called when a transfer begins, so that the next connection can be placed better. `session`: as in the request for
   * its connector.
   */
  began?(session: object, traits: TransferTraits): void;
  /** Called when a transfer that {@link began} has succeeded. */
  ended?(session: object, end: TransferEnd): void;
}
