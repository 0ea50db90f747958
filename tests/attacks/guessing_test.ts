import { assert, assertEquals } from "@std/assert";
import { Wire } from "../helpers/wire.ts";
import { ALICE } from "../clients/server_under_test.ts";
import { LONG, report, Target } from "./stage.ts";

const BOB = { user: "bob", password: "builder-of.9" };
/** Milliseconds of one attack. */
const SPAN = LONG ? 60_000 : 8_000;
/** Connections of the attacker, all from one address. */
const CONNECTIONS = 300;

/**
 * Guesses that come back with every answer over many connections at once, and over new ones where the server has ended
 * them.
 */
class Flood implements AsyncDisposable {
  /** Passwords that were checked and found wrong. */
  checked = 0;
  /** Connections that were told to go. */
  sentAway = 0;
  readonly start = performance.now();
  readonly #target: Target;
  readonly #nextName: () => string;
  readonly #wires = new Set<Wire>();
  readonly #guessing: Promise<void>[];
  #over = false;

  constructor(target: Target, nextName: () => string) {
    this.#target = target;
    this.#nextName = nextName;
    this.#guessing = Array.from({ length: CONNECTIONS }, () => this.#guess());
  }

  /** Resolves when so many guesses have been answered. */
  async reach(guesses: number): Promise<void> {
    while (this.checked < guesses) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Seconds since it began. */
  get seconds(): number {
    return (performance.now() - this.start) / 1000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    for (const wire of this.#wires) wire.close();
    await Promise.all(this.#guessing);
  }

  async #guess(): Promise<void> {
    while (!this.#over) {
      try {
        await this.#guessOver(await Wire.connect(this.#target.server.port));
      } catch {
        // Closed under it: by the server, or at the end.
      }
    }
  }

  async #guessOver(wire: Wire): Promise<void> {
    this.#wires.add(wire);
    try {
      for (let { code } = await wire.reply(); code !== 421; { code } = await wire.reply()) {
        if (code === 530) this.checked++;
        await wire.sendAll(`USER ${this.#nextName()}`, `PASS ${crypto.randomUUID()}`);
        await wire.expectReply(331);
      }
      this.sentAway++;
    } finally {
      this.#wires.delete(wire);
      wire.close();
    }
  }
}

/** Logs in beside a flood. Resolves to the guesses that were answered meanwhile, and the milliseconds that it took. */
async function loginBeside(flood: Flood, target: Target, { user, password }: typeof BOB) {
  const [guesses, start] = [flood.checked, performance.now()];
  await using _wire = await target.login(user, password);
  return { guesses: flood.checked - guesses, milliseconds: performance.now() - start };
}

const FLOODS = [
  // So many a second, so many at once besides: four and ten may be under way before the first has failed.
  { of: "one account", names: () => () => ALICE.user, rate: 1, burst: 4 },
  {
    of: "many accounts",
    names: () => {
      let number = 0;
      return () => `guess${number++}`;
    },
    rate: 10,
    burst: 10,
  },
] as const;

for (const workers of [1, 2]) {
  for (const { of, names, rate, burst } of FLOODS) {
    const where = workers === 1 ? "one loop" : `${workers} workers`;
    Deno.test(`${CONNECTIONS} connections that guess at ${of} have ${rate} a second together, ${where}`, async () => {
      await using target = await Target.start({ accounts: [ALICE, BOB], workers });
      await using flood = new Flood(target, names());
      await flood.reach(rate);
      const unknown = await loginBeside(flood, target, BOB);
      const known = await loginBeside(flood, target, BOB);
      while (performance.now() - flood.start < SPAN) await new Promise((resolve) => setTimeout(resolve, 100));
      const { checked, seconds } = flood;
      report(`${CONNECTIONS} connections guess at ${of}, ${where}`, {
        "guesses a minute": checked * 60 / seconds,
        "ms of a right login": unknown.milliseconds,
        "ms of another": known.milliseconds,
      });
      assert(checked <= burst + rate * seconds, `${checked} guesses in ${seconds} s`);
      // What two seconds are worth, and what was on its way.
      const most = 2 * rate + burst;
      assert(unknown.guesses <= most, `${unknown.guesses} guesses went before the right login`);
      assert(known.guesses <= most, `${known.guesses} guesses went before the second login`);
    });
  }

  Deno.test(`Connections from before a ban have no more guesses, with ${workers} of the loops`, async () => {
    await using target = await Target.start({ workers, flags: ["--ban-after", "10"] });
    const wires = await Promise.all(Array.from({ length: 200 }, () => target.connect()));
    try {
      const codes = await Promise.all(wires.map(async (wire, index) => {
        await wire.sendAll(`USER guess${index}`, "PASS wrong");
        return (await wire.codes(2))[1] ?? 0;
      }));
      const checked = codes.filter((code) => code === 530).length;
      report("guesses before a ban after ten", { checked });
      // Each worker hears of the failures at the others.
      assert(checked >= 10 && checked < 10 + 4 * workers, `${checked} guesses`);
      assertEquals(codes.filter((code) => code === 421).length, 200 - checked);
    } finally {
      for (const wire of wires) wire.close();
    }
  });
}
