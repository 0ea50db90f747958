/**
 * Who may write to a file: one upload at a time, or several that all append, as appended bytes do not fall on each other. And who may
 * take the name of a file away: nobody while an upload writes to it, or what was answered as stored would be nowhere.
 *
 * Two that write to one file at once leave what neither has sent. It takes no second user: a client that has lost its connection comes
 * back within the second and sends the file again, while what it had sent before is still on its way. So the second waits until the
 * first is over. A first one that has been silent for some seconds, such as one whose network is gone, does not keep it waiting: it
 * loses the file. vsftpd (`lock_upload_files`) lets the second wait without end; most servers let both write.
 *
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import { type Holder, LockedSink, type LockMode } from "./locked_sink.ts";
import { type FileSink, VfsError } from "./vfs.ts";

export type { LockMode };

/** Milliseconds that an upload waits for others to be over: longer than one goes on whose control connection is gone. */
const PATIENCE = 6_000;
/** Milliseconds to the first look whether a file is free; each further one takes twice as long, up to the longest. */
const FIRST_LOOK = 5;
const LONGEST_LOOK = 250;

/**
 * Milliseconds that a command about names waits for other event loops, which rename and remove as well, if only for a moment. Within one
 * loop that never happens, so it waits for nobody there.
 */
const BRIEFLY = 200;

/** A file that was opened for an upload. An abort before anything is written must leave no trace. */
export interface Opened<Key> {
  /** The same for all names of the file. */
  readonly key: Key;
  readonly mode: LockMode;
  readonly sink: FileSink;
  /**
   * Whether the file is still there, and what the sink says of it, as others may have had it since it was opened. Asked when it is locked.
   */
  readonly isCurrent?: () => boolean;
}

/** A change of names. */
export interface NameChange<Key, T> {
  /** Files and names that nobody else may be using meanwhile. */
  readonly keys: readonly Key[];
  /** Makes the change, within one turn of the event loop. */
  readonly act: () => T;
}

/** How {@link UploadLocks.change} waits. */
export interface ChangeOptions {
  /** As long as an upload does, instead of hardly at all. */
  readonly waits?: boolean | undefined;
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
  readonly #holders = new Map<Key, Set<Holder>>();
  #elsewhere: LocksElsewhere<Key> | undefined;
  /** How many names are reserved. */
  #reserved = 0;

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
      if (locked && opened.isCurrent?.() !== false) return locked;
      await (locked ?? opened.sink).abort();
      if (signal?.aborted || this.#now() >= until) throw new VfsError("busy", "Another upload writes to the file");
      this.#elsewhere?.ask(opened.key);
      // An abort is looked at after one more try.
      await pause(look, undefined, signal && { signal }).catch(() => {});
    }
  }

  /**
   * Makes the change that `look` finds, once nobody else uses what it is about. `look` is called again after each wait.
   *
   * @throws {VfsError} `busy`, and whatever `look` and the change throw.
   */
  async change<T>(look: () => NameChange<Key, T>, { waits = false }: ChangeOptions = {}): Promise<T> {
    const until = this.#now() + (waits ? PATIENCE : this.#elsewhere ? BRIEFLY : 0);
    for (let pauseFor = FIRST_LOOK;; pauseFor = Math.min(2 * pauseFor, LONGEST_LOOK)) {
      const { keys, act } = look();
      const locked = this.#holdAll(keys);
      try {
        // Another loop may have changed the names before they were locked against it, and has not since.
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

  /** Keeps a name from everybody else until the result is disposed of; `undefined` where somebody has it. */
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

  /** Whether anybody may have a name that nothing has yet, so that it must be asked for. */
  get mayBeReserved(): boolean {
    return this.#elsewhere !== undefined || this.#reserved > 0;
  }

  /** Somebody waits for the file: whoever has it and is silent loses it. */
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

  /** Gives what releases the lock, once; `undefined` where others have it. */
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

/** The act of `change`, if it is about the same keys. */
function unchanged<Key, T>(change: NameChange<Key, T>, keys: readonly Key[]): (() => T) | undefined {
  const same = change.keys.length === keys.length && change.keys.every((key, index) => key === keys[index]);
  return same ? change.act : undefined;
}
