/**
 * The transfer that a session has under way, as ABOR, STAT and the end of the session see it.
 *
 * @module
 */

import type { Command } from "../commands/command.ts";
import type { RunningTransfer, TransferStart } from "../commands/context.ts";
import type { TransferDirection, TransferReason } from "../events.ts";
import type { TransferProgress } from "../session_info.ts";

/** Milliseconds for an upload to end by itself once the control connection is gone. */
const ORPHAN_GRACE = 5_000;

/** How a control connection was lost. */
interface Orphanage {
  readonly reason: TransferReason;
  /** The client has said QUIT before. */
  readonly expected: boolean;
}

/** The facts of a row that its transfer goes by. */
export type TransferFacts = Pick<Command, "verb" | "direction" | "createsName">;

/** Made when a transfer command begins, gone when its final reply is on its way. */
export class SessionTransfer implements RunningTransfer {
  readonly verb: string;
  readonly direction: TransferDirection | undefined;
  readonly createsName: boolean;
  readonly path: string;
  readonly ended: Promise<void>;
  readonly begun: Promise<boolean>;
  bytes = 0;
  connected = false;
  unclean = false;
  readonly #controller = new AbortController();
  readonly #resolve: () => void;
  readonly #begin: (marked: boolean) => void;
  #start: TransferStart | undefined;
  #since = performance.now();
  #abortReason: TransferReason | undefined;
  #orphaned = false;

  /** @param command the facts of its row. */
  constructor({ verb, direction, createsName }: TransferFacts, path: string) {
    this.verb = verb;
    this.direction = direction;
    this.createsName = createsName === true;
    this.path = path;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolve = resolve;
    const beginning = Promise.withResolvers<boolean>();
    this.begun = beginning.promise;
    this.#begin = beginning.resolve;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get abortReason(): TransferReason | undefined {
    return this.#abortReason;
  }

  get orphaned(): boolean {
    return this.#orphaned;
  }

  /** How far it is now. */
  get progress(): TransferProgress {
    const { verb, path, bytes } = this;
    const milliseconds = performance.now() - this.#since;
    return { verb, path, ...this.#start, bytes, milliseconds, rate: rateOf(bytes, milliseconds) };
  }

  start(start: TransferStart): void {
    this.#start = start;
    this.#since = performance.now();
  }

  abort(reason: TransferReason): void {
    this.#abortReason ??= reason;
    this.#controller.abort();
  }

  /**
   * The control connection is gone. A download has no client any more; of an upload under way what was sent before may
   * still arrive, and one whose client has said goodbye ends by itself. Resolves when the transfer has ended.
   */
  async orphan({ reason, expected }: Orphanage): Promise<void> {
    this.#orphaned = !expected;
    let timer;
    if (this.direction !== "upload" || (!this.connected && !expected)) this.abort(reason);
    else if (!expected) timer = setTimeout(() => this.abort(reason), ORPHAN_GRACE);
    await this.ended;
    clearTimeout(timer);
  }

  /** The preliminary reply has been handed to the writer. */
  begin(): void {
    this.#begin(true);
  }

  /** The final reply has been handed to the writer. */
  finish(): void {
    this.#begin(false);
    this.#resolve();
  }
}

/** Whole bytes per second. */
function rateOf(bytes: number, milliseconds: number): number {
  return milliseconds > 0 ? Math.round(1000 * bytes / milliseconds) : 0;
}
