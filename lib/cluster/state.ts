/**
 * The shared state of a server that is a member of a cluster: what it counts in Redis, and hears from the others.
 *
 * @module
 */

import type { BanSettings } from "../auth/bans.ts";
import {
  type MakeSharedState,
  type MaybeLater,
  nodePrefix,
  type SharedBans,
  type SharedCount,
} from "../options/shared_state.ts";
import type { ServerControl } from "../server/control.ts";
import { localState } from "../session/shared_state.ts";
import { runningTransfers, type SessionInfo } from "../session_info.ts";
import { ClusterBans } from "./bans.ts";
import type { Cluster } from "./cluster.ts";
import { ClusterArrivals, ClusterCounter, ClusterCounts } from "./counts.ts";
import { ClusterGate } from "./gate.ts";
import { Newsroom } from "./news.ts";
import { type MemberServer, Registry } from "./registry.ts";
import { ClusterUsages } from "./usage.ts";
import { schemeOf } from "../vfs/root_url.ts";

/** How the state of a member is made. */
export interface StateOptions {
  /**
   * Whether other members of this process report bans.
   *
   * @default false
   */
  readonly isOneOfSeveral?: boolean;
}

/** What the servers of a cluster have in common, as one of them sees it. To be made before the cluster begins. */
export class ClusterMember implements Disposable {
  readonly #cluster: Cluster;
  readonly #news: Newsroom;
  readonly #registry: Registry;
  readonly #usages: ClusterUsages;
  #bans: ClusterBans | undefined;
  /** Whether it only looks on: its process has members that serve. */
  #isObserver = true;

  /** A member that shares nothing yet: see {@link sharedState}. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#news = new Newsroom(cluster);
    this.#usages = new ClusterUsages(cluster);
    this.#registry = new Registry(cluster, this.#news);
  }

  /**
   * Makes the state of the server of this member; {@link serve} is to be called with the server.
   *
   * @param make makes what is not shared in Redis: what is known about files, and bytes in use.
   */
  sharedState(make: MakeSharedState = localState, { isOneOfSeveral = false }: StateOptions = {}): MakeSharedState {
    return (settings) => {
      const base = make(settings);
      const cluster = this.#cluster;
      const counts = new ClusterCounts(cluster);
      const { connectRate, throttle, guessInterval } = settings;
      const { limit, duration, isExempt, now } = settings.bans;
      const silent = { limit, duration, ...(isExempt && { isExempt }), ...(now && { now }) };
      const bans = this.#makeBans(isOneOfSeveral ? silent : settings.bans);
      this.#isObserver = false;
      return {
        ...base,
        // Members see the same files in an object store alone.
        usageOf: (rootPath) => schemeOf(rootPath) === "s3" ? this.#usages.of(rootPath) : base.usageOf(rootPath),
        idPrefix: base.idPrefix === "" ? nodePrefix(cluster.node) : base.idPrefix,
        connections: new ConnectionCount(counts),
        sessions: new SessionCount(cluster),
        perAddress: new ClusterCounter(counts, "address "),
        strangers: new ClusterCounter(counts, "stranger "),
        perAccount: new ClusterCounter(counts, "account ", { isEssential: true }),
        arrivals: new ClusterArrivals(counts, { rate: connectRate, now: throttle.now }),
        gate: new ClusterGate({ throttle, bans, news: this.#news, interval: guessInterval }),
        bans,
        others: () => cluster.state === "connected" ? this.#registry.others() : base.others(),
        rest: () => {
          this[Symbol.dispose]();
          base.rest?.();
        },
      };
    };
  }

  /** Keeps the bans of the cluster without a server of its own. */
  watchBans(settings: BanSettings): void {
    this.#makeBans(settings);
  }

  /** Shows the sessions of `server` to the others, and lets them end those. */
  serve(server: MemberServer): void {
    this.#registry.attach(server);
  }

  /** Ends its timer. */
  [Symbol.dispose](): void {
    this.#bans?.[Symbol.dispose]();
    this.#usages[Symbol.dispose]();
  }

  /** What an operator sees and does at `server`, for the servers of all members. */
  control(server: ServerControl): ServerControl {
    const registry = this.#registry;
    const bans: SharedBans = this.#bans ?? {
      list: () => server.bans(),
      ban: (address, order) => server.ban(address, order),
      lift: (address) => server.unban(address),
    };
    const all = async (): Promise<readonly SessionInfo[]> => {
      // Those of an observer are members themselves.
      const own = this.#cluster.state === "lost" || !this.#isObserver ? await server.sessions() : [];
      return [...own, ...await registry.others()];
    };
    return {
      sessions: all,
      transfers: async () => runningTransfers(await all()),
      disconnect: async (id, text) => await server.disconnect(id, text) || await registry.disconnect(id, text),
      bans: () => bans.list(),
      ban: (address, order) => bans.ban(address, order),
      unban: (address) => bans.lift(address),
      usageOf: (rootPath) => server.usageOf(rootPath),
      get silentWorkers() {
        return server.silentWorkers;
      },
    };
  }

  #makeBans(settings: BanSettings): ClusterBans {
    return this.#bans = new ClusterBans(this.#cluster, { settings, news: this.#news });
  }
}

/** Sessions are only counted to be shown: those of others as they were at the last heartbeat. */
class SessionCount implements SharedCount {
  readonly #cluster: Cluster;
  #own = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.describe(() => String(this.#own));
  }

  get count(): number {
    let count = this.#own;
    for (const [member, note] of this.#cluster.members) if (member !== this.#cluster.member) count += Number(note);
    return count;
  }

  add(change: 1 | -1): number {
    const before = this.count;
    this.#own += change;
    return before;
  }
}

/** Connections have a limit of their own: their count is only compared with it. */
class ConnectionCount implements SharedCount {
  readonly #counts: ClusterCounts;

  constructor(counts: ClusterCounts) {
    this.#counts = counts;
  }

  get count(): number {
    return this.#counts.own(CONNECTIONS);
  }

  add(change: 1 | -1): MaybeLater<number> {
    if (change < 0) this.#counts.remove(CONNECTIONS);
    else {
      const before = this.#counts.add(CONNECTIONS, { isEssential: true, needsSum: true });
      return before instanceof Promise ? before.then((before) => before ?? 0) : before ?? 0;
    }
    return this.count + 1;
  }
}

const CONNECTIONS = "connections";
