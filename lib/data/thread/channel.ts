/**
 * What is said about one id, in the thread of the sessions.
 *
 * @module
 */

import type { Answer, Request, ToDataThread } from "./messages.ts";

/** Who hears what the data thread says. */
export interface Listener {
  hear(answer: Answer): void;
  /** The data thread is no more. */
  lose(error: Error): void;
}

/** Listeners by id, and the way to the thread. */
export interface Exchange {
  readonly listeners: Map<number, Listener>;
  readonly post: (message: ToDataThread) => void;
}

/** One id. */
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

  /** From now on `listener` hears what comes. */
  listen(listener: Listener): void {
    this.#exchange.listeners.set(this.#id, listener);
  }

  /** Nobody hears any more. */
  leave(): void {
    this.#exchange.listeners.delete(this.#id);
  }
}
