/**
 * Servers that count together in Redis or Valkey: limits, bans and sessions of all of them.
 *
 * @example A server of a program that is a member of a cluster
 * ```ts
 * import { FtpServer } from "@denoftpd/denoftpd";
 * import type { ServerOptions } from "@denoftpd/denoftpd";
 * import { Cluster, ClusterMember, parseRedisUrl } from "@denoftpd/denoftpd/cluster";
 *
 * export async function serveTogether(url: string, options: ServerOptions): Promise<void> {
 *   const address = parseRedisUrl(url);
 *   if (!address) throw new TypeError("Not the URL of a Redis");
 *   await using cluster = new Cluster(address, { node: "node1", onLoss: "continue" });
 *   using member = new ClusterMember(cluster);
 *   await using server = new FtpServer({ ...options, sharedState: member.sharedState() });
 *   member.serve(server);
 *   await cluster.begin();
 *   server.listen();
 *   // The sessions of all members: `await member.control(server).sessions()`.
 * }
 * ```
 *
 * @module
 */

export { parseRedisUrl, type RedisAddress, redisUrl } from "./address.ts";
export {
  BEATS,
  Cluster,
  type ClusterListener,
  ClusterLost,
  type ClusterOptions,
  type ClusterState,
  type Joiner,
  LIFETIME,
  LIVE,
  LoginRefused,
  NodeTaken,
  type OnLoss,
  PREFIX,
} from "./cluster.ts";
export type { Link } from "./link.ts";
export type { MemberServer } from "./registry.ts";
export { type Reply, Script, type ScriptInput } from "./script.ts";
export { ClusterMember, type StateOptions } from "./state.ts";
