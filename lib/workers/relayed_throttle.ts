/**
 * A throttle per event loop that also counts what the others report: a client that guesses at one is slowed down at all
 * of them.
 *
 * @module
 */

import { FailureThrottle, type ThrottleOptions } from "../auth/throttle.ts";
import type { LoginNews } from "./messages.ts";

/** A `FailureThrottle` that reports to the other event loops. */
export class RelayedThrottle {
  readonly #throttle: FailureThrottle;
  readonly #tell: (news: LoginNews) => void;

  constructor(options: ThrottleOptions, tell: (news: LoginNews) => void) {
    this.#throttle = new FailureThrottle(options);
    this.#tell = tell;
  }

  /** Implements `FailureThrottle.delayFor`. */
  delayFor(address: string, name = ""): number {
    return this.#throttle.delayFor(address, name);
  }

  /** Implements `FailureThrottle.failed`. */
  failed(address: string, name = ""): void {
    this.#throttle.failed(address, name);
    this.#tell({ type: "login", ok: false, address, name });
  }

  /** Implements `FailureThrottle.succeeded`. Nearly every login is one of many, and is not reported. */
  succeeded(address: string, name = ""): boolean {
    const news = this.#throttle.succeeded(address, name);
    if (news) this.#tell({ type: "login", ok: true, address, name });
    return news;
  }

  /** Implements `FailureThrottle.isKnown`. */
  isKnown(address: string, name: string): boolean {
    return this.#throttle.isKnown(address, name);
  }

  /** Records what another event loop has reported. */
  hear({ ok, address, name }: LoginNews): void {
    if (ok) this.#throttle.succeeded(address, name);
    else this.#throttle.failed(address, name);
  }
}
