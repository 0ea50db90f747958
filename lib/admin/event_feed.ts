/**
 * The events of the server as server-sent events (WHATWG HTML, section 9.2). Only while somebody reads them does the
 * server make the frequent ones.
 *
 * @module
 */

import { EVENT_TYPES, type EventType, type ServerEvent, withoutDigest } from "../events.ts";
import { eventStream } from "../http/event_stream.ts";
import { levelOf, LOG_LEVELS, type LogLevel, typesFrom } from "../log/log.ts";
import { describeError, sentence } from "../log/sentences.ts";
import type { Watched } from "./watch/samples.ts";

/** Events that wait for a reader who does not read; the next ones are lost and counted. */
const MOST_WAITING = 1_000;
/** Milliseconds between two comments that show to both ends that the other is there. */
const HEARTBEAT = 15_000;

/** Which events are wanted; absent fields let all pass. */
export interface EventFilter {
  readonly types?: readonly EventType[];
  /** The least severe level. */
  readonly level?: LogLevel;
  readonly session?: string;
  readonly user?: string;
  readonly address?: string;
}

/** An event as JSON: its fields, its level and its sentence in the log. */
export function recordOf(event: ServerEvent): Readonly<Record<string, unknown>> {
  const { error, ...fields } = { error: undefined, ...event };
  return {
    ...fields,
    level: levelOf(event),
    message: sentence(event),
    ...(error !== undefined && { error: describeError(error) }),
  };
}

function passes(event: ServerEvent, { level = "debug", session, user, address }: EventFilter): boolean {
  if (LOG_LEVELS.indexOf(levelOf(event)) < LOG_LEVELS.indexOf(level)) return false;
  return isOf(event, "session", session) && isOf(event, "user", user) && isOf(event, "address", address);
}

function isOf(event: ServerEvent, field: "session" | "user" | "address", wanted: string | undefined): boolean {
  return wanted === undefined || (Object.entries(event).some(([name, value]) => name === field && value === wanted));
}

/** The answer that goes on until `signal` is aborted, or its reader is gone. */
export function eventFeed(events: Watched["events"], filter: EventFilter, signal: AbortSignal): Response {
  const { types = EVENT_TYPES, level = "debug" } = filter;
  const possible = typesFrom(level);
  return eventStream((sink) => {
    const feed = new DisposableStack();
    let lost = 0;
    feed.use(events.on((event) => {
      if (!passes(event, filter)) return;
      if (sink.isFull) return void lost++;
      if (lost > 0) sink.send({ events: lost }, "lost");
      lost = 0;
      sink.send(recordOf(event), event.type);
      // Who looks on must not have every file hashed.
    }, withoutDigest(types.filter((type) => possible.includes(type)))));
    const heartbeat = setInterval(() => sink.beat(), HEARTBEAT);
    feed.defer(() => clearInterval(heartbeat));
    // So that the reader knows at once that it is connected.
    sink.beat();
    return feed;
  }, { signal, waiting: MOST_WAITING });
}
