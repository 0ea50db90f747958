/**
 * The state of a server that shares nothing: every question is answered at once.
 *
 * @module
 */

import { LoginGate } from "../auth/login_gate.ts";
import { FailureThrottle } from "../auth/throttle.ts";
import { BulkForecast } from "../data/bulk_forecast.ts";
import { type DataEngine, localEngine } from "../data/engine.ts";
import { DigestCache } from "../data/digest/digest.ts";
import { RecentUploads } from "../vfs/recent_uploads.ts";
import { usageMeters } from "../vfs/usage.ts";
import type { MakeSharedState, SharedCount, SharedState, SharedStateSettings } from "../options/shared_state.ts";
import { Counter } from "./admissions.ts";

/**
 * The state of a server that shares nothing. Spread it to share some of it:
 * `(settings) => ({ ...localState(settings), perAccount })`.
 */
export function localState({ throttle, guessInterval }: SharedStateSettings): SharedState {
  return {
    idPrefix: "",
    connections: new LocalCount(),
    sessions: new LocalCount(),
    perAddress: new Counter(),
    strangers: new Counter(),
    perAccount: new Counter(),
    gate: new LoginGate({ throttle: new FailureThrottle(throttle), interval: guessInterval }),
    digests: new DigestCache(),
    recentUploads: new RecentUploads({ marks: new Counter(), now: throttle.now }),
    usageOf: usageMeters(),
    dataEngine: localEngine,
    forecast: new BulkForecast(),
    others: () => [],
  };
}

class LocalCount implements SharedCount {
  count = 0;

  add(change: 1 | -1): number {
    const before = this.count;
    this.count += change;
    return before;
  }
}

/** The state of a server alone that has the data connections of large transfers made by `dataEngine`. */
export function localStateWith(dataEngine: DataEngine): MakeSharedState {
  return (throttle) => ({ ...localState(throttle), dataEngine });
}
