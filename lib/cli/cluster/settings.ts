/**
 * `--cluster`: what is known and checked about it before there is a server.
 *
 * @module
 */

import { redisUrl } from "../../cluster/address.ts";
import { bracketed } from "../../net/ip.ts";
import { messageOf } from "../../net/message_of.ts";
import { type Need, needNet, needRead } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** The settings of a cluster. */
export type ClusterSettings = Pick<Settings, "cluster" | "clusterPasswordFile" | "clusterOnLoss" | "node">;

/** The permissions to reach Redis, and to read the password. */
export function clusterNeeds({ cluster, clusterPasswordFile: file }: ClusterSettings): Need[] {
  if (cluster === undefined) return [];
  return [
    needNet(`${bracketed(cluster.hostname)}:${cluster.port}`, `counting together in ${redisUrl(cluster)}`),
    ...(file === undefined ? [] : [needRead(file, `reading the password "${file}"`)]),
  ];
}

/** @throws {UsageError} for a password without a cluster, or two of them. */
export function checkCluster({ cluster, clusterPasswordFile: file }: ClusterSettings): void {
  if (file === undefined) return;
  if (cluster === undefined) throw new UsageError('Flag "--cluster-password-file" needs "--cluster URL"');
  if (cluster.password !== undefined) {
    throw new UsageError('Flag "--cluster-password-file" and a password in "--cluster" cannot be used together');
  }
}

/** The password in the file, without a line end at its end; `undefined` without a file. @throws {UsageError} */
export async function readClusterPassword({ clusterPasswordFile: file }: ClusterSettings): Promise<string | undefined> {
  if (file === undefined) return undefined;
  let password: string;
  try {
    password = (await Deno.readTextFile(file)).replace(/\r?\n$/, "");
  } catch (error) {
    throw new UsageError(`Flag "--cluster-password-file": cannot read "${file}": ${messageOf(error)}`);
  }
  if (password === "") throw new UsageError(`Flag "--cluster-password-file": "${file}" is empty`);
  return password;
}
