/**
 * Who may write to a file: one upload at a time, or several that all append, as appended bytes do not overlap. And who
 * may remove the name of a file: no session while an upload writes to it, or a file acknowledged as stored would not
 * exist.
 *
 * Two uploads that write to one file at once leave content that neither has sent. It does not take a second user: a
 * client that has lost its connection reconnects within a second and sends the file again, while the rest of its first
 * attempt is still arriving. So the second waits for the first to end. A first one that has been silent for some
 * seconds does not keep it waiting: it loses the file. vsftpd (`lock_upload_files`) lets the second wait forever; most
 * servers let both write.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { type Holder, LockedSink, type LockMode } from "./locked_sink.ts";
import { type FileSink, VfsError } from "./vfs.ts";

export type { LockMode };

/** Milliseconds that an upload waits for others: longer than one continues after its control connection is gone. */
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
  readonly isCurrent?: () => MaybeLater<boolean>;
  /**
   * Whether no other upload can know the name. What was made is removed if it cannot be locked: a lock belongs to the
   * number of a file, which the system gives to a new one before another event loop has let go of the old one.
   *
   * @default false
   */
  readonly isPrivate?: boolean;
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

/** The locks of other event loops, or of other machines, which answer with a promise. */
export interface LocksElsewhere<Key> {
  /**
   * Takes the lock against all others; `undefined` if one of them has it. Disposing the result releases it, and must
   * not throw.
   */
  take(key: Key, mode: LockMode): MaybeLater<Disposable | undefined>;
  /** Notifies the others that an upload waits: see {@link UploadLocks.wanted}. Must not throw. */
  ask(key: Key): void;
}

/** A value, or the promise of one: what is not in this process takes a while. */
export type MaybeLater<T> = T | Promise<T>;

