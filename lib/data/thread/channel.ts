/**
 * The messages about one id, in the thread of the sessions.
 *
 * @module
 */

import type { Answer, Request, ToDataThread } from "./messages.ts";

/** Receives the answers of the data thread. */
export interface Listener {
  hear(answer: Answer): void;
  /** The data thread has ended. */
  lose(error: Error): void;
}

/** Listeners by id, and the connection to the thread. */
export interface Exchange {
  readonly listeners: Map<number, Listener>;
  readonly post: (message: ToDataThread) => void;
}

/** The messages about one id. */
export class Channel {
  readonly #exchange: Exchange;
  readonly #id: number;

  constructor(exchange: Exchange, id: number) {
    this.#exchange = exchange;
    this.#id = id;
  }

  send(request: Request): void {
    this.#exchange.post({ ...request, id: this.#id });
  }

  /** Messages go to `listener` from now on. */
  listen(listener: Listener): void {
    this.#exchange.listeners.set(this.#id, listener);
  }

  /** Removes the listener. */
  leave(): void {
    this.#exchange.listeners.delete(this.#id);
  }
}
