import { join } from "@std/path";
import { readAll, type Wire } from "../helpers/wire.ts";
import { report, rounds, Target } from "./stage.ts";

/** Sessions that the account may have. */
const PLACES = 3;
const ANN = { user: "ann", password: "of-green.gables", flags: ["--max-sessions", `${PLACES}`] };
/** Milliseconds after which a login that was late has come to its end. */
const LATE = 4_000;

/** What a session that is logged in does to end while its second login, after a transfer, is late. */
async function loseDuringLogin(wire: Wire): Promise<void> {
  const data = await wire.passive();
  await wire.sendAll("RETR small", "REIN", `USER ${ANN.user}`, `PASS ${ANN.password}`);
  await readAll(data);
  wire.close();
}

/** Sends wrong passwords for several names, so that logins from this address are late. */
async function makeLate(target: Target): Promise<void> {
  for (const name of ["a", "b", "c", "d", "e", "f", ANN.user]) {
    await using wire = await target.connect();
    await wire.expect(`USER ${name}`, 331);
    await wire.expect("PASS wrong", 530);
  }
}

/** Takes every place of the account. */
function enter(target: Target): Promise<Wire[]> {
  return Promise.all(Array.from({ length: PLACES }, () => target.login(ANN.user, ANN.password)));
}

for (const workers of [1, 2]) {
  Deno.test(`Sessions that end during a login keep no place of the account, workers: ${workers}`, async () => {
    await using target = await Target.start({ accounts: [ANN], workers });
    await Deno.writeTextFile(join(target.server.root, "small"), "content");
    const turns = rounds({ short: 1, long: 5 });
    for (let round = 0; round < turns; round++) {
      const sessions = await enter(target);
      await makeLate(target);
      await Promise.all(sessions.map(loseDuringLogin));
      await new Promise((resolve) => setTimeout(resolve, LATE));
      for (const session of await enter(target)) session.close();
    }
    report("sessions that ended during a login", { count: turns * PLACES });
  });
}
