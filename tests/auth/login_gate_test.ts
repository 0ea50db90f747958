import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "../helpers/fake_time.ts";
import { Bans, type BanSettings } from "../../lib/auth/bans.ts";
import { LoginGate, type LoginTurn, type LoginVisit } from "../../lib/auth/login_gate.ts";
import { FailureThrottle, type ThrottleOptions } from "../../lib/auth/throttle.ts";

const HERE = "192.0.2.1";

/** A gate whose time the test makes pass, and those who have come to it. */
class Bed implements Disposable {
  readonly time = new FakeTime(1_000_000);
  readonly throttle: FailureThrottle;
  readonly bans: Bans;
  readonly gate: LoginGate;
  /** Names in the order of their turns. */
  readonly turns: string[] = [];

  constructor({ bans, ...options }: Partial<ThrottleOptions> & { readonly bans?: BanSettings } = {}) {
    const now = () => this.time.now;
    this.throttle = new FailureThrottle({ now, delay: 0, ...options });
    this.bans = new Bans({ now, limit: 0, duration: 0, ...bans });
    this.gate = new LoginGate({ throttle: this.throttle, bans: this.bans, interval: 1_000, now });
  }

  /** Comes with a wrong password. Resolves to what its turn came to. */
  async guess(name: string, visit: Partial<LoginVisit> = {}): Promise<"tried" | "sent away"> {
    const turn = await this.#enter(name, visit);
    turn?.failed();
    return turn ? "tried" : "sent away";
  }

  /** Comes with the right password. Resolves to the milliseconds that it waited. */
  async login(name: string, visit: Partial<LoginVisit> = {}): Promise<number> {
    const { now } = this.time;
    const turn = await this.#enter(name, visit);
    turn?.succeeded();
    return this.time.now - now;
  }

  async #enter(name: string, visit: Partial<LoginVisit>): Promise<LoginTurn | undefined> {
    const { signal } = new AbortController();
    const turn = await this.gate.enter({ address: HERE, name, signal, ...visit });
    if (turn) this.turns.push(name);
    return turn;
  }

  [Symbol.dispose](): void {
    this.bans[Symbol.dispose]();
    this.time[Symbol.dispose]();
  }
}

/** Attackers with so many connections, each of which guesses, is told that it is wrong, and guesses again. */
function flood(bed: Bed, name: () => string, address = () => HERE): AsyncDisposable {
  const end = new AbortController();
  const { signal } = end;
  const guesses = Array.from({ length: 300 }, async () => {
    while (!signal.aborted) await bed.guess(name(), { address: address(), signal });
  });
  return {
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await Promise.all(guesses);
    },
  };
}

/** A new text at each call. */
function counting(prefix: string): () => string {
  let number = 0;
  return () => `${prefix}${(number++).toString(16)}`;
}

Deno.test("LoginGate allows an address one login a second to an account, over any number of connections", async () => {
  using bed = new Bed();
  await using _flood = flood(bed, () => "bob");
  await bed.time.pass(60_000);
  assert(bed.turns.length <= 4 + 60, `${bed.turns.length} guesses`);
  assert(bed.turns.length >= 60, `${bed.turns.length} guesses`);
});

Deno.test("LoginGate allows an address or its /64 ten logins a second, whatever the names", async () => {
  using bed = new Bed();
  await using _flood = flood(bed, counting("guess "), counting("2001:db8::"));
  await bed.time.pass(60_000);
  assert(bed.turns.length <= 10 + 600, `${bed.turns.length} guesses`);
  assert(bed.turns.length >= 600, `${bed.turns.length} guesses`);
});

Deno.test("LoginGate lets right passwords in within two seconds where a flood guesses at other accounts", async () => {
  using bed = new Bed();
  await using _flood = flood(bed, counting("guess "));
  const waits: Promise<number>[] = [];
  for (let visit = 0; visit < 50; visit++) {
    await bed.time.pass(137);
    waits.push(bed.login(`visitor ${visit}`));
  }
  await bed.time.pass(2_000);
  const served = bed.turns.filter((name) => name.startsWith("visitor"));
  assertEquals(served.length, waits.length);
  for (const wait of waits) assert(await wait <= 2_000, `${await wait} ms`);
});

Deno.test("LoginGate lets no crowd of returning sessions push out the first login of another session", async () => {
  using bed = new Bed();
  const guess = () => Array.from({ length: 30 }, (_, index) => bed.guess(`guess ${index}`, { isRetry: true }));
  const before = guess();
  let isIn = false;
  void bed.login("visitor").then(() => isIn = true);
  const after = guess();
  await bed.time.pass(2_000);
  assert(isIn, "still waiting");
  await bed.time.pass(10_000);
  assertEquals(new Set(await Promise.all([...before, ...after])), new Set(["tried"]));
});

