/**
 * Heartbeats: which members of a cluster live.
 *
 * @module
 */

import { Script } from "./script.ts";

/** What all keys and channels in Redis begin with. */
export const PREFIX = "denoftpd:";
/** The sorted set of members, by the time of their last heartbeat. */
export const BEATS = `${PREFIX}beats`;
/** Milliseconds between two heartbeats. */
export const BEAT = 3_000;
/** Milliseconds after the last heartbeat for which a member counts as alive. */
export const LIFETIME = 10_000;

/**
 * Functions for scripts: `now()`, milliseconds by the clock of Redis, `live(BEATS, MEMBER)` and `members(BEATS)`, the
 * list of those that live.
 */
export const LIVE = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function live(beats, member)
  local beat = redis.call('ZSCORE', beats, member)
  return beat and now() - tonumber(beat) < ${LIFETIME} or false
end
local function members(beats)
  return redis.call('ZRANGEBYSCORE', beats, '(' .. (now() - ${LIFETIME}), '+inf')
end
`;

/** The channel on which the name of each new member is published. */
export const NEWCOMERS = `${PREFIX}newcomers`;

/** The channel that this member alone hears, as long as it is connected. */
export function channelOf(member: string): string {
  return `${PREFIX}to:${member}`;
}

/** Adds a heartbeat; returns the members that live, this one among them, and what each has said about itself. */
export const BEAT_SCRIPT = new Script(`${LIVE}
local beats, notes = KEYS[1], KEYS[2]
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', beats, '-inf', now() - ${LIFETIME})) do
  redis.call('ZREM', beats, dead)
  redis.call('HDEL', notes, dead)
end
if redis.call('ZADD', beats, now(), ARGV[1]) == 1 then redis.call('PUBLISH', '${NEWCOMERS}', ARGV[1]) end
redis.call('HSET', notes, ARGV[1], ARGV[2])
for i = 3, #KEYS do redis.call('PEXPIRE', KEYS[i], ${LIFETIME}) end
local found = {}
for _, member in ipairs(members(beats)) do
  found[#found + 1] = { member, redis.call('HGET', notes, member) or '' }
end
return found
`);

/** A member ends. */
export const LEAVE_SCRIPT = new Script(`
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
`);

/** The keys of both scripts. */
export const MEMBER_KEYS = [BEATS, `${PREFIX}notes`];
