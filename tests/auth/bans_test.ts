import { assert, assertEquals } from "@std/assert";
import { type Ban, Bans, type BanSettings, type BanStore } from "../../lib/auth/bans.ts";
import { FakeTime } from "../helpers/fake_time.ts";

const HERE = "192.0.2.1";
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Bans whose time the test makes pass, and what they report. */
class Bed implements Disposable {
  readonly time = new FakeTime(1_000_000_000_000);
  readonly reports: string[] = [];
  readonly bans: Bans;

  constructor(settings: Partial<BanSettings> = {}) {
    this.bans = new Bans({
      limit: 3,
      duration: MINUTE,
      now: () => this.time.now,
      onBanned: ({ address, until, round }) =>
        this.reports.push(`banned ${address} for ${(until - this.time.now) / MINUTE} min, ${round}`),
      onAllowed: ({ address }) => this.reports.push(`allowed ${address}`),
      ...settings,
    });
  }

  fail(times: number, address = HERE, name = "ann"): void {
    for (let time = 0; time < times; time++) this.bans.offended(address, "failedLogin", name);
  }

  [Symbol.dispose](): void {
    this.bans[Symbol.dispose]();
    assertEquals(this.time.pending, 0);
    this.time[Symbol.dispose]();
  }
}

Deno.test("Bans shuts an address out after so many offences, reports it, and lets it in again", async () => {
  using bed = new Bed();
  bed.fail(2);
  assert(!bed.bans.isBanned(HERE));
  bed.fail(1);
  assert(bed.bans.isBanned(HERE));
  assert(!bed.bans.isBanned("192.0.2.2"));
  assertEquals(bed.bans.list().map(({ reason }) => reason), ["failed logins (3)"]);
  await bed.time.pass(MINUTE - 1);
  assert(bed.bans.isBanned(HERE));
  await bed.time.pass(1);
  assertEquals(bed.reports, [`banned ${HERE} for 1 min, 1`, `allowed ${HERE}`]);
  assert(!bed.bans.isBanned(HERE));
});

Deno.test("Bans weighs offences, and forgets them after ten minutes", async () => {
  using bed = new Bed({ limit: 6 });
  bed.bans.offended(HERE, "endlessLine");
  await bed.time.pass(10 * MINUTE);
  bed.fail(5);
  assert(!bed.bans.isBanned(HERE));
  bed.bans.offended(HERE, "dataPort");
  assert(bed.bans.isBanned(HERE));
  assertEquals(bed.bans.list()[0]?.reason, "failed logins (5), connections to data ports of others (1)");
});

Deno.test("Bans forgives the failures of an account that has logged in, and nothing else", () => {
  using bed = new Bed();
  bed.fail(2, HERE, "ann");
  bed.fail(1, "192.0.2.2");
  assert(bed.bans.forgive(HERE, "ann"));
  assert(!bed.bans.forgive(HERE, "ann"));
  bed.fail(2, HERE, "bob");
  assert(!bed.bans.forgive(HERE, "ann"));
  assert(!bed.bans.isBanned(HERE));
  bed.fail(1, HERE, "bob");
  bed.bans.forgive(HERE, "bob");
  assert(bed.bans.isBanned(HERE), "a success does not end a ban");
});

Deno.test("Bans shuts out a repeater for twice as long each time, up to a day, and forgets it in a day", async () => {
  using bed = new Bed();
  for (let round = 1; round <= 13; round++) {
    bed.fail(3);
    await bed.time.pass(Math.min(DAY, MINUTE * 2 ** (round - 1)));
  }
  const minutes = bed.reports.filter((line) => line.startsWith("banned")).map((line) => Number(line.split(" ")[3]));
  assertEquals(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440]);
  await bed.time.pass(DAY + 1);
  bed.fail(3);
  assertEquals(bed.reports.at(-1), `banned ${HERE} for 1 min, 1`);
});

Deno.test("Bans counts an IPv6 address as its /64, a mapped one as IPv4, and exempts single addresses", () => {
  using bed = new Bed({ isExempt: (address) => address === "2001:db8::5" });
  for (const host of ["1", "2", "3"]) bed.fail(1, `2001:db8::${host}`);
  assert(bed.bans.isBanned("2001:db8::9"));
  assert(!bed.bans.isBanned("2001:db8:0:1::9"));
  assert(!bed.bans.isBanned("2001:db8::5"));
  bed.fail(3, "::ffff:192.0.2.1");
  assert(bed.bans.isBanned(HERE));
});