/** `use` with the value: now if it is there, else once it is. */
export function whenKnown<T, R>(value: MaybeLater<T>, use: (value: T) => MaybeLater<R>): MaybeLater<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Releases a lock, once. */
type Release = () => void;

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
  async open(open: () => MaybeLater<Opened<Key>>, signal?: AbortSignal): Promise<FileSink> {
    const until = this.#now() + PATIENCE;
    for (let look = FIRST_LOOK;; look = Math.min(2 * look, LONGEST_LOOK)) {
      const opening = open();
      const opened = opening instanceof Promise ? await opening : opening;
      const answer = this.#lockOrWant(opened);
      const locked = answer instanceof Promise ? await this.#orAbort(opened, answer) : answer;
      // Opened and locked in one turn, it cannot have been another's in between where there is no other event loop.
      const isSure = !this.#elsewhere && !(opening instanceof Promise);
      if (locked && (isSure || await opened.isCurrent?.() !== false)) return locked;
      if (!locked && opened.isPrivate) await opened.sink.discard();
      else await (locked ?? opened.sink).abort();
      if (signal?.aborted || this.#now() >= until) throw new VfsError("busy", "Another upload writes to the file");
      this.#elsewhere?.ask(opened.key);
      // An abort takes effect after one more try.
      await delay(look, signal && { signal }).catch(() => {});
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
      const held = this.#holdAll(keys);
      const locked = held instanceof Promise ? await held : held;
      try {
        // Another event loop may have changed the names before they were locked against it, but not since.
        const made = locked && (this.#elsewhere && keys.length > 0 ? unchanged(look(), keys) : act);
        if (made) return made();
      } finally {
        locked?.[Symbol.dispose]();
      }
      if (this.#now() >= until) throw new VfsError("busy", "An upload writes to the file");
      for (const key of keys) this.#elsewhere?.ask(key);
      await delay(pauseFor);
    }
  }

  /** Keeps a name from all others until the result is disposed; `undefined` if it is taken. */
  reserve(name: Key): MaybeLater<Disposable | undefined> {
    return whenKnown(this.#enter(name, newReservation()), (release) => this.#reservation(release));
  }

  /** {@link reserve} for a storage that no other event loop uses. */
  reserveHere(name: Key): Disposable | undefined {
    return this.#reservation(this.#enterHere(name, newReservation()));
  }

  #reservation(release: Release | undefined): Disposable | undefined {
    if (!release) return undefined;
    this.#reserved++;
    const reservation = new DisposableStack();
    reservation.defer(release);
    reservation.defer(() => this.#reserved--);
    return reservation;
  }

  /** Whether any name may be reserved, so that names that do not exist must be checked too. */
  get mayBeReserved(): boolean {
    return this.#elsewhere !== undefined || this.#reserved > 0;
  }

  /** Another upload waits for the file: a silent holder loses it. */
  wanted(key: Key): void {
    for (const holder of this.#holders.get(key) ?? []) holder.giveUpIfSilent();
  }

  /** The locked sink; `undefined` if others have the file, also once a silent one of them had to give it up. */
  #lockOrWant(opened: Opened<Key>): MaybeLater<LockedSink | undefined> {
    return whenKnown(this.#lock(opened), (locked) => {
      if (locked) return locked;
      this.wanted(opened.key);
      return this.#lock(opened);
    });
  }

  /** The lock, as soon as the others have answered; where they cannot, nothing stays open. */
  async #orAbort({ sink }: Opened<Key>, answer: Promise<LockedSink | undefined>): Promise<LockedSink | undefined> {
    try {
      return await answer;
    } catch (error) {
      await sink.abort();
      throw error;
    }
  }

  #lock({ key, mode, sink }: Opened<Key>): MaybeLater<LockedSink | undefined> {
    const locked = new LockedSink(sink, { mode, now: this.#now });
    return whenKnown(this.#enter(key, locked), (release) => {
      if (!release) return undefined;
      locked.begin(release);
      return locked;
    });
  }

  /** All of them or none. */
  #holdAll(keys: readonly Key[]): MaybeLater<Disposable | undefined> {
    using held = new DisposableStack();
    for (const [index, key] of keys.entries()) {
      this.wanted(key);
      const release = this.#enter(key, newReservation());
      if (release instanceof Promise) return this.#holdRest(keys.slice(index + 1), release, held.move());
      if (!release) return undefined;
      held.defer(release);
    }
    return held.move();
  }

  /** {@link #holdAll} from the first key on whose lock comes late. */
  async #holdRest(
    keys: readonly Key[],
    first: Promise<Release | undefined>,
    before: DisposableStack,
  ): Promise<Disposable | undefined> {
    using held = before;
    const release = await first;
    if (!release) return undefined;
    held.defer(release);
    for (const key of keys) {
      this.wanted(key);
      const next = await this.#enter(key, newReservation());
      if (!next) return undefined;
      held.defer(next);
    }
    return held.move();
  }

  /** Returns a function that releases the lock; `undefined` if others have it. */
  #enter(key: Key, newcomer: Holder): MaybeLater<Release | undefined> {
    const release = this.#enterHere(key, newcomer);
    if (!this.#elsewhere || !release) return release;
    const withOthers = (others: Disposable | undefined) => {
      if (!others) return void release();
      return () => {
        others[Symbol.dispose]();
        release();
      };
    };
    try {
      const others = this.#elsewhere.take(key, newcomer.mode);
      if (!(others instanceof Promise)) return withOthers(others);
      return others.then(withOthers, (error) => {
        release();
        throw error;
      });
    } catch (error) {
      release();
      return Promise.reject(error);
    }
  }

  /** As {@link #enter}, in this event loop alone. */
  #enterHere(key: Key, newcomer: Holder): Release | undefined {
    const holders = this.#holders.get(key) ?? new Set();
    for (const { mode } of holders) if (newcomer.mode === "alone" || mode === "alone") return undefined;
    this.#holders.set(key, holders.add(newcomer));
    return () => {
      if (holders.delete(newcomer) && holders.size === 0) this.#holders.delete(key);
    };
  }
}

/** Holds a name or a file alone, and is never silent. */
function newReservation(): Holder {
  return { mode: "alone", giveUpIfSilent: () => {} };
}

/** The act of `change`, if it has the same keys. */
function unchanged<Key, T>(change: NameChange<Key, T>, keys: readonly Key[]): (() => T) | undefined {
  const same = change.keys.length === keys.length && change.keys.every((key, index) => key === keys[index]);
  return same ? change.act : undefined;
}
