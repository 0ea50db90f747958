/**
 * Counts over all members: each has its own share of every count in Redis, and a limit holds for the sum of those that
 * live. So what a dead member counted drops out with its heartbeat.
 *
 * A change is one step in Redis together with the others of the same turn of the event loop: the questions about a new
 * connection are one script call. What this member has counted it knows itself, and writes anew over each connection.
 *
 * @module
 */

import { Arrivals } from "../auth/arrivals.ts";
import type { MaybeLater, SharedCounter, SharedPace } from "../options/shared_state.ts";
import { Lease } from "../session/admissions.ts";
import { BEATS, type Cluster, ClusterLost, LIFETIME, PREFIX } from "./cluster.ts";
import { BEGIN, COUNT } from "./count_scripts.ts";
import type { Link } from "./link.ts";
import { listIn, numberIn } from "./script.ts";

/**
 * Milliseconds for which a change may wait that needs no answer, to be sent together with others: until then a count is
 * too high.
 */
const UNHURRIED = 5;
/** Fields written at once when everything is written anew. */
const FIELDS_AT_ONCE = 500;

/** How one is counted. */
export interface CountOptions {
  /** Whether the sum is asked for even without a limit. @default false */
  readonly needsSum?: boolean;
  /** 0: none. @default 0 */
  readonly limit?: number | undefined;
  /** Without it nothing goes on: see `Cluster.onLoss`. @default false */
  readonly isEssential?: boolean;
}

/** One change, and who waits for the answer. */
interface Change {
  readonly words: readonly [change: "+" | "-" | "p", key: string, value: string];
  /** Absent: it was decided already. `undefined`: it was not decided. */
  readonly decide?: (reply: number | undefined) => void;
}

/** The counts of a member, and the sums over all. */
export class ClusterCounts {
  readonly #cluster: Cluster;
  readonly #keys: readonly string[];
  /** What this member has counted, with what it has asked for. */
  readonly #own = new Map<string, number>();
  #link: Link | undefined;
  #connection = 0;
  #waiting: Change[] = [];
  /** Whether the changes that wait will be sent in this turn of the event loop. */
  #isUrgent = false;
  /** For those that may wait. It goes on when they were sent before, with what could not wait. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** To be made before the cluster begins. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    const counts = `${PREFIX}counts:`;
    this.#keys = [BEATS, `${counts}${cluster.member}`, counts, `${PREFIX}pace:`];
    cluster.keep(this.#key);
    cluster.onJoin((link) => this.#writeAnew(link));
  }

  /** What this member has counted. */
  own(key: string): number {
    return this.#own.get(key) ?? 0;
  }

  /**
   * Counts one, and returns the sum before; `undefined`, and nothing is counted, if that has reached `limit`. While
   * Redis is lost, or members are missing that it knew before, this member has its share of the limit, at least one.
   *
   * @throws {ClusterLost} while Redis is lost, if it is essential and nothing is to go on without Redis.
   */
  add(
    key: string,
    { limit = 0, isEssential = false, needsSum = false }: CountOptions = {},
  ): MaybeLater<number | undefined> {
    this.#change(key, 1);
    if (!this.#cluster.isWhole || (limit === 0 && !needsSum)) {
      const sum = this.#decideHere(key, limit, isEssential);
      if (sum !== undefined) this.#send({ words: ["+", key, "-"] });
      return sum;
    }
    return new Promise((resolve, reject) => {
      const decide = (reply: number | undefined) => {
        if (reply === undefined) {
          try {
            return resolve(this.#decideHere(key, limit, isEssential));
          } catch (error) {
            return reject(error);
          }
        }
        if (reply < 0) this.#change(key, -1);
        resolve(reply < 0 ? undefined : reply);
      };
      this.#send({ words: ["+", key, String(limit)], decide });
    });
  }

  /** Counts one less. */
  remove(key: string): void {
    this.#change(key, -1);
    this.#send({ words: ["-", key, "0"] });
  }

  /** Whether the pace of `key` allows one more; `undefined` if this member has to decide. */
  keepsPace(key: string, { interval, most }: { readonly interval: number; readonly most: number }): MaybeLater<
    boolean | undefined
  > {
    if (!this.#cluster.isWhole) return undefined;
    return new Promise((resolve) => {
      const decide = (reply: number | undefined) => resolve(reply === undefined ? undefined : reply >= 0);
      this.#send({ words: ["p", key, `${interval} ${most}`], decide });
    });
  }

  /** Into how many shares a limit is divided while Redis is lost: members that serve, at least 1. */
  get shares(): number {
    let shares = 0;
    // One that only looks on says nothing about itself.
    for (const note of this.#cluster.members.values()) if (note !== "") shares++;
    return Math.max(1, shares);
  }

  get #key(): string {
    return this.#keys[1] ?? "";
  }

  /** One that has been counted in {@link #own} already. */
  #decideHere(key: string, limit: number, isEssential: boolean): number | undefined {
    const { onLoss, state, url } = this.#cluster;
    if (isEssential && onLoss === "refuse" && state === "lost") {
      this.#change(key, -1);
      throw new ClusterLost(`${url} is lost`);
    }
    const before = this.own(key) - 1;
    const members = this.shares;
    if (limit > 0 && before >= Math.max(1, Math.floor(limit / members))) {
      this.#change(key, -1);
      return undefined;
    }
    // The largest sum that is possible if all others have as many, so that a limit divided by the members holds.
    return before === 0 ? 0 : before * members + members - 1;
  }

  #change(key: string, change: 1 | -1): void {
    const count = this.own(key) + change;
    if (count > 0) this.#own.set(key, count);
    else this.#own.delete(key);
  }

