/**
 * Servers in this process that are members of one cluster, each with a connection of its own to a real Redis.
 *
 * @module
 */

import { assert } from "@std/assert";
import { delay } from "@std/async/delay";
import { BEATS, Cluster, type ClusterOptions, LIFETIME, LIVE, PREFIX } from "../../lib/cluster/cluster.ts";
import { numberIn, Script } from "../../lib/cluster/script.ts";
import { ClusterMember } from "../../lib/cluster/state.ts";
import type { ServerEvent } from "../../lib/events.ts";
import type { ServerOptions } from "../../lib/options.ts";
import type { ServerControl } from "../../lib/server/control.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { Redis } from "../helpers/redis.ts";
import { Wire } from "../helpers/wire.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** A server, and what its operator sees. */
export interface Node extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly server: FtpServer;
  readonly control: ServerControl;
  readonly events: readonly ServerEvent[];
  /** The first event, past or to come, of this type that `matches`. */
  event(type: ServerEvent["type"], matches?: (event: ServerEvent) => boolean): Promise<ServerEvent>;
  /** A new control connection, which has read nothing yet. */
  connect(): Promise<Wire>;
}

/** Starts a server that listens and is connected to `redis`. */
export async function startNode(
  redis: Pick<Redis, "address">,
  { options = {}, ...of }: ClusterOptions & { readonly options?: Partial<ServerOptions> } = {},
): Promise<Node> {
  const cluster = new Cluster(redis.address, of);
  const member = new ClusterMember(cluster);
  const files = new MemoryVfs();
  const server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }, { name: "lone", maxSessions: 1 }),
    fileSystem: () => files,
    port: 0,
    failureDelay: 0,
    guessInterval: 0,
    ...options,
    sharedState: member.sharedState(),
  });
  member.serve(server);
  const events: ServerEvent[] = [];
  server.events.on((event) => void events.push(event));
  await cluster.begin();
  server.listen();
  return {
    cluster,
    server,
    control: member.control(server),
    events,
    event: (type, matches) => waitFor({ stream: server.events, past: events }, type, matches),
    connect: () => Wire.connect(server.address.port),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** The sum of a count over the members that live. */
const SUM = new Script(`${LIVE}
local sum = 0
for _, member in ipairs(members(KEYS[1])) do
  sum = sum + tonumber(redis.call('HGET', '${PREFIX}counts:' .. member, ARGV[1]) or 0)
end
return sum
`);

/** Waits until Redis counts `sum`: a change that needs no answer comes a little later, and a dead node is forgotten. */
export async function counted(
  cluster: Cluster,
  key: string,
  sum: number,
  milliseconds = LIFETIME + 1_000,
): Promise<void> {
  for (const since = performance.now();; await delay(20)) {
    const found = numberIn(await cluster.run(SUM, { keys: [BEATS], args: [key] }));
    if (found === sum) return;
    assert(performance.now() - since < milliseconds, `${key}: ${found} are counted, not ${sum}`);
  }
}
