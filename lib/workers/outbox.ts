/**
 * Sends events from a worker, many in one message.
 *
 * @module
 */

import type { ServerEvent } from "../events.ts";
import { toPortableError } from "../threads/portable_error.ts";

/** Milliseconds that an event waits for others: a message costs tens of microseconds, however many it contains. */
const WAIT = 5;
/** This many do not wait. */
const MOST = 256;

/** Batches events in order. */
export class Outbox {
  readonly #post: (events: readonly ServerEvent[]) => void;
  #waiting: ServerEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(post: (events: readonly ServerEvent[]) => void) {
    this.#post = post;
  }

  /** Queues an event. */
  add(event: ServerEvent): void {
    this.#waiting.push("error" in event ? { ...event, error: toPortableError(event.error) } : event);
    if (this.#waiting.length >= MOST) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WAIT);
  }

  /** Sends the queued events. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    this.#post(this.#waiting);
    this.#waiting = [];
  }
}
