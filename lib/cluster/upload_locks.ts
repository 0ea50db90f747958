/**
 * Locks of uploads over the servers of a cluster. A lock alone cannot decide: a server that was stopped for a while
 * goes on as if it had its lock still (M. Kleppmann, "How to do distributed locking"). So a lock is confirmed right
 * before an upload ends, and the store decides where it takes conditions.
 *
 * Redis forgets a lock that is not renewed, and remembers for longer who had it last. With that a server whose lock was
 * forgotten has it again if nobody has had it since, also after Redis has lost its memory.
 *
 * @module
 */

import type { StoreLocks } from "../drivers/s3/bucket_locks.ts";
import { type Cluster, PREFIX, unlessLost } from "./cluster.ts";
import type { Link } from "./link.ts";
import { listIn, numberIn, Script, type ScriptInput } from "./script.ts";

/** Milliseconds without a renewal after which a lock is lost: as long as a silent upload has its file on one server. */
const LIFETIME = 5_000;
/** Milliseconds between two renewals: two may fail. */
const RENEWAL = 1_500;
/** Milliseconds for which the last holder is remembered: no server is stopped for longer and goes on. */
const MEMORY = 3_600_000;
/** Locks that one call renews: more would keep Redis from others. */
const BATCH = 500;
/** The channel for who waits. */
const WANTED = `${PREFIX}wanted`;

/** KEYS: the lock, and its last holder. ARGV: the new holder, and two lifetimes. */
const TAKE = new Script(`
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
return 1
`);

/** KEYS: locks and their last holders. ARGV: two lifetimes, then holders. Returns 1 for each that has its lock. */
const HOLD = new Script(`
local kept = {}
for i = 1, #ARGV - 2 do
  local lock, last, holder = KEYS[2 * i - 1], KEYS[2 * i], ARGV[i + 2]
  local now, before = redis.call('GET', lock), redis.call('GET', last)
  if now == holder or (not now and (not before or before == holder)) then
    redis.call('SET', lock, holder, 'PX', ARGV[1])
    redis.call('SET', last, holder, 'PX', ARGV[2])
    kept[i] = 1
  else
    kept[i] = 0
  end
end
return kept
`);

const RELEASE = new Script(`return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0`);

/** The locks that one member of a cluster has. To be made before the cluster begins. */
export class ClusterLocks implements StoreLocks, Disposable {
  readonly #cluster: Cluster;
  /** What this member calls itself as the holder of each lock: another one each time. */
  readonly #held = new Map<string, string>();
  #grants = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param onWanted called when an upload elsewhere waits for a lock. */
  constructor(cluster: Cluster, onWanted: (key: string) => void) {
    this.#cluster = cluster;
    cluster.onJoin(async (link) => {
      await link.subscribe(WANTED, onWanted);
      await this.#renew(link);
    });
  }

  /** Implements `LocksElsewhere.take`; all locks exclude each other. */
  async take(key: string): Promise<Disposable | undefined> {
    const holder = `${this.#cluster.member} ${++this.#grants}`;
    const args = [holder, LIFETIME, MEMORY];
    // While Redis is lost each server has its own locks, and the store decides.
    const isGranted = await unlessLost(async () =>
      numberIn(await this.#cluster.run(TAKE, { keys: keysOf(key), args })) === 1
    );
    if (isGranted === false) return undefined;
    this.#held.set(key, holder);
    this.#timer ??= setInterval(() => void this.#renew(this.#cluster).catch(() => {}), RENEWAL);
    return { [Symbol.dispose]: () => this.#release(key, holder) };
  }

  /** Implements `LocksElsewhere.ask`. */
  ask(key: string): void {
    this.#cluster.publish(WANTED, key).catch(() => {});
  }

  /** Implements `StoreLocks.confirm`. While Redis is lost nothing speaks against it, and the store decides. */
  async confirm(key: string): Promise<boolean> {
    const holder = this.#held.get(key);
    if (holder === undefined) return false;
    await unlessLost(() => this.#hold(this.#cluster, [[key, holder]]));
    return this.#held.get(key) === holder;
  }

  /** Renews nothing any more. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #renew(redis: Cluster | Link): Promise<void> {
    const all = [...this.#held];
    for (let start = 0; start < all.length; start += BATCH) await this.#hold(redis, all.slice(start, start + BATCH));
  }

  /** Locks that others have got are not held any more. */
  async #hold(redis: Cluster | Link, locks: readonly (readonly [key: string, holder: string])[]): Promise<void> {
    const input: ScriptInput = {
      keys: locks.flatMap(([key]) => keysOf(key)),
      args: [LIFETIME, MEMORY, ...locks.map(([, holder]) => holder)],
    };
    const kept = listIn(await redis.run(HOLD, input));
    for (const [index, [key, holder]] of locks.entries()) {
      if (kept[index] === 0 && this.#held.get(key) === holder) this.#held.delete(key);
    }
  }

  #release(key: string, holder: string): void {
    if (this.#held.get(key) !== holder) return;
    this.#held.delete(key);
    if (this.#held.size === 0) this[Symbol.dispose]();
    this.#cluster.run(RELEASE, { keys: keysOf(key), args: [holder] }).catch(() => {});
  }
}

function keysOf(key: string): string[] {
  return [`${PREFIX}lock:${key}`, `${PREFIX}holder:${key}`];
}
