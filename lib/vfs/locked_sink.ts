/**
 * An upload that holds its file until another upload gets it.
 *
 * @module
 */

import { ForwardingSink } from "./forwarding.ts";
import type { DiscardOptions, FileSink, Removed } from "./vfs.ts";

/** Milliseconds without a byte after which an upload loses its file to another one. */
const SILENCE = 5_000;

/** How a file is written to. */
export type LockMode = "alone" | "append";

/** The holder of a file. */
export interface Holder {
  readonly mode: LockMode;
  /** Another upload waits for the file. */
  giveUpIfSilent(): void;
}

interface Lock {
  readonly mode: LockMode;
  readonly now: () => number;
}

/** Holds the file until it is committed or aborted, or another upload gets it. */
export class LockedSink extends ForwardingSink {
  readonly mode: LockMode;
  readonly #now: () => number;
  /** `undefined` once the file no longer belongs to this upload. */
  #release: (() => void) | undefined;
  /** When the last write ended; `undefined` during a write, and from {@link hold} to the end of the next. */
  #idleSince: number | undefined;

  constructor(inner: FileSink, { mode, now }: Lock) {
    super(inner);
    this.mode = mode;
    this.#now = now;
    this.#idleSince = now();
  }

  /** The file belongs to this upload until it calls `release`. */
  begin(release: () => void): void {
    this.#release = release;
  }

  /** Gives the file to the waiting upload if nothing was written to it for a while. */
  giveUpIfSilent(): void {
    if (this.#idleSince === undefined || this.#now() - this.#idleSince < SILENCE) return;
    this.#giveBack();
  }

  override hold(): boolean {
    this.#idleSince = undefined;
    return this.#release !== undefined;
  }

  override async write(data: Uint8Array): Promise<void> {
    this.holdOrThrow();
    try {
      await this.inner.write(data);
    } finally {
      this.#idleSince = this.#now();
    }
  }

  override async commit(): Promise<void> {
    this.holdOrThrow();
    await this.inner.commit();
    this.#giveBack();
  }

  override async abort(): Promise<void> {
    this.hold();
    await this.inner.abort();
    this.#giveBack();
  }

  /** A file that another upload has by now must not be removed. */
  override async discard(options?: DiscardOptions): Promise<Removed | undefined> {
    if (!this.hold()) return void await this.inner.abort();
    const removed = await this.inner.discard(options);
    this.#giveBack();
    return removed;
  }

  #giveBack(): void {
    this.#idleSince = undefined;
    this.#release?.();
    this.#release = undefined;
  }
}
