/**
 * The state of a server: shared with others, or its own.
 *
 * @module
 */

import type { EventStream } from "../events.ts";
import type { Options } from "../options.ts";
import { banSettings } from "../options/bans.ts";
import type { SharedState, SharedStateSettings } from "../options/shared_state.ts";
import { guardState } from "../session/guarded_state.ts";
import { localState } from "../session/shared_state.ts";
import { banEvents } from "./ban_events.ts";

/** Makes it as the options say. What the answers of a shared one lack is reported. */
export function makeSharedState(options: Options, events: EventStream): SharedState {
  const { failureDelay, guessInterval, connectRate, clock, sharedState } = options;
  const settings: SharedStateSettings = {
    throttle: { delay: failureDelay, now: clock },
    bans: { ...banSettings(options), ...banEvents(events) },
    guessInterval,
    connectRate: connectRate.limit,
  };
  if (!sharedState) return localState(settings);
  return guardState(sharedState(settings), {
    onFailure: ({ message, cause }) => events.emit({ type: "problem", level: "error", message, error: cause }),
  });
}
