/**
 * Events that wait to be delivered: put there at the moment when they happen, so that what a client is told afterwards
 * can no longer be lost.
 *
 * @module
 */

import type { EventListener, EventWish, ServerEvent } from "../events.ts";
import type { Endpoint } from "./endpoint.ts";
import { bodyOf, filterOf, wishesOf } from "./filter.ts";

/** What is put into a queue. */
export interface NewLetter {
  /** URLs of services. */
  readonly endpoints: readonly string[];
  /** The number of the event; the same for all services. */
  readonly id: string;
  /** Letters of one session arrive in order; the empty one is the server's. */
  readonly session: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** An event on its way to one service. */
export interface Letter {
  /** Its place in the queue. */
  readonly seq: number;
  readonly endpoint: string;
  readonly id: string;
  readonly session: string;
  readonly body: string;
  /** When it was put there, in milliseconds since 1970. */
  readonly queued: number;
  /** How often it was posted in vain. */
  readonly attempts: number;
}

/** A letter that is not delivered any more. */
export interface DeadLetter extends Pick<Letter, "endpoint" | "id" | "body" | "attempts"> {
  /** When that was found, in milliseconds since 1970. */
  readonly died: number;
  /** Why. */
  readonly error: string;
}

/** A queue on disk. */
export interface LetterQueue {
  /** The next letter of each session that is due and for `endpoint`, oldest first. */
  heads(endpoint: string, limits: { readonly now: number; readonly most: number }): readonly Letter[];
  /** The next letter of `session` for `endpoint` that is due. */
  next(endpoint: string, session: string, now: number): Letter | undefined;
  /** It was delivered. */
  remove(seq: number): void;
  /** It was not; it is due again at `due`. */
  postpone(seq: number, due: number, error: string): void;
  /** It will not be; the service is sent it no more. */
  bury(seq: number, now: number, error: string): void;
  /** Keeps `most` letters for `endpoint`, and as many dead ones; the oldest of the others die. Returns how many. */
  trim(endpoint: string, limits: { readonly most: number; readonly now: number }): number;
  /** All letters for services other than `endpoints` die. */
  buryOthers(endpoints: readonly string[], now: number): void;
}

/** The options of an {@link EventCollector}. */
export interface CollectorOptions {
  readonly endpoints: readonly Endpoint[];
  /** Puts a letter into the queue; it is on disk when this returns. Throws if it cannot. */
  readonly add: (letter: NewLetter) => void;
  /** Called when events cannot be put there, and again only after one could. */
  readonly onFailure: (error: unknown) => void;
  /** Called after one was. */
  readonly onQueued?: () => void;
}

/** Puts events into the queue. */
export class EventCollector {
  /** What {@link listener} needs. */
  readonly types: readonly EventWish[];
  readonly #filters: readonly (readonly [string, (event: ServerEvent) => boolean])[];
  readonly #options: CollectorOptions;
  #failing = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.types = wishesOf(options.endpoints);
    this.#filters = options.endpoints.map((endpoint) => [endpoint.url, filterOf(endpoint)]);
  }

  /** For a stream of events. Never throws. */
  get listener(): EventListener {
    return (event) => this.#take(event);
  }

  #take(event: ServerEvent): void {
    const endpoints = this.#filters.filter(([, passes]) => passes(event)).map(([url]) => url);
    if (endpoints.length === 0) return;
    const id = crypto.randomUUID();
    const session = "session" in event ? event.session ?? "" : "";
    try {
      this.#options.add({ endpoints, id, session, body: bodyOf(event, id), time: event.time });
      this.#failing = false;
    } catch (error) {
      // The report is an event, too.
      const isKnown = this.#failing;
      this.#failing = true;
      if (!isKnown) this.#options.onFailure(error);
      return;
    }
    this.#options.onQueued?.();
  }
}
