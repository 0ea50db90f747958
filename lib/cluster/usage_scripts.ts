/**
 * What Redis does for quotas. A root is a hash: `bytes` in files, as the last count has found and as reported since;
 * `of MEMBER`, what a member has leased and that is in no file yet; and about counts: `due`, `counting`, `since`
 * (bytes that came into files meanwhile) and `moves`.
 *
 * @module
 */

import { LIVE } from "./cluster.ts";
import { Script } from "./script.ts";

/** The shortest time between two counts, in milliseconds, and how many times as long as a count it is at least. */
const [PAUSE, PAUSE_FACTOR] = [10_000, 10];
/** Part of what is left that a lease takes at most. */
const SHARE = 16;

const FUNCTIONS = `${LIVE}
local beats, root = KEYS[1], KEYS[2]
local function get(field) return tonumber(redis.call('HGET', root, field) or '0') end
local function add(field, change)
  redis.call('HSET', root, field, string.format('%.0f', math.max(0, get(field) + change)))
end
local function leased()
  local sum = 0
  local all = redis.call('HGETALL', root)
  for i = 1, #all, 2 do
    local member = string.match(all[i], '^of (.*)$')
    if member and live(beats, member) then
      sum = sum + tonumber(all[i + 1])
    elseif member then
      -- Nobody knows what of it is in files: a count has to tell.
      add('bytes', tonumber(all[i + 1]))
      redis.call('HDEL', root, all[i])
      redis.call('HDEL', root, 'due')
    end
  end
  return sum
end
`;

/**
 * ARGV: member, bytes needed, bytes wanted, limit. Returns the bytes of a new lease, 0 if there is no room, -1 if
 * nothing is known; and the bytes that are left.
 */
export const TAKE: Script = new Script(`${FUNCTIONS}
if redis.call('HEXISTS', root, 'bytes') == 0 then return { -1, 0 } end
local sum = leased()
local free = tonumber(ARGV[4]) - sum - get('bytes')
local needed = tonumber(ARGV[2])
if free < needed then return { 0, math.max(0, free) } end
local lease = math.max(needed, math.min(tonumber(ARGV[3]), math.floor(free / ${SHARE})))
add('of ' .. ARGV[1], lease)
return { lease, free - lease }
`);

/** ARGV: member; bytes that it has leased and that are in no file; bytes in files since, removed since; moves. */
export const REPORT: Script = new Script(`${FUNCTIONS}
local settled = tonumber(ARGV[3])
redis.call('HSET', root, 'of ' .. ARGV[1], ARGV[2])
if redis.call('HEXISTS', root, 'bytes') == 1 then add('bytes', settled - tonumber(ARGV[4])) end
if redis.call('HEXISTS', root, 'counting') == 1 then add('since', settled) end
if ARGV[5] ~= '0' then add('moves', tonumber(ARGV[5])) end
return 1
`);

/** Returns all bytes that count as used. */
export const SUM: Script = new Script(`${FUNCTIONS}
local sum = leased()
return sum + get('bytes')
`);

/** ARGV: member, and 1 if only for the first count. Returns 0 if none is due, 1 if begun, 2 if another counts. */
export const BEGIN_COUNT: Script = new Script(`${FUNCTIONS}
local counting = redis.call('HGET', root, 'counting')
if counting and counting ~= ARGV[1] and live(beats, counting) then return 2 end
leased()
local isKnown = redis.call('HEXISTS', root, 'bytes') == 1
if isKnown and (ARGV[2] == '1' or now() < get('due')) then return 0 end
redis.call('HSET', root, 'counting', ARGV[1], 'since', 0, 'moves', 0)
return 1
`);

/** ARGV: member, and if it has counted: bytes, 1 if all were seen, milliseconds that it took. */
export const END_COUNT: Script = new Script(`${FUNCTIONS}
if redis.call('HGET', root, 'counting') ~= ARGV[1] then return 0 end
redis.call('HDEL', root, 'counting')
if not ARGV[2] then return 0 end
local bytes = tonumber(ARGV[2]) + get('since')
-- What was renamed meanwhile, or could not be seen, frees no room.
if ARGV[3] ~= '1' or get('moves') > 0 then bytes = math.max(bytes, get('bytes')) end
redis.call('HSET', root, 'bytes', string.format('%.0f', bytes))
redis.call('HSET', root, 'due', string.format('%.0f', now() + math.max(${PAUSE}, ${PAUSE_FACTOR} * tonumber(ARGV[4]))))
return 1
`);
