/**
 * Connections by the hundred: from one address, from a crowd of addresses, and with guesses.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Wire } from "../helpers/wire.ts";
import { report, rounds, Target } from "./stage.ts";

/** Connects from `from`, and resolves to the connection and the code of its greeting. */
async function knock({ server }: Target, from: string): Promise<{ readonly wire: Wire; readonly code: number }> {
  const wire = await Wire.connect(server.port, { from });
  return { wire, code: (await wire.reply()).code };
}

for (const workers of [1, 2]) {
  const where = workers === 1 ? "one loop" : `${workers} workers`;
  Deno.test(`An address that connects without end is greeted as often as its rate says, ${where}`, async () => {
    const rate = 60;
    await using target = await Target.start({
      workers,
      flags: ["--connect-rate", String(rate), "--ban-after", "0"],
    });
    const start = performance.now();
    const codes = new Map<number, number>();
    for (let round = 0; round < rounds({ short: 10, long: 100 }); round++) {
      const knocks = await Promise.all(Array.from({ length: 30 }, () => knock(target, "127.0.0.2")));
      for (const { wire, code } of knocks) {
        codes.set(code, (codes.get(code) ?? 0) + 1);
        wire.close();
      }
    }
    const seconds = (performance.now() - start) / 1000;
    const greeted = codes.get(220) ?? 0;
    report(`connections of one address, ${where}`, { greeted, refused: codes.get(421) ?? 0, seconds });
    assert(greeted >= rate / 3, `${greeted} were greeted`);
    assert(greeted <= rate / 3 + 1 + seconds * rate / 60, `${greeted} were greeted in ${seconds} s`);
    assertEquals([...codes.keys()].toSorted(), [220, 421], "none is closed without a word");
  });

  Deno.test(`A crowd that never logs in fills its own places only, ${where}`, async () => {
    const [most, addresses] = [100, 20];
    await using target = await Target.start({ workers, flags: ["--max-strangers", String(most)] });
    await using innocent = await target.login();
    const knocks = await Promise.all(
      Array.from({ length: addresses * 20 }, (_, index) => knock(target, `127.0.1.${index % addresses}`)),
    );
    try {
      const greeted = knocks.filter(({ code }) => code === 220).length;
      report(`${knocks.length} connections of ${addresses} addresses, ${where}`, { greeted });
      assertEquals(greeted, most);
      await innocent.expect("NOOP", 200);
      assertEquals((await innocent.downloadText("NLST")).length, 0);
      // Who leaves makes room.
      for (const { wire, code } of knocks) if (code === 220) wire.close();
      for (let code = 421; code !== 220;) {
        const next = await knock(target, "127.0.2.1");
        code = next.code;
        next.wire.close();
      }
    } finally {
      for (const { wire } of knocks) wire.close();
    }
  });

  Deno.test(`Guesses over hundreds of connections end with a ban, and others log in, ${where}`, async () => {
    const limit = 20;
    await using target = await Target.start({ workers, flags: ["--ban-after", String(limit)] });
    let checked = 0;
    let sentAway = 0;
    const guess = async () => {
      while (sentAway < 300) {
        const { wire, code } = await knock(target, "127.0.0.2");
        try {
          for (let last = code; last !== 421;) {
            await wire.sendAll(`USER guess${checked}`, "PASS wrong");
            last = (await wire.codes(2))[1] ?? 421;
            if (last === 530) checked++;
          }
        } catch {
          // Closed under it.
        } finally {
          sentAway++;
          wire.close();
        }
      }
    };
    await Promise.all(Array.from({ length: 50 }, guess));
    report(`guesses before a ban, ${where}`, { checked });
    // The fifth of a session is answered 421, and what was under way at other workers when the ban began is checked.
    assert(checked >= limit * 4 / 5 && checked < limit + 4 * workers, `${checked} passwords were checked`);
    await using other = await target.login("alice", "wonder-land.7", "127.0.0.3");
    await other.expect("NOOP", 200);
    // One line for all that was refused, from each loop.
    const lines = target.server.log().split("\n").filter((line) => line.includes("Refused 127.0.0.2"));
    assert(lines.length >= 1 && lines.length <= workers, lines.join("\n"));
  });
}
