/**
 * What servers that share a port, each on an event loop of its own, must have in common: limits, the throttle, the list
 * of sessions, what is known about files. A server that is alone has all of it for itself.
 *
 * @module
 */

import { LoginGate } from "../auth/login_gate.ts";
import { FailureThrottle, type ThrottleOptions } from "../auth/throttle.ts";
import type { SessionInfo } from "../session_info.ts";
import { BulkForecast } from "../data/bulk_forecast.ts";
import { type DataEngine, localEngine } from "../data/engine.ts";
import { DigestCache } from "../data/digest/digest.ts";
import type { DigestMemory } from "../vfs/digests.ts";
import { RecentUploads } from "../vfs/recent_uploads.ts";
import { type Usage, usageMeters } from "../vfs/usage.ts";
import { Counter } from "./admissions.ts";

/** One number. */
export interface Count {
  readonly count: number;
  /** Adds 1 or -1 and returns the previous number: two callers at the same time see two numbers. */
  add(change: 1 | -1): number;
}

/** See the module. Every answer comes at once, but for the sessions of others. */
export interface SharedState {
  /** Goes in front of the numbers of sessions, so that no two loops use one. */
  readonly idPrefix: string;
  /** Accepted connections that are not over. */
  readonly connections: Count;
  /** Live sessions. */
  readonly sessions: Count;
  readonly perAddress: Pick<Counter, "add">;
  /** Connections of an address that have not logged in. */
  readonly strangers: Pick<Counter, "add">;
  readonly perAccount: Pick<Counter, "add">;
  /** Who may try a password. */
  readonly gate: Pick<LoginGate, "enter" | "isBanned">;
  readonly digests: DigestMemory;
  readonly recentUploads: Pick<RecentUploads, "remember" | "has">;
  /** Bytes in use below a root: accounts that share one share its bytes too. */
  usageOf(rootPath: string): Usage;
  /** Who opens the data connections of large transfers in clear. */
  readonly dataEngine: DataEngine;
  /** Which transfers will be for {@link dataEngine}. */
  readonly forecast: BulkForecast;
  /** Sessions of the other loops. */
  others(): Promise<readonly SessionInfo[]> | readonly SessionInfo[];
}

/** What the shared state depends on in its server. */
export interface SharedStateOptions {
  readonly throttle: Required<Pick<ThrottleOptions, "delay" | "now">> & Pick<ThrottleOptions, "ban">;
  /** See `LoginGateOptions.interval`. */
  readonly guessInterval: number;
}

/** Makes the shared state of a server. */
export type MakeSharedState = (options: SharedStateOptions) => SharedState;

/** For a server alone. */
export function localState({ throttle, guessInterval }: SharedStateOptions): SharedState {
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

class LocalCount implements Count {
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