Deno.test("Bans with a limit or a time of 0 shuts nobody out", () => {
  for (const settings of [{ limit: 0 }, { duration: 0 }]) {
    using bed = new Bed(settings);
    bed.fail(1_000);
    assert(!bed.bans.isBanned(HERE));
  }
});

Deno.test("Bans keeps no more than its capacity of offenders and bans, the latest", () => {
  using bed = new Bed({ capacity: 2 });
  for (const host of [1, 2, 3]) bed.fail(2, `192.0.2.${host}`);
  for (const host of [2, 3, 1]) bed.fail(1, `192.0.2.${host}`);
  assertEquals(bed.bans.list().map(({ address }) => address), ["192.0.2.2", "192.0.2.3"]);
  for (const host of [4, 5]) bed.fail(3, `192.0.2.${host}`);
  assertEquals(bed.bans.list().map(({ address }) => address), ["192.0.2.4", "192.0.2.5"]);
  assertEquals(bed.reports.filter((line) => line.startsWith("allowed")), ["allowed 192.0.2.2", "allowed 192.0.2.3"]);
});

Deno.test("Bans never last longer than they can when the clock is set back", () => {
  using bed = new Bed();
  bed.fail(3);
  bed.time.now -= 365 * DAY;
  assert(!bed.bans.isBanned(HERE));
});

Deno.test("Bans.lift ends a ban, by address or by key, and what it began with", () => {
  using bed = new Bed();
  bed.fail(3, "2001:db8::1");
  assert(!bed.bans.lift("2001:db8:1::1"));
  assert(bed.bans.lift(bed.bans.list()[0]?.key ?? ""));
  assert(!bed.bans.isBanned("2001:db8::1"));
  bed.fail(3, "2001:db8::1");
  assertEquals(bed.reports.at(-1), "banned 2001:db8::1 for 1 min, 1");
  assert(bed.bans.lift("2001:db8::2"));
});

/** A store in memory. */
class Kept implements BanStore {
  readonly bans = new Map<string, Ban>();
  load(): readonly Ban[] {
    return [...this.bans.values()];
  }
  save(ban: Ban): void {
    this.bans.set(ban.key, ban);
  }
  remove(key: string): void {
    this.bans.delete(key);
  }
}

Deno.test("Bans survive a restart with a store: those in force, and those that make the next one longer", async () => {
  const store = new Kept();
  using before = new Bed({ store });
  before.fail(3);
  before.fail(3, "192.0.2.2");
  assertEquals(store.bans.size, 2);
  await before.time.pass(1);
  before.bans.lift("192.0.2.2");
  before.bans[Symbol.dispose]();

  const after = new Bans({ limit: 3, duration: MINUTE, store, now: () => before.time.now });
  assert(after.isBanned(HERE));
  assert(!after.isBanned("192.0.2.2"));
  await before.time.pass(MINUTE);
  assert(!after.isBanned(HERE));
  assertEquals(store.bans.size, 1, "it is kept to make the next one longer");
  for (let failure = 0; failure < 3; failure++) after.offended(HERE, "failedLogin");
  assertEquals(after.list()[0]?.round, 2);
  after[Symbol.dispose]();

  await before.time.pass(2 * DAY);
  const later = new Bans({ limit: 3, duration: MINUTE, store, now: () => before.time.now });
  assert(!later.isBanned(HERE));
  assertEquals(store.bans.size, 0, "what is over for a day is forgotten");
});

Deno.test("Bans.ban shuts an address out for any time, and none that is exempt", () => {
  using bed = new Bed({ limit: 0, isExempt: (address) => address === "127.0.0.1" });
  assertEquals(bed.bans.ban("127.0.0.1", { duration: DAY, reason: "a test" }), undefined);
  bed.bans.ban(HERE, { duration: 40 * DAY, reason: "a scan" });
  assertEquals(bed.reports, [`banned ${HERE} for ${40 * 24 * 60} min, 1`]);
  assert(bed.bans.isBanned(HERE));
  assertEquals(bed.bans.list().map(({ reason }) => reason), ["a scan"]);
  bed.bans.ban(HERE, { duration: MINUTE, reason: "enough" });
  assertEquals(bed.bans.list().length, 1);
  assert(bed.bans.lift(HERE));
  assert(!bed.bans.isBanned(HERE));
});
