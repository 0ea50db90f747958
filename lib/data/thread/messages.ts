/**
 * What a session's thread and the data thread tell each other. An id stands for a data port, and then for the connection that came of it;
 * the session's thread gives it. Of one id no more than one read and one write are under way.
 *
 * @module
 */

import type { FilePart, FileSent, SocketAddress } from "../../net/connection.ts";
import type { ActiveOptions } from "../active.ts";
import type { PassiveOptions } from "../connector.ts";

/** The options of a passive port, as far as they can be sent; `range` as text. */
export interface ListenOptions extends Pick<PassiveOptions, "hostname" | "peer" | "allowForeignPeer"> {
  readonly range: string | undefined;
}

/** The options of an active port, as far as they can be sent. */
export type ConnectOptions = Pick<ActiveOptions, "localAddress" | "localPort">;

/** What is asked of a connection. */
export type Move =
  /** `last`: nothing comes behind it. */
  | { readonly type: "write"; readonly bytes: Uint8Array; readonly last: boolean }
  /** `into` shared memory, or so many bytes at most that come with the answer. */
  | { readonly type: "read"; readonly into: Uint8Array | number }
  | { readonly type: "closeWrite" }
  | { readonly type: "sendFile"; readonly part: FilePart };

/** What the session's thread asks for. */
export type Request =
  | { readonly type: "listen"; readonly options: ListenOptions }
  | { readonly type: "connect"; readonly target: SocketAddress; readonly options: ConnectOptions }
  | Move
  /** The id stands for nothing any more; what is under way fails. */
  | { readonly type: "close" };

/** What is under way, as far as there may be only one of it. */
export type Task = Move["type"];

/** A {@link Move} is done. */
export interface Done {
  readonly type: "done";
  readonly task: Task;
  /** Bytes moved; `null` at the end of the stream. */
  readonly count: number | null;
  /** What was read, if not into shared memory. */
  readonly bytes?: Uint8Array;
  /** How a file was sent; without it, it was not found. Its error is flat. */
  readonly sent?: FileSent;
}

/** Both ends of a connection. */
export interface Ends {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
}

/** What the data thread answers, and what it tells unasked. */
export type Answer =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "stranger"; readonly address: string }
  /** A connection was reset before it was accepted. */
  | { readonly type: "reset" }
  | ({ readonly type: "connected" } & Ends)
  | { readonly type: "cannotOpen"; readonly error: unknown }
  | { readonly type: "progress"; readonly bytes: number }
  | Done
  | { readonly type: "failed"; readonly task: Task; readonly error: unknown };

/** To the data thread. */
export type ToDataThread = Request & { readonly id: number };

/** From the data thread, about one id. */
export type Told = Answer & { readonly id: number };

/** From the data thread; the first is that it listens, as a message that comes before is lost. */
export type FromDataThread = Told | { readonly type: "hello" };
