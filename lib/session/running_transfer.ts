/**
 * The transfer that a session has under way, as ABOR, STAT and the end of the session see it.
 *
 * @module
 */

import type { RunningTransfer } from "../commands/context.ts";
import type { TransferReason } from "../events.ts";

/** Made when a transfer command begins, gone when its final reply is on its way. */
export class SessionTransfer implements RunningTransfer {
  readonly verb: string;
  readonly path: string;
  readonly ended: Promise<void>;
  bytes = 0;
  readonly #controller = new AbortController();
  readonly #resolve: () => void;
  #abortReason: TransferReason | undefined;

  constructor(verb: string, path: string) {
    this.verb = verb;
    this.path = path;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolve = resolve;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get abortReason(): TransferReason | undefined {
    return this.#abortReason;
  }

  abort(reason: TransferReason): void {
    this.#abortReason ??= reason;
    this.#controller.abort();
  }

  /** The final reply has been handed to the writer. */
  finish(): void {
    this.#resolve();
  }
}
