/**
 * `--cluster`: from the settings to a member of a cluster.
 *
 * @module
 */

import type { BanSettings } from "../../auth/bans.ts";
import type { RedisAddress } from "../../cluster/address.ts";
import { Cluster, type ClusterOptions, LoginRefused, NodeTaken } from "../../cluster/cluster.ts";
import { ClusterMember } from "../../cluster/state.ts";
import type { EventStream } from "../../events.ts";
import { messageOf } from "../../net/message_of.ts";
import { banEvents } from "../../server/ban_events.ts";
import type { ServerControl } from "../../server/control.ts";
import { FtpServer } from "../../server/server.ts";
import { UsageError } from "../usage_error.ts";
import { ObjectStores, type StoreSettings } from "../storage/object_stores.ts";
import { type ClusterSecrets, type ClusterSettings, readClusterSecrets } from "./settings.ts";
import { type SharedStores, shareStores } from "./stores.ts";
import { ClusterHealth } from "./telemetry.ts";

/** What each state means for logins. */
const MEANINGS = {
  continue: "each node accepts its share of the limits, and keeps the bans that it knows",
  refuse: "new connections are refused",
} as const;

/** What workers are sent to be members of the same node. */
export interface MemberSetup {
  readonly node: string;
  readonly program: string;
  readonly secrets: ClusterSecrets;
}

interface ClusterParts extends Pick<ClusterOptions, "onLoss">, Partial<MemberSetup> {
  readonly events: Pick<EventStream, "emit">;
  /** Object stores that this member uses together with the others; absent: it serves no sessions. */
  readonly stores?: ObjectStores | undefined;
}

/** A server, or what leads the workers that serve. */
type Served = ServerControl & Pick<FtpServer, "events">;

/** The member of a program, or of a worker of it. Disposing it leaves the cluster. */
export class ServeCluster implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly member: ClusterMember;
  readonly health: ClusterHealth;
  /** For workers. */
  readonly setup: MemberSetup;
  readonly #events: ClusterParts["events"];
  readonly #stores: SharedStores | undefined;

  /** Nothing is connected yet; whether Redis answers is reported by `events`. */
  constructor(address: RedisAddress, { events, secrets = {}, stores, node, program, onLoss }: ClusterParts) {
    const cluster = new Cluster({ ...address, ...secrets }, {
      ...(node !== undefined && { node }),
      ...(program !== undefined && { program }),
      ...(onLoss && { onLoss }),
    });
    this.cluster = cluster;
    this.member = new ClusterMember(cluster);
    this.health = new ClusterHealth(cluster);
    this.setup = { node: cluster.node, program: cluster.program, secrets };
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
      taken: () => {
        const message = `The name of this node is not its own: ${named(cluster)}`;
        events.emit({ type: "problem", level: "error", message });
      },
    });
  }

  /** Shows `server` to the other members. Returns what an operator sees and does at all of them. */
  attach(server: Served, bans: BanSettings): ServerControl {
    if (server instanceof FtpServer) this.member.serve(server);
    else this.member.watchBans({ ...bans, ...banEvents(server.events) });
    return this.member.control(server);
  }

  /** Connects. Without Redis the server starts nevertheless, as it may come later. @throws {UsageError} */
  async join(): Promise<void> {
    try {
      await this.cluster.begin();
    } catch (error) {
      if (error instanceof LoginRefused) throw new UsageError(`Flag "--cluster": ${error.message}`);
      if (error instanceof NodeTaken) {
        throw new UsageError(`Flag "--node": ${named(this.cluster)}: give each node a name of its own`);
      }
      throw error;
    }
    this.#stores?.begin();
    const { state, reason, onLoss } = this.cluster;
    if (state === "connected") return;
    const remedy = hintFor(messageOf(reason));
    const message = `${messageOf(reason)}${remedy}; trying again: until then ${MEANINGS[onLoss]}`;
    this.#events.emit({ type: "problem", level: "error", message });
  }

  /** Leaves the cluster. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.member[Symbol.dispose]();
    await this.#stores?.[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** The member that the settings ask for; `undefined` without `--cluster`. @throws {UsageError} */
export async function openCluster(
  settings: ClusterSettings & StoreSettings,
  { events, workers }: Pick<ClusterParts, "events"> & { readonly workers: number },
): Promise<ServeCluster | undefined> {
  const { node } = settings;
  const secrets = await readClusterSecrets(settings);
  // Workers have their own.
  const stores = workers === 1 ? ObjectStores.of(settings) : undefined;
  return memberOf(settings, { events, secrets, stores, ...(node !== undefined && { node }) });
}

/** The member of a worker; see {@link openCluster}. */
export function memberOf(
  { cluster: address, clusterOnLoss: onLoss }: ClusterSettings,
  parts: ClusterParts,
): ServeCluster | undefined {
  return address && new ServeCluster(address, { ...parts, onLoss });
}

function named({ node, url }: Cluster): string {
  return `another server that is running is named "${node}" in ${url}`;
}

/** What to do about a failure of TLS, in the words of the runtime; nothing about any other. */
function hintFor(reason: string): string {
  if (/UnknownIssuer|self.signed|unable to (?:get|verify)/i.test(reason)) {
    return " (name the authority of its certificate with --cluster-ca-file)";
  }
  if (/InvalidContentType|wrong version number/.test(reason)) return " (without TLS the URL begins with redis://)";
  return "";
}
