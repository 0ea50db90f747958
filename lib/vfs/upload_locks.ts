/**
 * Who may write to a file: one upload at a time, or several that all append, as appended bytes do not fall on each other.
 *
 * Two that write to one file at once leave what neither has sent. It takes no second user: a client that has lost its connection comes
 * back within the second and sends the file again, while what it had sent before is still on its way. So the second waits until the
 * first is over. A first one that has been silent for some seconds, such as one whose network is gone, does not keep it waiting: it
 * loses the file. vsftpd (`lock_upload_files`) lets the second wait without end; most servers let both write.
 *
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import { ForwardingSink } from "./forwarding.ts";
import { type FileSink, VfsError } from "./vfs.ts";

/** Milliseconds that an upload waits for others to be over: longer than one goes on whose control connection is gone. */
const PATIENCE = 6_000;
/** Milliseconds without a byte after which an upload loses its file to another one. */
const SILENCE = 5_000;
/** Milliseconds to the first look whether a file is free; each further one takes twice as long, up to the longest. */
const FIRST_LOOK = 5;
const LONGEST_LOOK = 250;

/** How a file is written to. */
export type LockMode = "alone" | "append";

/** A file that was opened for an upload. An abort before anything is written must leave no trace. */
export interface Opened<Key> {
  /** The same for all names of the file. */
  readonly key: Key;
  readonly mode: LockMode;
  readonly sink: FileSink;
  /**
   * Whether the file is still there and is what the sink says of it, as another event loop may have had it since it was opened. Asked when it
   * is locked.
   */
  readonly isCurrent?: () => boolean;
}

/** The locks of other event loops. */
export interface LocksElsewhere<Key> {
  /** Takes the lock against all others; `undefined` where one of them has it. Disposing the result gives it back. */
  take(key: Key, mode: LockMode): Disposable | undefined;
  /** Lets them know that somebody waits: see {@link UploadLocks.wanted}. */
  ask(key: Key): void;
}

/** What locks work with. */
export interface UploadLocksOptions {
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/** The locks of one event loop. */
export class UploadLocks<Key> {
  readonly #now: () => number;
  readonly #holders = new Map<Key, Set<LockedSink>>();
  #elsewhere: LocksElsewhere<Key> | undefined;

  constructor({ now = () => performance.now() }: UploadLocksOptions = {}) {
    this.#now = now;
  }

  /** From now on the locks hold against those elsewhere, too. */
  share(elsewhere: LocksElsewhere<Key>): void {
    this.#elsewhere = elsewhere;
  }

  /**
   * What `open` opens, once nobody else writes to it. `open` is called again after each wait, as the name may stand for another file then.
   *
   * @param signal ends the wait.
   * @throws {VfsError} `busy`, and whatever `open` rejects with.
   */
  async open(open: () => Promise<Opened<Key>>, signal?: AbortSignal): Promise<FileSink> {
    const until = this.#now() + PATIENCE;
    for (let look = FIRST_LOOK;; look = Math.min(2 * look, LONGEST_LOOK)) {
      const opened = await open();
      let locked = this.#lock(opened);
      if (!locked) {
        this.wanted(opened.key);
        locked = this.#lock(opened);
      }
      if (locked && (!this.#elsewhere || opened.isCurrent?.() !== false)) return locked;
      await (locked ?? opened.sink).abort();
      if (signal?.aborted || this.#now() >= until) throw new VfsError("busy", "Another upload writes to the file");
      this.#elsewhere?.ask(opened.key);
      // An abort is looked at after one more try.
      await pause(look, undefined, signal && { signal }).catch(() => {});
    }
  }

  /** Somebody waits for the file: whoever has it and is silent loses it. */
  wanted(key: Key): void {
    for (const sink of this.#holders.get(key) ?? []) sink.giveUpIfSilent();
  }

  #lock({ key, mode, sink }: Opened<Key>): LockedSink | undefined {
    const holders = this.#holders.get(key) ?? new Set();
    for (const holder of holders) if (mode === "alone" || holder.mode === "alone") return undefined;
    const others = this.#elsewhere?.take(key, mode);
    if (this.#elsewhere && !others) return undefined;
    const release = () => {
      others?.[Symbol.dispose]();
      holders.delete(locked);
      if (holders.size === 0) this.#holders.delete(key);
    };
    const locked = new LockedSink(sink, { mode, release, now: this.#now });
    this.#holders.set(key, holders.add(locked));
    return locked;
  }
}

interface Lock {
  readonly mode: LockMode;
  readonly release: () => void;
  readonly now: () => number;
}

/** Has the file until it is committed or aborted, or another upload gets it. */
class LockedSink extends ForwardingSink {
  readonly mode: LockMode;
  readonly #now: () => number;
  /** `undefined` when the file is not this upload's any more. */
  #release: (() => void) | undefined;
  /** When the last write was over; `undefined` during one, and from {@link hold} to the end of the next. */
  #idleSince: number | undefined;

  constructor(inner: FileSink, { mode, release, now }: Lock) {
    super(inner);
    this.mode = mode;
    this.#release = release;
    this.#now = now;
    this.#idleSince = now();
  }

  /** Lets the waiting upload have the file if nothing was written to it for a while. */
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

  #giveBack(): void {
    this.#idleSince = undefined;
    this.#release?.();
    this.#release = undefined;
  }
}
