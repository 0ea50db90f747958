/**
 * Bytes in use below roots with a quota, over all members of a cluster. A member takes room ahead, as a lease, and
 * writes without asking anyone until it is used up. What is leased counts as used, so that all members together never
 * exceed the limit. What is left of a lease is given back when nothing has been written for a while; what a dead member
 * had leased counts until the next count, which is due at once then.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { sizeOfTree, type Usage } from "../vfs/usage.ts";
import type { Vfs } from "../vfs/vfs.ts";
import { BEATS, type Cluster, ClusterLost, PREFIX, unlessLost } from "./cluster.ts";
import type { Link } from "./link.ts";
import { listIn, numberIn } from "./script.ts";
import { BEGIN_COUNT, END_COUNT, REPORT, SUM, TAKE } from "./usage_scripts.ts";

/** Bytes of a lease, unless less than sixteen times as much is left. */
const LEASE = 8_388_608;
/** Milliseconds after a write for which the rest of a lease is kept. */
const IDLE = 1_000;
/** Milliseconds between two looks at whether another member has finished counting. */
const POLL = 100;
/** Milliseconds that members have to report before a count. */
const TIME_TO_REPORT = 200;
/** The channel for roots that are going to be counted. */
const COUNTS = `${PREFIX}counts`;

/** What {@link TAKE} answers where nothing is known. */
const UNKNOWN = -1;
/** What {@link BEGIN_COUNT} answers. */
const [NOT_DUE, BEGUN] = [0, 1];

/** The meters of one member. To be made before the cluster begins. */
export class ClusterUsages implements Disposable {
  readonly #cluster: Cluster;
  readonly #meters = new Map<string, ClusterUsage>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.onJoin(async (link) => {
      await link.subscribe(COUNTS, (root) => this.#meters.get(root)?.report());
      await Promise.all(Array.from(this.#meters.values(), (meter) => meter.rejoin(link)));
    });
  }

  /** The meter of a root that all members see. */
  of(rootPath: string): Usage {
    const meter = this.#meters.get(rootPath) ?? new ClusterUsage(this.#cluster, rootPath);
    this.#meters.set(rootPath, meter);
    return meter;
  }

  /** Gives nothing back any more: what is leased falls with its member. */
  [Symbol.dispose](): void {
    for (const meter of this.#meters.values()) meter[Symbol.dispose]();
  }
}

/** What a report is besides what a member has. */
interface ReportOptions {
  /** The rest of the lease is given back. */
  readonly returns?: boolean;
  /** Renames that a running count may miss. */
  readonly moves?: number;
}

/** Bytes below one root. */
class ClusterUsage implements Usage, Disposable {
  readonly #cluster: Cluster;
  readonly #root: string;
  /** Bytes leased and not taken, up to which limit they were. */
  #left = 0;
  #limit = 0;
  /** This member's part of the room that there was; for while Redis is lost. */
  #share = 0;
  /** Bytes taken whose writes have not ended. */
  #open = 0;
  /** Not reported yet: bytes that are in files now, and bytes that were removed. */
  #settled = 0;
  #released = 0;
  #vfs: Vfs | undefined;
  #isCounted = false;
  #asking: Promise<unknown> = Promise.resolve();
  #counting: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(cluster: Cluster, root: string) {
    this.#cluster = cluster;
    this.#root = root;
  }

  get bytes(): Promise<number> {
    return this.#sum();
  }

