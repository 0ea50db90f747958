/**
 * Chooses between the data threads and the session's own thread.
 *
 * @module
 */

import type { DataConnector, DataEngine, DialRequest, ListenRequest, TransferEnd, TransferTraits } from "../engine.ts";
import { BulkForecast, type TransferKind } from "./forecast.ts";
import type { DataThreads } from "./pool.ts";

/** Bytes from which a download is a large one. */
const BULK = 1024 * 1024;

/** The options of a {@link ThreadEngine}. */
export interface ThreadEngineOptions {
  readonly threads: Pick<DataThreads, "freest" | "start">;
  /** Makes the connections that are not for a data thread, and all of them while no thread is running. */
  readonly local: DataEngine;
  /** Default: one that knows nothing yet. */
  readonly forecast?: BulkForecast;
}

/** Makes the connections of large downloads in data threads, and all others with another engine. */
export class ThreadEngine implements DataEngine {
  readonly #threads: ThreadEngineOptions["threads"];
  readonly #local: DataEngine;
  readonly #forecast: BulkForecast;
  /** The last transfer of each session. */
  readonly #last = new WeakMap<object, TransferKind>();

  constructor({ threads, local, forecast = new BulkForecast() }: ThreadEngineOptions) {
    this.#threads = threads;
    this.#local = local;
    this.#forecast = forecast;
  }

  listen(request: ListenRequest): DataConnector | Promise<DataConnector> {
    return this.#engineFor(request).listen(request);
  }

  dial(request: DialRequest): DataConnector {
    return this.#engineFor(request).dial(request);
  }

  /** Starts the threads with the first large download that other sessions may have to wait for. */
  began(session: object, traits: TransferTraits): void {
    const kind = kindOf(traits);
    this.#local.began?.(session, traits);
    this.#forecast.learn(this.#last.get(session), kind);
    this.#last.set(session, kind);
    if (kind === "bulk" && traits.inCompany) void this.#threads.start();
  }

  ended(session: object, end: TransferEnd): void {
    this.#local.ended?.(session, end);
  }

  /** Under TLS the bytes have to pass through the session's thread, wherever the socket is. */
  #engineFor({ session, secure }: ListenRequest | DialRequest): DataEngine {
    const isBulk = !secure && this.#forecast.expectsBulk(session && this.#last.get(session));
    return isBulk ? this.#threads.freest ?? this.#local : this.#local;
  }
}

function kindOf({ direction, bytes = 0, unchanged }: TransferTraits): TransferKind {
  if (direction === "listing") return "listing";
  return direction === "download" && unchanged && bytes >= BULK ? "bulk" : "other";
}
