/**
 * Names of nodes: two programs that live must not have the same one, as the ids of their sessions would be the same,
 * and a balancer would send the data connections of both to one of them.
 *
 * A program that was killed does not live, although its heartbeat counts for a while: its connection to Redis ended
 * with it, and with that its subscription. So the one that follows it has its name at once.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { BEATS, channelOf, LIVE, NEWCOMERS } from "./beat.ts";
import type { Link } from "./link.ts";
import { Script } from "./script.ts";

/** Milliseconds that Redis may take to notice that the program before this one is dead. */
const PATIENCE = 2_000;
const PAUSE = 100;

/**
 * KEYS: the beats. ARGV: the member, and what the names of all members of its node, and of its program, begin with.
 * Gives the member its first heartbeat and returns nothing, or returns a member of another program that lives.
 */
const CLAIM = new Script(`${LIVE}
local function begins(text, start) return string.sub(text, 1, #start) == start end
for _, member in ipairs(members(KEYS[1])) do
  if begins(member, ARGV[2]) and not begins(member, ARGV[3]) then
    if redis.call('PUBSUB', 'NUMSUB', '${channelOf("")}' .. member)[2] > 0 then return member end
  end
end
if redis.call('ZADD', KEYS[1], now(), ARGV[1]) == 1 then redis.call('PUBLISH', '${NEWCOMERS}', ARGV[1]) end
return ''
`);

/** Another server that lives has the name of this node. */
export class NodeTaken extends Error {
  /** "NodeTaken". */
  override readonly name = "NodeTaken";
}

/** Who has the name: `member` is `NODE:PROGRAM-` and something of its own. */
export interface Claimant {
  readonly member: string;
  readonly node: string;
  readonly program: string;
}

/** Resolves to whether the name of the node is its own, as soon as that is sure. */
export async function claimName(link: Link, { member, node, program }: Claimant): Promise<boolean> {
  const input = { keys: [BEATS], args: [member, `${node}:`, `${node}:${program}-`] };
  for (const until = performance.now() + PATIENCE;; await delay(PAUSE)) {
    if (await link.run(CLAIM, input) === "") return true;
    if (performance.now() > until) return false;
  }
}
