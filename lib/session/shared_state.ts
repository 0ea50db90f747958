/**
 * The state of a server that shares nothing: every question is answered at once.
 *
 * @module
 */

import { Arrivals } from "../auth/arrivals.ts";
import { Bans } from "../auth/bans.ts";
import { LoginGate } from "../auth/login_gate.ts";
import { FailureThrottle } from "../auth/throttle.ts";
import { DigestCache } from "../data/digest/digest.ts";
import { RecentUploads } from "../vfs/recent_uploads.ts";
import { usageMeters } from "../vfs/usage.ts";
import type { SharedCount, SharedState, SharedStateSettings } from "../options/shared_state.ts";
import { Counter } from "./admissions.ts";

/**
 * The state of a server that shares nothing. Spread it to share some of it:
 * `(settings) => ({ ...localState(settings), perAccount })`.
 */
export function localState(settings: SharedStateSettings): SharedState {
  const { throttle, guessInterval, connectRate } = settings;
  const bans = new Bans(settings.bans);
  return {
    idPrefix: "",
    connections: new LocalCount(),
    sessions: new LocalCount(),
    perAddress: new Counter(),
    strangers: new Counter(),
    arrivals: new Arrivals({ rate: connectRate, now: throttle.now }),
    perAccount: new Counter(),
    gate: new LoginGate({ throttle: new FailureThrottle(throttle), bans, interval: guessInterval }),
    bans,
    digests: new DigestCache(),
    recentUploads: new RecentUploads({ marks: new Counter(), now: throttle.now }),
    usageOf: usageMeters(),
    others: () => [],
    rest: () => bans[Symbol.dispose](),
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
