/**
 * Locks of uploads to one bucket against the other servers that write to it: event loops of this process, or machines.
 *
 * @module
 */

import type { LockMode, LocksElsewhere, MaybeLater } from "../../vfs/upload_locks.ts";

/** Locks that servers on the same stores share. Their keys are unique over all stores. */
export interface StoreLocks extends LocksElsewhere<string> {
  /**
   * Whether the lock that was taken is still this server's. Absent: a lock is never lost before it is released, as in
   * one process. With it, uploads are decided by the store too.
   */
  confirm?(key: string): Promise<boolean>;
}

/** Appends to one key, which hold its lock together: they are one upload. */
interface Appends {
  readonly lock: Promise<Disposable | undefined>;
  members: number;
}

/** The locks of a bucket. */
export class BucketLocks implements LocksElsewhere<string> {
  readonly #shared: () => StoreLocks | undefined;
  readonly #bucket: string;
  readonly #appends = new Map<string, Appends>();
  /** Keys that are locked against others. */
  readonly #held = new Set<string>();

  /**
   * @param shared the locks, once there are any.
   * @param bucket its URL.
   */
  constructor(shared: () => StoreLocks | undefined, bucket: string) {
    this.#shared = shared;
    this.#bucket = bucket;
  }

  /** Whether other servers write to the bucket. */
  get isShared(): boolean {
    return this.#shared() !== undefined;
  }

  /** Whether a lock may be lost, so that the end of an upload is decided by the store as well. */
  get mayBeLost(): boolean {
    return this.#shared()?.confirm !== undefined;
  }

  /** Implements {@link LocksElsewhere.take}. */
  take(key: string, mode: LockMode): MaybeLater<Disposable | undefined> {
    if (mode === "alone") return this.#alone(key);
    const appends = this.#appends.get(key) ?? { lock: Promise.resolve(this.#alone(key)), members: 0 };
    this.#appends.set(key, appends);
    return this.#join(key, appends);
  }

  /** Implements {@link LocksElsewhere.ask}. */
  ask(key: string): void {
    this.#shared()?.ask(this.#nameOf(key));
  }

  /** Whether this server may make the object: it has the lock still, or has taken none. */
  async confirm(key: string): Promise<boolean> {
    return !this.#held.has(key) || await this.#shared()?.confirm?.(this.#nameOf(key)) !== false;
  }

  /** The key in this bucket of a lock that another server asks for; `undefined` for other buckets. */
  keyOf(name: string): string | undefined {
    const start = this.#nameOf("");
    return name.startsWith(start) ? name.slice(start.length) : undefined;
  }

  #alone(key: string): MaybeLater<Disposable | undefined> {
    const taken = this.#shared()?.take(this.#nameOf(key), "alone");
    return taken instanceof Promise ? taken.then((lock) => this.#hold(key, lock)) : this.#hold(key, taken);
  }

  #hold(key: string, lock: Disposable | undefined): Disposable | undefined {
    if (!lock) return undefined;
    this.#held.add(key);
    return {
      [Symbol.dispose]: () => {
        this.#held.delete(key);
        lock[Symbol.dispose]();
      },
    };
  }

  async #join(key: string, appends: Appends): Promise<Disposable | undefined> {
    appends.members++;
    let isMember = true;
    const leave = (lock: Disposable | undefined) => {
      if (!isMember) return;
      isMember = false;
      if (--appends.members > 0) return;
      if (this.#appends.get(key) === appends) this.#appends.delete(key);
      lock?.[Symbol.dispose]();
    };
    try {
      const lock = await appends.lock;
      if (lock) return { [Symbol.dispose]: () => leave(lock) };
      leave(undefined);
      return undefined;
    } catch (error) {
      leave(undefined);
      throw error;
    }
  }

  #nameOf(key: string): string {
    return `${this.#bucket} ${key}`;
  }
}
