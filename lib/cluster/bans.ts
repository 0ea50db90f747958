/**
 * Bans of all members. Each counts the offences at all of them, shuts out an address by itself, and keeps every ban in
 * memory: no connection asks Redis. Redis keeps them for members to come, by its own clock, as clocks of nodes differ.
 *
 * @module
 */

import { type Ban, type BanOrder, Bans, type BanSettings, type Offence, OFFENCES } from "../auth/bans.ts";
import type { SharedBans } from "../options/shared_state.ts";
import { type Cluster, LIVE, PREFIX } from "./cluster.ts";
import type { Link } from "./link.ts";
import { type BanNews, NEWS, type Newsroom } from "./news.ts";
import { listIn, numberIn, type Reply, Script, type ScriptInput } from "./script.ts";

const BANS = `${PREFIX}bans`;
/** With the key of a ban: when it was lifted. A member that missed it would otherwise bring the ban back. */
const LIFTED = `${PREFIX}lifted:`;
const DAY = 24 * 3_600_000;
/** Members decide on the same ban within milliseconds of each other: the first is kept. */
const SAME = 5_000;

/**
 * Keeps a ban, and sends it to all members, unless one is known that lasts as long, or it was lifted since it began. An
 * order (the last argument) holds in any case. Returns 1 if it is kept, -1 if it was lifted.
 */
const KEEP = new Script(`${LIVE}
local key, length, left, order = ARGV[1], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
local time = now()
local lasts = time + left
if not order then
  local lifted = redis.call('GET', KEYS[2])
  if lifted and lasts - length <= tonumber(lifted) then return -1 end
  local known = redis.call('HGET', KEYS[1], key)
  known = known and cjson.decode(known)
  if known and known.lasts > time and known.lasts + ${SAME} >= lasts then return 0 end
end
local ban = { type = 'ban', key = key, address = ARGV[2], reason = ARGV[3], round = tonumber(ARGV[4]), length = length }
ban.lasts = lasts
redis.call('HSET', KEYS[1], key, cjson.encode(ban))
redis.call('DEL', KEYS[2])
ban.left = left
redis.call('PUBLISH', '${NEWS}', cjson.encode({ from = '', news = { ban } }))
return 1
`);

const LIFT = new Script(`${LIVE}
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], string.format('%.0f', now()), 'PX', ${DAY})
return redis.call('PUBLISH', '${NEWS}', cjson.encode({ from = '', news = { { type = 'lifted', key = ARGV[1] } } }))
`);

/** All bans, and those of the last day, which make the next one longer, each with the milliseconds until its end. */
const LOAD = new Script(`${LIVE}
local found, time = {}, now()
local kept = redis.call('HGETALL', KEYS[1])
for i = 1, #kept, 2 do
  local left = cjson.decode(kept[i + 1]).lasts - time
  if left < -${DAY} then
    redis.call('HDEL', KEYS[1], kept[i])
  else
    found[#found + 1] = { kept[i + 1], string.format('%.0f', left) }
  end
end
return found
`);

/** The bans of one member, which sends them to the others. */
export class ClusterBans implements SharedBans, Disposable {
  readonly #cluster: Cluster;
  readonly #settings: BanSettings;
  readonly #now: () => number;
  readonly #bans: Bans;
  readonly #news: Newsroom;
  /** Lifted while Redis was lost. */
  readonly #unsaid = new Set<string>();
  /** Whether a ban is made by {@link ban}. */
  #isOrder = false;

