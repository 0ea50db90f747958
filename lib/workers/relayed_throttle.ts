/**
 * A throttle that every event loop has for itself and feeds with what the others tell: who guesses at one is slow at all of them.
 *
 * @module
 */

import { FailureThrottle, type ThrottleOptions } from "../auth/throttle.ts";
import type { LoginNews } from "./messages.ts";

/** As `FailureThrottle`, and tells the others. */
export class RelayedThrottle {
  readonly #throttle: FailureThrottle;
  readonly #tell: (news: LoginNews) => void;

  constructor(options: ThrottleOptions, tell: (news: LoginNews) => void) {
    this.#throttle = new FailureThrottle(options);
    this.#tell = tell;
  }

  /** See `FailureThrottle.delayFor`. */
  delayFor(address: string, name = ""): number {
    return this.#throttle.delayFor(address, name);
  }

  /** See `FailureThrottle.failed`. */
  failed(address: string, name = ""): void {
    this.#throttle.failed(address, name);
    this.#tell({ type: "login", ok: false, address, name });
  }

  /** See `FailureThrottle.succeeded`. Nearly every login is one of many, and nobody is told. */
  succeeded(address: string, name = ""): boolean {
    const news = this.#throttle.succeeded(address, name);
    if (news) this.#tell({ type: "login", ok: true, address, name });
    return news;
  }

  /** See `FailureThrottle.isKnown`. */
  isKnown(address: string, name: string): boolean {
    return this.#throttle.isKnown(address, name);
  }

  /** See `FailureThrottle.isBanned`. */
  isBanned(address: string): boolean {
    return this.#throttle.isBanned(address);
  }

  /** Takes in what another loop has seen. */
  hear({ ok, address, name }: LoginNews): void {
    if (ok) this.#throttle.succeeded(address, name);
    else this.#throttle.failed(address, name);
  }
}
