import { join } from "@std/path";
import { readAll } from "../helpers/wire.ts";
import { report, rounds, Target } from "./stage.ts";

/** Sessions that the account may have. */
const PLACES = 3;
const ANN = { user: "ann", password: "of-green.gables", flags: ["--max-sessions", `${PLACES}`] };
/** Milliseconds after which a login that was late has come to its end. */
const LATE = 4_000;

/** A session that ends while its second login, behind a transfer, is late: somebody has guessed at the account. */
async function loseDuringLogin(target: Target): Promise<void> {
  await using wire = await target.login(ANN.user, ANN.password);
  const data = await wire.passive();
  await wire.sendAll("RETR small", "REIN", `USER ${ANN.user}`, `PASS ${ANN.password}`);
  await readAll(data);
}

for (const workers of [1, 2]) {
  Deno.test(`Sessions that end during a login take no place of the account with them, ${workers} of the loops`, async () => {
    await using target = await Target.start({ accounts: [ANN], workers });
    await Deno.writeTextFile(join(target.server.root, "small"), "content");
    const turns = rounds({ short: 1, long: 5 });
    for (let round = 0; round < turns; round++) {
      // Makes the logins that follow late.
      await using guesser = await target.connect();
      for (let guess = 0; guess < 3; guess++) {
        await guesser.expect(`USER ${ANN.user}`, 331);
        await guesser.expect("PASS wrong", 530);
      }
      await Promise.all(Array.from({ length: PLACES }, () => loseDuringLogin(target)));
      await new Promise((resolve) => setTimeout(resolve, LATE));
      const sessions = await Promise.all(
        Array.from({ length: PLACES }, () => target.login(ANN.user, ANN.password)),
      );
      for (const session of sessions) session.close();
    }
    report("sessions that ended during a login", { count: turns * PLACES });
  });
}