Deno.test("LoginGate lets the owner in within two seconds during a flood of guesses from one address", async () => {
  using bed = new Bed();
  await using _flood = flood(bed, () => "bob");
  for (let visit = 0; visit < 10; visit++) {
    await bed.time.pass(2_371);
    const wait = bed.login("bob");
    await bed.time.pass(2_000);
    assert(await Promise.race([wait, "none"]) !== "none", "still waiting");
  }
});

Deno.test("LoginGate lets an account that has logged in from there pass those who wait", async () => {
  using bed = new Bed();
  assertEquals(await bed.login("bob"), 0);
  const strangers = Array.from({ length: 30 }, (_, index) => bed.guess(`guess ${index}`));
  await bed.time.pass(0);
  assertEquals(bed.turns.length, 1 + 10);
  assertEquals(await bed.login("bob"), 0);
  assertEquals(await bed.login("anonymous"), 0);
  await bed.time.pass(3_000);
  assertEquals(new Set(await Promise.all(strangers)), new Set(["tried"]));
});

Deno.test("LoginGate takes nothing from those who know their password, and nothing from other addresses", async () => {
  using bed = new Bed();
  for (let login = 0; login < 1_000; login++) assertEquals(await bed.login("bob"), 0);
  for (let guess = 0; guess < 4; guess++) void bed.guess("bob");
  await bed.time.pass(0);
  assertEquals(await bed.login("bob", { address: "192.0.2.2" }), 0);
  const late = bed.login("bob");
  await bed.time.pass(1_000);
  assertEquals(await late, 1_000);
});

Deno.test("LoginGate does not let a guest's logins pay for guesses", async () => {
  using bed = new Bed();
  for (let guess = 0; guess < 10; guess++) await bed.guess(`guess ${guess}`);
  for (let login = 0; login < 100; login++) await bed.login("anonymous");
  const late = bed.guess("one more");
  await bed.time.pass(99);
  assertEquals(bed.turns.at(-1), "anonymous");
  await bed.time.pass(1);
  await late;
});

Deno.test("LoginGate lets a right password in after a few checks where these take long", async () => {
  using bed = new Bed();
  const end = new AbortController();
  const { signal } = end;
  const check = () => new Promise<void>((resolve) => setTimeout(resolve, 500));
  const nextName = counting("guess ");
  const guesses = Array.from({ length: 100 }, async () => {
    while (!signal.aborted) {
      const turn = await bed.gate.enter({ address: HERE, name: nextName(), signal });
      await check();
      turn?.failed();
    }
  });
  for (let visit = 0; visit < 10; visit++) {
    await bed.time.pass(2_339);
    const wait = bed.login(`visitor ${visit}`);
    await bed.time.pass(2_000);
    assert(await Promise.race([wait, "none"]) !== "none", "still waiting");
  }
  end.abort();
  await bed.time.pass(1_000);
  await Promise.all(guesses);
});

Deno.test("LoginGate runs two logins of an address at once, and those of known accounts in addition", async () => {
  using bed = new Bed();
  await bed.login("ann");
  const enter = (name: string) => bed.gate.enter({ address: HERE, name, signal: new AbortController().signal });
  const begun = ["a", "b"].map(enter);
  const late = enter("e");
  assert(begun.every((turn) => !(turn instanceof Promise)));
  assert(late instanceof Promise);
  assert(!(enter("ann") instanceof Promise));
  assert(!(bed.gate.enter({ address: "192.0.2.2", name: "e", signal: AbortSignal.abort() }) instanceof Promise));
  await bed.time.pass(10_000);
  assertEquals(await Promise.race([late, "waits"]), "waits");
  (await begun[0])?.failed();
  await bed.time.pass(0);
  assert(await Promise.race([late, "waits"]) !== "waits");
});

Deno.test("LoginGate sends everybody of an address away once it is shut out", async () => {
  using bed = new Bed({ bans: { limit: 6, duration: 60_000 } });
  const guesses = Array.from({ length: 50 }, () => bed.guess("bob"));
  await bed.time.pass(6_000);
  const outcomes = await Promise.all(guesses);
  assertEquals(outcomes.filter((outcome) => outcome === "tried").length, 6);
  assert(bed.gate.isBanned(HERE));
});

Deno.test("LoginGate forgets those who have gone", async () => {
  using bed = new Bed();
  const gone = new AbortController();
  const guesses = Array.from({ length: 300 }, () => bed.guess("bob", { signal: gone.signal }));
  await bed.time.pass(0);
  gone.abort();
  const outcomes = await Promise.all(guesses);
  assertEquals(outcomes.filter((outcome) => outcome === "tried").length, 2);
  assertEquals(bed.time.pending, 0);
  assertEquals(await bed.gate.enter({ address: HERE, name: "bob", signal: gone.signal }), undefined);
});
