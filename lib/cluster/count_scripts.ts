/**
 * What Redis does to count: the hash of a member has its own share of every count.
 *
 * @module
 */

import { LIVE } from "./beat.ts";
import { Script } from "./script.ts";

/** A field of the hash of a member that no key of a count can be. */
const CONNECTION = "#";
/** Keys whose counts a member is asked for at once. */
const KEYS_AT_ONCE = 500;

/**
 * A list of changes: `+ KEY LIMIT` counts one and returns the sum before, or -1 where it has reached the limit (0:
 * none); `+ KEY -` counts one without a sum; `- KEY 0` counts one less; `p KEY "INTERVAL MOST"` is the cell rate
 * algorithm of `Pace`. Returns nothing, and does nothing, where Redis has forgotten the member, or another connection
 * of it has written anew since.
 */
export const COUNT = new Script(`${LIVE}
local own = KEYS[2]
if redis.call('HGET', own, '${CONNECTION}') ~= ARGV[1] then return false end
local elsewhere, asked = {}, {}
for i = 2, #ARGV, 3 do
  local key = ARGV[i + 1]
  if ARGV[i] == '+' and ARGV[i + 2] ~= '-' and not elsewhere[key] then
    elsewhere[key] = 0
    asked[#asked + 1] = key
  end
end
if #asked > 0 then
  for _, member in ipairs(members(KEYS[1])) do
    local counts = KEYS[3] .. member
    for first = 1, counts ~= own and #asked or 0, ${KEYS_AT_ONCE} do
      local last = math.min(first + ${KEYS_AT_ONCE - 1}, #asked)
      for i, count in ipairs(redis.call('HMGET', counts, unpack(asked, first, last))) do
        local key = asked[first + i - 1]
        elsewhere[key] = elsewhere[key] + (tonumber(count) or 0)
      end
    end
  end
end
local replies = {}
for i = 2, #ARGV, 3 do
  local change, key, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local reply = 0
  if change == '+' and value == '-' then
    redis.call('HINCRBY', own, key, 1)
  elseif change == '+' then
    local before = tonumber(redis.call('HGET', own, key) or 0) + elsewhere[key]
    local limit = tonumber(value)
    reply = before
    if limit > 0 and before >= limit then reply = -1 else redis.call('HINCRBY', own, key, 1) end
  elseif change == '-' then
    if redis.call('HINCRBY', own, key, -1) <= 0 then redis.call('HDEL', own, key) end
  else
    local interval, most = string.match(value, '(%d+) (%d+)')
    local pace, time = KEYS[4] .. key, now()
    local owed = math.max(0, tonumber(redis.call('GET', pace) or 0) - time) + tonumber(interval)
    if owed > tonumber(most) then
      reply = -1
    else
      redis.call('SET', pace, string.format('%.0f', time + owed), 'PX', owed)
    end
  end
  replies[#replies + 1] = reply
end
return replies
`);

/** Forgets all that this member has counted, and names the connection that writes it anew. */
export const BEGIN = new Script(`
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], '${CONNECTION}', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);