  /** To be made before the cluster begins. */
  constructor(cluster: Cluster, { settings, news }: { readonly settings: BanSettings; readonly news: Newsroom }) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#news = news;
    this.#now = settings.now ?? Date.now;
    this.#bans = new Bans({
      ...settings,
      onBanned: (ban) => {
        settings.onBanned?.(ban);
        this.#keep(ban);
      },
    });
    news.onNews((each) => {
      if (each.type === "ban") this.#put(each);
      else if (each.type === "lifted") this.#bans.lift(each.key);
    });
    cluster.onJoin((link) => this.#catchUp(link));
  }

  /** Implements `Bans.isBanned`. */
  isBanned(address: string): boolean {
    return this.#bans.isBanned(address);
  }

  /** Implements `Bans.offended`, and reports it to the others. */
  offended(address: string, offence: Offence, name = ""): void {
    const { limit, duration, isExempt } = this.#settings;
    // Failed logins are also what slows down guesses.
    const counts = limit > 0 && duration > 0 && !isExempt?.(address) && !this.isBanned(address);
    if (counts || offence === "failedLogin") this.#news.tell({ type: "offence", address, offence, name });
    this.#bans.offended(address, offence, name);
  }

  /** Implements `Bans.forgive`: the gate reports it to the others. */
  forgive(address: string, name: string): boolean {
    return this.#bans.forgive(address, name);
  }

  /** Counts an offence at another member. */
  heard(address: string, offence: string, name: string): void {
    if (isOffence(offence)) this.#bans.offended(address, offence, name);
  }

  /** Implements `SharedBans.list`. */
  list(): readonly Ban[] {
    return this.#bans.list();
  }

  /** Implements `SharedBans.ban`: in force at every member. */
  ban(address: string, order: BanOrder): Ban | undefined {
    this.#isOrder = true;
    const ban = this.#bans.ban(address, order);
    this.#isOrder = false;
    return ban;
  }

  /** Implements `SharedBans.lift`: at every member. */
  lift(address: string): boolean {
    const before = this.#bans.list();
    const lifted = this.#bans.lift(address);
    const left = new Set(this.#bans.list().map(({ key }) => key));
    for (const { key } of before) if (!left.has(key)) this.#lifted(key);
    return lifted;
  }

  /** Ends its timer. */
  [Symbol.dispose](): void {
    this.#bans[Symbol.dispose]();
  }

  #keep(ban: Ban): void {
    this.#cluster.run(KEEP, this.#inputOf(ban, this.#isOrder)).catch(() => {
      // Written when Redis is back: it is in force here.
    });
  }

  #lifted(key: string): void {
    this.#cluster.run(LIFT, liftOf(key)).catch(() => this.#unsaid.add(key));
  }

  #inputOf({ key, address, reason, round, since, until }: Ban, isOrder = false): ScriptInput {
    const args = [key, address, reason, round, until - since, until - this.#now(), isOrder ? 1 : 0];
    return { keys: [BANS, LIFTED + key], args };
  }

  /** What was lifted or begun here in the meantime, then what the others have. */
  async #catchUp(link: Link): Promise<void> {
    const lifted = [...this.#unsaid];
    this.#unsaid.clear();
    const said = Promise.all(lifted.map((key) => link.run(LIFT, liftOf(key))));
    await said.catch(() => {
      for (const key of lifted) this.#unsaid.add(key);
    });
    await Promise.all(
      this.#bans.list().map(async (ban) => {
        if (numberIn(await link.run(KEEP, this.#inputOf(ban))) < 0) this.#bans.lift(ban.key);
      }),
    );
    for (const each of listIn(await link.run(LOAD, { keys: [BANS] }))) {
      const ban = banIn(each);
      if (ban) this.#put(ban);
    }
  }

  #put({ key, address, reason, round, length, left }: Omit<BanNews, "type">): void {
    const until = this.#now() + left;
    const ban: Ban = { key, address, reason, round, since: until - length, until };
    const isKnown = this.#bans.isBanned(address);
    this.#bans.put(ban);
    if (isKnown || left <= 0) return;
    this.#settings.store?.save(ban);
    this.#settings.onBanned?.(ban);
  }
}

function isOffence(text: string): text is Offence {
  return Object.hasOwn(OFFENCES, text);
}

function liftOf(key: string): ScriptInput {
  return { keys: [BANS, LIFTED + key], args: [key] };
}

/** What {@link LOAD} has found: it was written by {@link KEEP}. */
function banIn(found: Reply): Omit<BanNews, "type"> | undefined {
  const [kept, left] = listIn(found);
  if (typeof kept !== "string") return undefined;
  return { ...JSON.parse(kept) as BanNews, left: Number(left) };
}
