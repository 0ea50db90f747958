import { assert } from "@std/assert";
import { setImmediate } from "node:timers";
import { besideFloods, floodOverSocket, OPEN_COMMANDS } from "./flood.ts";
import { LONG, measureNoops, report, Target } from "./stage.ts";

/** Commands that may run before the event loop turns. */
const MOST_A_TURN = 256;

for (const count of [1, 10]) {
  for (const line of OPEN_COMMANDS) {
    Deno.test(`${line} from ${count} clients that send it without end does not block the event loop`, async () => {
      await besideFloods({ line, reads: true }, count, async ({ server, innocent }) => {
        let thisTurn = 0;
        let most = 0;
        using _counting = server.events.on(({ type }) => {
          if (type === "command") most = Math.max(most, ++thisTurn);
        });
        let turns = 0;
        let over = false;
        const turned = new Promise<void>((resolve) => {
          const turn = () => {
            thisTurn = 0;
            turns++;
            if (over) resolve();
            else setImmediate(turn);
          };
          setImmediate(turn);
        });
        for (let round = 0; round < 20; round++) await innocent.expect("NOOP", 200);
        over = true;
        await turned;
        assert(turns > 0 && most > 0);
        assert(most <= MOST_A_TURN, `${most} commands ran in one turn`);
      });
    });
  }
}

/** Milliseconds of one measurement. */
const SPAN = LONG ? 10_000 : 500;

for (const count of LONG ? [1, 10] : [10]) {
  for (const line of LONG ? [...OPEN_COMMANDS, "MLST", "PWD", "SIZE missing"] : ["HELP"]) {
    Deno.test(`NOOP is answered beside ${count} that pipeline ${line}`, async () => {
      await using target = await Target.start();
      await using innocent = await target.login();
      const span = new Promise<void>((resolve) => setTimeout(resolve, SPAN));
      const login = !OPEN_COMMANDS.includes(line);
      const hostile = Array.from(
        { length: count },
        () => floodOverSocket(target, { line, reads: true }, { until: span, login }),
      );
      const waits = await measureNoops(innocent, span);
      await Promise.all(hostile);
      report(`NOOP beside ${count} x ${line}, ms`, { ...waits });
      assert(waits.count > 0);
      assert(await target.isAlive());
    });
  }
}
