/**
 * Waiting for what happens, instead of sleeping.
 *
 * @module
 */

import type { EventStream, EventType, ServerEvent } from "../../lib/events.ts";

/** Where events come from: the stream, and all that came so far. */
export interface Happenings {
  readonly stream: EventStream;
  readonly past: readonly ServerEvent[];
}

/** The first event, past or to come, of this type that `matches`. */
export function waitFor<T extends EventType>(
  { stream, past }: Happenings,
  type: T,
  matches: (event: Extract<ServerEvent, { type: T }>) => boolean = () => true,
): Promise<Extract<ServerEvent, { type: T }>> {
  const fits = (event: ServerEvent): event is Extract<ServerEvent, { type: T }> =>
    event.type === type && matches(event as Extract<ServerEvent, { type: T }>);
  const known = past.find(fits);
  if (known) return Promise.resolve(known);
  return new Promise((resolve) => {
    const listening = stream.on((event) => {
      if (!fits(event)) return;
      listening[Symbol.dispose]();
      resolve(event);
    });
  });
}
