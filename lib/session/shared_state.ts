/**
 * The state of a server that shares nothing: every question is answered at once.
 *
 * @module
 */

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
