/**
 * `--cluster`: what is known and checked about it before there is a server.
 *
 * @module
 */

import { type RedisAddress, redisUrl } from "../../cluster/address.ts";
import { bracketed } from "../../net/ip.ts";
import { messageOf } from "../../net/message_of.ts";
import { type Need, needNet, needRead } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** The settings of a cluster. */
export type ClusterSettings = Pick<
  Settings,
  "cluster" | "clusterPasswordFile" | "clusterCaFile" | "clusterOnLoss" | "node"
>;

/** What the files of the settings hold. */
export type ClusterSecrets = Pick<RedisAddress, "password" | "ca">;

/** The permissions to reach Redis, and to read the files. */
export function clusterNeeds({ cluster, clusterPasswordFile: file, clusterCaFile: ca }: ClusterSettings): Need[] {
  if (cluster === undefined) return [];
  return [
    needNet(`${bracketed(cluster.hostname)}:${cluster.port}`, `counting together in ${redisUrl(cluster)}`),
    ...(file === undefined ? [] : [needRead(file, `reading the password "${file}"`)]),
    ...(ca === undefined ? [] : [needRead(ca, `reading the authorities "${ca}"`)]),
  ];
}

/** @throws {UsageError} for a file without a cluster or without TLS, or two passwords. */
export function checkCluster({ cluster, clusterPasswordFile: file, clusterCaFile: ca }: ClusterSettings): void {
  if (ca !== undefined && cluster?.tls !== true) {
    throw new UsageError('Flag "--cluster-ca-file" needs "--cluster" with a URL that begins with rediss://');
  }
  if (file === undefined) return;
  if (cluster === undefined) throw new UsageError('Flag "--cluster-password-file" needs "--cluster URL"');
  if (cluster.password !== undefined) {
    throw new UsageError('Flag "--cluster-password-file" and a password in "--cluster" cannot be used together');
  }
}

/** The password, without a line end at its end, and the authorities; without what no file is named for. */
export async function readClusterSecrets(settings: ClusterSettings): Promise<ClusterSecrets> {
  const { clusterPasswordFile: file, clusterCaFile: caFile } = settings;
  const password = file === undefined
    ? undefined
    : (await readText("cluster-password-file", file)).replace(/\r?\n$/, "");
  if (password === "") throw new UsageError(`Flag "--cluster-password-file": "${file}" is empty`);
  const ca = caFile === undefined ? undefined : await readText("cluster-ca-file", caFile);
  if (ca?.includes("-----BEGIN CERTIFICATE-----") === false) {
    throw new UsageError(`Flag "--cluster-ca-file": "${caFile}" has no certificate in the form of PEM`);
  }
  return { ...(password !== undefined && { password }), ...(ca !== undefined && { ca }) };
}

/** @throws {UsageError} naming the flag. */
async function readText(flag: string, file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new UsageError(`Flag "--${flag}": cannot read "${file}": ${messageOf(error)}`);
  }
}
