/**
 * A look at the server once a second, as server-sent events (WHATWG HTML, section 9.2).
 *
 * @module
 */

import { type EventSink, eventStream } from "../../http/event_stream.ts";
import type { SessionInfo } from "../../session_info.ts";
import type { Look } from "./samples.ts";
import type { Watch } from "./watch.ts";

/** Sessions that are sent; a page shows fewer, and finds the others by a search. */
const MOST_SESSIONS = 500;
/** Looks that wait for a reader that is slow. */
const MOST_LOOKS = 2;

/** What of the sessions a page shows. */
export interface LiveQuery {
  /** Only sessions of which one of the fields contains it, whatever the case. Absent: all. */
  readonly search?: string;
}

/**
 * The answer that goes on until `signal` is aborted, or its reader is gone. A look that it cannot take yet is left out.
 */
export function liveFeed(watch: Watch, query: LiveQuery, signal: AbortSignal): Response {
  const follow = (sink: EventSink) => watch.follow((seen) => void (sink.isFull || sink.send(shown(seen, query))));
  return eventStream(follow, { signal, waiting: MOST_LOOKS });
}

/** Transfers first: with more sessions than are sent, what moves is what an operator looks for. */
function shown({ live, running, ...sample }: Look, { search = "" }: LiveQuery): unknown {
  const wanted = search.toLowerCase();
  const found = live.filter((session) => wanted === "" || textOf(session).includes(wanted));
  const busyFirst = found.length <= MOST_SESSIONS ? found : found.toSorted((one, other) => busy(other) - busy(one));
  return { ...sample, found: found.length, live: busyFirst.slice(0, MOST_SESSIONS), running };
}

function busy({ transfer }: SessionInfo): number {
  return transfer ? 1 : 0;
}

function textOf({ id, address, user, lastCommand, transfer }: SessionInfo): string {
  return [id, address, user, lastCommand, transfer?.path].join(" ").toLowerCase();
}
