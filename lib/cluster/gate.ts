/**
 * Logins at all members: who guesses passwords at one of them is slowed down at all of them.
 *
 * Each member lets a guess pass by its own pace, so that no login waits for Redis, and hears of the wrong ones at the
 * others, which use up its pace as well. So n members together allow at most n guesses at a time where one allows one;
 * what an address can guess in all is bounded by the ban, for which every guess anywhere counts.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { ANONYMOUS, canonicalName } from "../auth/accounts.ts";
import { LoginGate, type LoginVisit } from "../auth/login_gate.ts";
import { FailureThrottle, type ThrottleOptions } from "../auth/throttle.ts";
import type { MaybeLater, SharedGate, SharedTurn } from "../options/shared_state.ts";
import type { ClusterBans } from "./bans.ts";
import type { Newsroom } from "./news.ts";

/** The options of a {@link ClusterGate}. */
export interface ClusterGateOptions {
  readonly throttle: ThrottleOptions;
  readonly bans: ClusterBans;
  readonly news: Newsroom;
  /** See `LoginGateOptions.interval`. */
  readonly interval: number;
}

/** The gate of one member, which reports to the others. */
export class ClusterGate implements SharedGate {
  readonly #gate: LoginGate;
  readonly #bans: ClusterBans;

  constructor({ throttle: options, bans, news, interval }: ClusterGateOptions) {
    const throttle = new FailureThrottle(options);
    this.#bans = bans;
    this.#gate = new LoginGate({
      throttle: {
        delayFor: (address, name) => throttle.delayFor(address, name),
        failed: (address, name) => throttle.failed(address, name),
        isKnown: (address, name) => throttle.isKnown(address, name),
        // Nearly every login is one of many, and is not news.
        succeeded: (address, name = "") => {
          const isNews = throttle.succeeded(address, name);
          if (isNews) news.tell({ type: "cleared", address, name });
          return isNews;
        },
      },
      bans,
      interval,
    });
    news.onNews((each) => {
      if (each.type === "cleared") {
        throttle.succeeded(each.address, each.name);
        bans.forgive(each.address, each.name);
      } else if (each.type === "offence") {
        if (each.offence === "failedLogin") {
          throttle.failed(each.address, each.name);
          this.#gate.failedElsewhere(each.address, each.name);
        }
        bans.heard(each.address, each.offence, each.name);
      }
    });
  }

  /** See `SharedGate.isBanned`. */
  isBanned(address: string): boolean {
    return this.#bans.isBanned(address);
  }

  /** See `SharedGate.offended`. */
  offended(address: string, offence: Parameters<SharedGate["offended"]>[1]): void {
    this.#gate.offended(address, offence);
  }

  /** See `SharedGate.enter`. */
  enter(visit: LoginVisit): MaybeLater<SharedTurn | undefined> {
    return this.#gate.enter(new DigestedVisit(visit));
  }
}

/** A visit with the digest of a name: what strangers send as a name may be a password, and other nodes are sent it. */
class DigestedVisit implements LoginVisit {
  readonly address: string;
  readonly name: string;
  readonly isRetry: boolean;
  readonly #visit: LoginVisit;

  constructor(visit: LoginVisit) {
    this.#visit = visit;
    this.address = visit.address;
    this.name = digestOf(visit.name);
    this.isRetry = visit.isRetry ?? false;
  }

  /** Only made where it is needed. */
  get signal(): AbortSignal {
    return this.#visit.signal;
  }
}

/** The name of an account as other members are sent it. */
function digestOf(name: string): string {
  const canonical = canonicalName(name);
  return canonical === ANONYMOUS ? canonical : createHash("sha256").update(canonical).digest("hex").slice(0, 32);
}