  #send(change: Change): void {
    if (!this.#link) return change.decide?.(undefined);
    this.#waiting.push(change);
    if (!change.decide) this.#timer ??= setTimeout(() => this.#endOfWait(), UNHURRIED);
    else if (!this.#isUrgent) {
      this.#isUrgent = true;
      queueMicrotask(() => void this.#flush());
    }
  }

  #endOfWait(): void {
    this.#timer = undefined;
    if (this.#waiting.length > 0) void this.#flush();
  }

  async #flush(): Promise<void> {
    const changes = this.#takeWaiting();
    const answers = await this.#ask(changes.flatMap(({ words }) => words));
    for (const [index, { decide }] of changes.entries()) decide?.(answers && numberIn(answers[index]));
  }

  #takeWaiting(): readonly Change[] {
    const changes = this.#waiting;
    this.#waiting = [];
    this.#isUrgent = false;
    return changes;
  }

  async #ask(words: readonly string[]): Promise<ReturnType<typeof listIn> | undefined> {
    const link = this.#link;
    if (!link) return undefined;
    try {
      const reply = await link.run(COUNT, { keys: this.#keys, args: [this.#connection, ...words] });
      if (reply !== null) return listIn(reply);
      link.close("it has forgotten this member");
    } catch (error) {
      // Whatever it was: nothing is known about the counts any more.
      if (!(error instanceof ClusterLost)) link.close(`counting failed: ${error}`);
    }
    return undefined;
  }

  /** From the first word on, what changes is sent over this connection, after what was counted before. */
  async #writeAnew(link: Link): Promise<void> {
    this.#link = link;
    void link.over.then(() => {
      if (this.#link !== link) return;
      this.#link = undefined;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      // What waits is counted here, and written anew later.
      for (const { decide } of this.#takeWaiting()) decide?.(undefined);
    });
    const connection = ++this.#connection;
    const sent = [link.run(BEGIN, { keys: [this.#key], args: [connection, LIFETIME] })];
    const fields = [...this.#own].flat().map(String);
    for (let first = 0; first < fields.length; first += 2 * FIELDS_AT_ONCE) {
      sent.push(link.command("HSET", this.#key, ...fields.slice(first, first + 2 * FIELDS_AT_ONCE)));
    }
    await Promise.all(sent);
  }
}

/** Counts by key over all members. */
export class ClusterCounter implements SharedCounter {
  readonly #counts: ClusterCounts;
  readonly #prefix: string;
  readonly #options: Pick<CountOptions, "isEssential">;

  /** @param prefix separates its keys from those of other counters. */
  constructor(counts: ClusterCounts, prefix: string, options: Pick<CountOptions, "isEssential"> = {}) {
    this.#counts = counts;
    this.#prefix = prefix;
    this.#options = options;
  }

  /** See `SharedCounter.add`. */
  add(key: string, limit?: number): MaybeLater<Disposable | undefined> {
    const sum = this.#counts.add(this.#prefix + key, { ...this.#options, limit });
    const lease = (sum: number | undefined) => sum === undefined ? undefined : new Lease(this, key);
    return sum instanceof Promise ? sum.then(lease) : lease(sum);
  }

  /** Counts one less: see {@link add}. */
  remove(key: string): void {
    this.#counts.remove(this.#prefix + key);
  }
}

/** How often an address may connect to all members together. */
export class ClusterArrivals implements SharedPace {
  readonly #counts: ClusterCounts;
  readonly #pace: { readonly interval: number; readonly most: number };
  readonly #here: () => Arrivals;

  /** @param rate connections a minute, more than 0. */
  constructor(counts: ClusterCounts, { rate, now }: { readonly rate: number; readonly now: () => number }) {
    this.#counts = counts;
    const interval = Math.max(1, Math.round(60_000 / rate));
    this.#pace = { interval, most: Math.ceil(rate / 3) * interval };
    let known: { readonly rate: number; readonly arrivals: Arrivals } | undefined;
    this.#here = () => {
      const share = Math.max(1, Math.floor(rate / counts.shares));
      if (known?.rate !== share) known = { rate: share, arrivals: new Arrivals({ rate: share, now }) };
      return known.arrivals;
    };
  }

  /** See `SharedPace.take`. */
  take(key: string): MaybeLater<boolean> {
    const answer = this.#counts.keepsPace(key, this.#pace);
    const decide = (answer: boolean | undefined) => answer ?? this.#here().take(key);
    return answer instanceof Promise ? answer.then(decide) : decide(answer);
  }
}
