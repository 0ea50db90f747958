/**
 * Events that wait to be delivered: put there at the moment when they happen, so that none is lost whose reply has been
 * sent.
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
  /** Posts that have failed so far. */
  readonly attempts: number;
}

/** How many letters there are for one service. */
export interface LetterCounts {
  readonly endpoint: string;
  readonly waiting: number;
  readonly dead: number;
}

/** A letter that is not delivered any more. */
export interface DeadLetter extends Pick<Letter, "seq" | "endpoint" | "id" | "body" | "attempts"> {
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
  readonly #filters: readonly (readonly [Endpoint, (event: ServerEvent) => boolean])[];
  readonly #options: CollectorOptions;
  #failing = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.types = wishesOf(options.endpoints);
    this.#filters = options.endpoints.map((endpoint) => [endpoint, filterOf(endpoint)]);
  }

  /** For a stream of events. Never throws. */
  get listener(): EventListener {
    return (event) => this.#take(event);
  }

  #take(event: ServerEvent): void {
    const wanting = this.#filters.filter(([, passes]) => passes(event)).map(([endpoint]) => endpoint);
    if (wanting.length === 0) return;
    const id = crypto.randomUUID();
    const session = "session" in event ? event.session ?? "" : "";
    try {
      for (const [format, some] of Map.groupBy(wanting, ({ format = "plain" }) => format)) {
        const endpoints = some.map(({ url }) => url);
        this.#options.add({ endpoints, id, session, body: bodyOf(event, id, format), time: event.time });
      }
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
