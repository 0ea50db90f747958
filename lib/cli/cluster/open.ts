/**
 * `--cluster`: from the settings to a member of a cluster.
 *
 * @module
 */

import type { RedisAddress } from "../../cluster/address.ts";
import { Cluster, type ClusterOptions, LoginRefused } from "../../cluster/cluster.ts";
import { ClusterMember } from "../../cluster/state.ts";
import type { EventStream } from "../../events.ts";
import { messageOf } from "../../net/message_of.ts";
import { UsageError } from "../usage_error.ts";
import type { ObjectStores } from "../storage/object_stores.ts";
import type { ClusterSettings } from "./settings.ts";
import { type SharedStores, shareStores } from "./stores.ts";

/** What each state means for logins. */
const MEANINGS = {
  continue: "each node accepts its share of the limits, and keeps the bans that it knows",
  refuse: "new connections are refused",
} as const;

/** What {@link openCluster} is given besides the settings. */
export interface ClusterParts {
  readonly events: Pick<EventStream, "emit">;
  /** As `readClusterPassword` has read it. */
  readonly password: string | undefined;
  /** Object stores that this member uses together with the others; absent: it serves no sessions. */
  readonly stores?: ObjectStores | undefined;
}

/** The member of a program, or of a worker of it. Disposing it leaves the cluster. */
export class ServeCluster implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly member: ClusterMember;
  readonly #events: ClusterParts["events"];
  readonly #stores: SharedStores | undefined;

  /** Nothing is connected yet; whether Redis answers is reported by `events`. */
  constructor(address: RedisAddress, { events, password, stores, node, onLoss }: ClusterParts & ClusterOptions) {
    const cluster = new Cluster({ ...address, ...(password !== undefined && { password }) }, {
      ...(node !== undefined && { node }),
      ...(onLoss && { onLoss }),
    });
    this.cluster = cluster;
    this.member = new ClusterMember(cluster);
    this.#events = events;
    this.#stores = stores && shareStores(cluster, stores, events);
    cluster.on({
      connected: () => {
        const message = `Connected to ${cluster.url} as ${cluster.member}, ${cluster.members.size} members`;
        events.emit({ type: "notice", level: "info", message });
      },
      lost: (error) => {
        const message = `Lost ${cluster.url}: ${MEANINGS[cluster.onLoss]}`;
        events.emit({ type: "problem", level: "error", message, error });
      },
    });
  }

  /** Connects. Without Redis the server starts nevertheless, as it may come later. @throws {UsageError} */
  async join(): Promise<void> {
    try {
      await this.cluster.begin();
    } catch (error) {
      if (error instanceof LoginRefused) throw new UsageError(`Flag "--cluster": ${error.message}`);
      throw error;
    }
    this.#stores?.begin();
    const { state, reason, onLoss } = this.cluster;
    if (state === "connected") return;
    const message = `${messageOf(reason)}; trying again: until then ${MEANINGS[onLoss]}`;
    this.#events.emit({ type: "problem", level: "error", message });
  }

  /** Leaves the cluster. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.member[Symbol.dispose]();
    await this.#stores?.[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** The member that the settings ask for; `undefined` without `--cluster`. */
export function openCluster(settings: ClusterSettings, parts: ClusterParts): ServeCluster | undefined {
  const { cluster: address, clusterOnLoss: onLoss, node } = settings;
  return address && new ServeCluster(address, { ...parts, onLoss, ...(node !== undefined && { node }) });
}