  async count(vfs: Vfs): Promise<void> {
    this.#vfs = vfs;
    if (!this.#isCounted) await this.#join(vfs, { onlyFirst: true });
    this.#isCounted = true;
  }

  async recount(vfs: Vfs): Promise<void> {
    await this.#join(vfs, { onlyFirst: false });
  }

  take(bytes: number, limit: number): boolean | Promise<boolean> {
    if (bytes > this.#left || limit < this.#limit) return this.#inTurn(() => this.#lease(bytes, limit));
    this.#left -= bytes;
    this.#open += bytes;
    return true;
  }

  settle(bytes: number): void {
    this.#open -= bytes;
    this.#settled += bytes;
    this.#reportLater();
  }

  release(bytes: number): void {
    this.#released += bytes;
    this.#reportLater();
  }

  moved(): void {
    this.report({ moves: 1 });
  }

  /** Says what this member has leased, written and removed. */
  report(options: ReportOptions = {}): void {
    this.#inTurn(() => this.#report(this.#cluster, options)).catch(() => this.#reportLater());
  }

  /** {@link report} over a new connection: Redis may have lost its memory. */
  async rejoin(link: Link): Promise<void> {
    await this.#report(link, {});
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** One question at a time: the second may find what the first has leased. */
  #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const asked = this.#asking.then(ask);
    this.#asking = asked.catch(() => {});
    return asked;
  }

  async #lease(bytes: number, limit: number): Promise<boolean> {
    if (bytes > this.#left || limit < this.#limit) {
      try {
        if (!await this.#leaseMore(bytes, limit)) return false;
      } catch (error) {
        if (!(error instanceof ClusterLost)) throw error;
        return this.#borrow(bytes);
      }
    }
    this.#left -= bytes;
    this.#open += bytes;
    return true;
  }

  async #leaseMore(bytes: number, limit: number): Promise<boolean> {
    await this.#report(this.#cluster, { returns: limit < this.#limit });
    for (;;) {
      const needed = bytes - this.#left;
      const args = [this.#cluster.member, needed, LEASE, limit];
      const [lease = 0, free = 0] = listIn(await this.#cluster.run(TAKE, { keys: this.#keys, args })).map(numberIn);
      if (lease === UNKNOWN && this.#vfs) {
        // Redis has lost its memory.
        await this.#join(this.#vfs, { onlyFirst: true });
        continue;
      }
      this.#share = Math.floor(free / Math.max(1, this.#cluster.members.size));
      if (lease < needed) return false;
      this.#left += lease;
      this.#limit = limit;
      return true;
    }
  }

  /** While Redis is lost each member has its part of what was left. */
  #borrow(bytes: number): boolean {
    if (bytes > this.#share) return false;
    this.#share -= bytes;
    this.#open += bytes;
    return true;
  }

  #reportLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.report({ returns: this.#open === 0 });
    }, IDLE);
  }

  /** Only within {@link #inTurn}: between a lease and its answer this member would say too little. */
  async #report(redis: Cluster | Link, { returns = false, moves = 0 }: ReportOptions): Promise<void> {
    const [settled, released, left] = [this.#settled, this.#released, returns ? 0 : this.#left];
    const args = [this.#cluster.member, left + this.#open, settled, released, moves];
    if (returns) this.#left = 0;
    await redis.run(REPORT, { keys: this.#keys, args });
    this.#settled -= settled;
    this.#released -= released;
  }

  async #sum(): Promise<number> {
    const sum = await unlessLost(async () => numberIn(await this.#cluster.run(SUM, { keys: this.#keys })));
    return sum === undefined ? this.#limit - this.#share : sum - this.#left;
  }

  #join(vfs: Vfs, how: { readonly onlyFirst: boolean }): Promise<void> {
    return this.#counting ??= this.#walkOrWait(vfs, how).finally(() => this.#counting = undefined);
  }

  async #walkOrWait(vfs: Vfs, { onlyFirst }: { readonly onlyFirst: boolean }): Promise<void> {
    const { member } = this.#cluster;
    for (;;) {
      const begin = { keys: this.#keys, args: [member, onlyFirst ? 1 : 0] };
      const answer = await unlessLost(async () => numberIn(await this.#cluster.run(BEGIN_COUNT, begin)));
      if (answer === undefined || answer === NOT_DUE) return;
      if (answer === BEGUN) break;
      await delay(POLL);
    }
    await unlessLost(() => this.#cluster.publish(COUNTS, this.#root));
    await delay(TIME_TO_REPORT);
    const began = performance.now();
    try {
      const { bytes, uncounted } = await sizeOfTree(vfs);
      const args = [member, bytes, uncounted === 0n ? 1 : 0, Math.ceil(performance.now() - began)];
      await unlessLost(() => this.#cluster.run(END_COUNT, { keys: this.#keys, args }));
    } catch (error) {
      await unlessLost(() => this.#cluster.run(END_COUNT, { keys: this.#keys, args: [member] }));
      throw error;
    }
  }

  get #keys(): string[] {
    return [BEATS, `${PREFIX}quota:${this.#root}`];
  }
}
