/**
 * `--cluster`: from the settings to a member of a cluster.
 *
 * @module
 */

import { Cluster, LoginRefused } from "../../cluster/cluster.ts";
import type { EventStream } from "../../events.ts";
import { messageOf } from "../../net/message_of.ts";
import { type Need, needNet, needRead } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";
import { redisUrl } from "../../cluster/address.ts";
import { bracketed } from "../../net/ip.ts";

/** The settings of a cluster. */
export type ClusterSettings = Pick<Settings, "cluster" | "clusterPasswordFile" | "clusterOnLoss">;

/** What each state means for logins. */
const MEANINGS = {
  continue: "each node accepts its share of the limits, and keeps the bans that it knows",
  refuse: "new connections are refused",
} as const;

/** The permissions to reach Redis, and to read the password. */
export function clusterNeeds({ cluster, clusterPasswordFile: file }: ClusterSettings): Need[] {
  if (cluster === undefined) return [];
  return [
    needNet(`${bracketed(cluster.hostname)}:${cluster.port}`, `counting together in ${redisUrl(cluster)}`),
    ...(file === undefined ? [] : [needRead(file, `reading the password "${file}"`)]),
  ];
}

/** The password in the file, without a line end at its end; `undefined` without one. @throws {UsageError} */
export async function readClusterPassword(settings: ClusterSettings): Promise<string | undefined> {
  const { cluster, clusterPasswordFile: file } = settings;
  if (file === undefined) return undefined;
  if (cluster === undefined) throw new UsageError('Flag "--cluster-password-file" needs "--cluster URL"');
  if (cluster.password !== undefined) {
    throw new UsageError('Flag "--cluster-password-file" and a password in "--cluster" cannot be used together');
  }
  let password: string;
  try {
    password = (await Deno.readTextFile(file)).replace(/\r?\n$/, "");
  } catch (error) {
    throw new UsageError(`Flag "--cluster-password-file": cannot read "${file}": ${messageOf(error)}`);
  }
  if (password === "") throw new UsageError(`Flag "--cluster-password-file": "${file}" is empty`);
  return password;
}

/** What {@link openCluster} is given besides the settings. */
export interface ClusterParts {
  readonly events: Pick<EventStream, "emit">;
  /** As {@link readClusterPassword} has read it. */
  readonly password: string | undefined;
}

/** A member that is not connected yet, and whose losses are reported; `undefined` without `--cluster`. */
export function makeCluster(settings: ClusterSettings, { events, password }: ClusterParts): Cluster | undefined {
  const { cluster: address, clusterOnLoss: onLoss } = settings;
  if (address === undefined) return undefined;
  const cluster = new Cluster({ ...address, ...(password !== undefined && { password }) }, { onLoss });
  cluster.on({
    connected: () => {
      const message = `Connected to ${cluster.url} as ${cluster.member}, ${cluster.members.size} members`;
      events.emit({ type: "notice", level: "info", message });
    },
    lost: (error) => {
      const message = `Lost ${cluster.url}: ${MEANINGS[onLoss]}`;
      events.emit({ type: "problem", level: "error", message, error });
    },
  });
  return cluster;
}

/** Connects it. Without Redis the server starts nevertheless, as it may come later. @throws {UsageError} */
export async function joinCluster(cluster: Cluster, { events }: Pick<ClusterParts, "events">): Promise<void> {
  try {
    await cluster.begin();
  } catch (error) {
    if (error instanceof LoginRefused) throw new UsageError(`Flag "--cluster": ${error.message}`);
    throw error;
  }
  if (cluster.state === "connected") return;
  const message = `${messageOf(cluster.reason)}; trying again: until then ${MEANINGS[cluster.onLoss]}`;
  events.emit({ type: "problem", level: "error", message });
}
