/**
 * Who may write to a file: one upload at a time, or several that all append, as appended bytes do not overlap. And who
 * may remove the name of a file: no session while an upload writes to it, or a file acknowledged as stored would not
 * exist.
 *
 * Two uploads that write to one file at once leave content that neither has sent. It does not take a second user: a
 * client that has lost its connection reconnects within a second and sends the file again, while the rest of its first
 * attempt is still arriving. So the second waits for the first to end. A first one that has been silent for some
 * seconds, for example because its network is gone, does not keep it waiting: it loses the file. vsftpd
 * (`lock_upload_files`) lets the second wait forever; most servers let both write.
 *
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import { type Holder, LockedSink, type LockMode } from "./locked_sink.ts";
import { type FileSink, VfsError } from "./vfs.ts";

export type { LockMode };

/**
 * Milliseconds that an upload waits for others to end: longer than an upload continues after its control connection is
 * gone.
 */
const PATIENCE = 6_000;
/** Milliseconds to the first check whether a file is free; each further one takes twice as long, up to the longest. */
const FIRST_LOOK = 5;
const LONGEST_LOOK = 250;

/**
 * Milliseconds that a command about names waits for other event loops, which also hold names for a moment to rename and
 * remove. Within one event loop that never happens, so it does not wait there.
 */
const BRIEFLY = 200;

/** A file that was opened for an upload. An abort before anything is written must leave no trace. */
export interface Opened<Key> {
  /** The same for all names of the file. */
  readonly key: Key;
  /** Whether other uploads may write to the file at the same time. */
  readonly mode: LockMode;
  /** The open file. */
  readonly sink: FileSink;
  /**
   * Whether the file still exists with the properties that the sink has, as others may have had it since it was opened.
   * Called when it is locked.
   */
  readonly isCurrent?: () => boolean;
}

/** A change of names. */
export interface NameChange<Key, T> {
  /** Files and names that nothing else may use during the change. */
  readonly keys: readonly Key[];
  /** Makes the change, within one turn of the event loop. */
  readonly act: () => T;
}

/** The options of {@link UploadLocks.change}. */
export interface ChangeOptions {
  /** Wait as long as an upload would, instead of hardly at all. */
  readonly waits?: boolean | undefined;
}

/** The locks of other event loops. */
export interface LocksElsewhere<Key> {
  /**
   * Takes the lock against all other event loops; `undefined` if one of them has it. Disposing the result releases it.
   */
  take(key: Key, mode: LockMode): Disposable | undefined;
  /** Notifies the others that an upload waits: see {@link UploadLocks.wanted}. */
  ask(key: Key): void;
}

/** The options of {@link UploadLocks}. */
export interface UploadLocksOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** The locks of one event loop. */
export class UploadLocks<Key> {
  readonly #now: () => number;
  readonly #holders = new Map<Key, Set<Holder>>();
  #elsewhere: LocksElsewhere<Key> | undefined;
  /** The number of reserved names. */
  #reserved = 0;

  /** Locks of one storage: all views of it must share them. */
  constructor({ now = () => performance.now() }: UploadLocksOptions = {}) {
    this.#now = now;
  }

  /** From now on the locks also exclude those of other event loops. */
  share(elsewhere: LocksElsewhere<Key>): void {
    this.#elsewhere = elsewhere;
  }

  /**
   * The result of `open`, once no other upload writes to the file. `open` is called again after each wait, as the name
   * may belong to another file then.
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
      if (locked && opened.isCurrent?.() !== false) return locked;
      await (locked ?? opened.sink).abort();
      if (signal?.aborted || this.#now() >= until) throw new VfsError("busy", "Another upload writes to the file");
      this.#elsewhere?.ask(opened.key);
      // An abort takes effect after one more try.
      await pause(look, undefined, signal && { signal }).catch(() => {});
    }
  }

  /**
   * Makes the change that `look` finds, once nothing else uses its keys. `look` is called again after each wait.
   *
   * @throws {VfsError} `busy`, and whatever `look` and the change throw.
   */
  async change<T>(look: () => NameChange<Key, T>, { waits = false }: ChangeOptions = {}): Promise<T> {
    const until = this.#now() + (waits ? PATIENCE : this.#elsewhere ? BRIEFLY : 0);
    for (let pauseFor = FIRST_LOOK;; pauseFor = Math.min(2 * pauseFor, LONGEST_LOOK)) {
      const { keys, act } = look();
      const locked = this.#holdAll(keys);
      try {
        // Another event loop may have changed the names before they were locked against it, but not since.
        const made = locked && (this.#elsewhere && keys.length > 0 ? unchanged(look(), keys) : act);
        if (made) return made();
      } finally {
        locked?.[Symbol.dispose]();
      }
      if (this.#now() >= until) throw new VfsError("busy", "An upload writes to the file");
      for (const key of keys) this.#elsewhere?.ask(key);
      await pause(pauseFor);
    }
  }

  /** Keeps a name from all others until the result is disposed; `undefined` if it is taken. */
  reserve(name: Key): Disposable | undefined {
    const release = this.#enter(name, { mode: "alone", giveUpIfSilent: () => {} });
    if (!release) return undefined;
    this.#reserved++;
    using reservation = new DisposableStack();
    reservation.defer(() => {
      this.#reserved--;
      release();
    });
    return reservation.move();
  }

  /** Whether any name may be reserved, so that names that do not exist must be checked too. */
  get mayBeReserved(): boolean {
    return this.#elsewhere !== undefined || this.#reserved > 0;
  }

  /** Another upload waits for the file: a silent holder loses it. */
  wanted(key: Key): void {
    for (const holder of this.#holders.get(key) ?? []) holder.giveUpIfSilent();
  }

  #lock({ key, mode, sink }: Opened<Key>): LockedSink | undefined {
    const locked = new LockedSink(sink, { mode, now: this.#now });
    const release = this.#enter(key, locked);
    if (!release) return undefined;
    locked.begin(release);
    return locked;
  }

  /** All of them or none. */
  #holdAll(keys: readonly Key[]): Disposable | undefined {
    using held = new DisposableStack();
    for (const key of keys) {
      this.wanted(key);
      const release = this.#enter(key, { mode: "alone", giveUpIfSilent: () => {} });
      if (!release) return undefined;
      held.defer(release);
    }
    return held.move();
  }

  /** Returns a function that releases the lock, once; `undefined` if others have it. */
  #enter(key: Key, newcomer: Holder): (() => void) | undefined {
    const holders = this.#holders.get(key) ?? new Set();
    for (const { mode } of holders) if (newcomer.mode === "alone" || mode === "alone") return undefined;
    const others = this.#elsewhere?.take(key, newcomer.mode);
    if (this.#elsewhere && !others) return undefined;
    this.#holders.set(key, holders.add(newcomer));
    return () => {
      others?.[Symbol.dispose]();
      if (holders.delete(newcomer) && holders.size === 0) this.#holders.delete(key);
    };
  }
}

/** The act of `change`, if it has the same keys. */
function unchanged<Key, T>(change: NameChange<Key, T>, keys: readonly Key[]): (() => T) | undefined {
  const same = change.keys.length === keys.length && change.keys.every((key, index) => key === keys[index]);
  return same ? change.act : undefined;
}
