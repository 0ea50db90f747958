/**
 * The messages between a session's thread and the data thread. An id identifies a data connector, and then its
 * connection; the session's thread assigns it. At most one read and one write per id are running.
 *
 * @module
 */

import type { FilePart, FileSent, SocketAddress } from "../../net/connection.ts";
import type { ProxyHeaderFault } from "../../net/proxy_header.ts";
import type { DialRequest, ListenRequest } from "../connector.ts";

/** The part of a {@link ListenRequest} that can be sent; `range` as text. */
export interface ListenOptions extends Pick<ListenRequest, "hostname" | "peer" | "allowForeignPeer"> {
  readonly range: string | undefined;
  /** See {@link ListenRequest.proxy}; the networks as text. */
  readonly proxy: { readonly networks: readonly string[]; readonly timeout: number } | undefined;
}

/** The part of a {@link DialRequest} that can be sent. */
export type ConnectOptions = Pick<DialRequest, "target" | "localAddress" | "localPort">;

/** An operation on a connection. */
export type Move =
  /** `last`: nothing follows it. */
  | { readonly type: "write"; readonly bytes: Uint8Array; readonly last: boolean }
  /** `into` shared memory, or up to a number of bytes that come with the answer. */
  | { readonly type: "read"; readonly into: Uint8Array | number }
  | { readonly type: "closeWrite" }
  | { readonly type: "sendFile"; readonly part: FilePart; readonly last: boolean };

/** A request of the session's thread. */
export type Request =
  | { readonly type: "listen"; readonly options: ListenOptions }
  | { readonly type: "connect"; readonly options: ConnectOptions }
  | Move
  /** The id is no longer in use; its pending operations fail. */
  | { readonly type: "close" };

/** The operations of which only one at a time may be running. */
export type Task = Move["type"];

/** A {@link Move} is done. */
export interface Done {
  readonly type: "done";
  readonly task: Task;
  /** Bytes moved; `null` at the end of the stream. */
  readonly count: number | null;
  /** The bytes read, unless into shared memory. */
  readonly bytes?: Uint8Array;
  /** How far a file was sent; absent: it was not found. Its error is portable. */
  readonly sent?: FileSent;
}

/** Both ends of a connection. */
export interface Ends {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
}

/** The answers and unrequested messages of the data thread. */
export type Answer =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "stranger"; readonly address: string }
  | { readonly type: "badHeader"; readonly balancer: string; readonly fault: ProxyHeaderFault }
  /** A connection was reset before it was accepted. */
  | { readonly type: "reset" }
  | ({ readonly type: "connected" } & Ends)
  | { readonly type: "cannotOpen"; readonly error: unknown }
  /** Bytes of the file so far. */
  | { readonly type: "progress"; readonly bytes: number }
  | Done
  | { readonly type: "failed"; readonly task: Task; readonly error: unknown };

/** To the data thread. */
export type ToDataThread = Request & { readonly id: number };

/** From the data thread, about one id. */
export type IdentifiedAnswer = Answer & { readonly id: number };

/** From the data thread; the first reports that it listens, as an earlier message would be lost. */
export type FromDataThread = IdentifiedAnswer | { readonly type: "hello" };
