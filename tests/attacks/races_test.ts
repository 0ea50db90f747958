/**
 * Sessions that do the same to one name in the same moment: of every upload that was answered 226 the file must be
 * there, with its content, and what may not be replaced is not. With one event loop and with two, where the moments are
 * real.
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Account } from "../clients/server_under_test.ts";
import { sendData, type Wire } from "../helpers/wire.ts";
import { report, rounds, Target } from "./stage.ts";

const PASSWORD = "wonder-land.7";
const ROUNDS = rounds({ short: 20, long: 300 });

/** Who may not replace what is there, in the ways in which accounts can be so. */
const ATOMIC = ["add", "dropbox", "rw,no-overwrite"].map((permissions, index) => ({
  user: `atomic${index}`,
  password: PASSWORD,
  permissions,
  flags: ["--uploads", "atomic"],
}));
const KEEPER: Account = { user: "keeper", password: PASSWORD, permissions: "rw,no-overwrite" };
const OWNER: Account = { user: "owner", password: PASSWORD };

interface Race {
  readonly accounts: readonly Account[];
  /**
   * Resolves to figures. `lost` files, answered 226 or not to be replaced, and uploads `refused` for all that was
   * promised, must be 0.
   */
  readonly attack: (target: Target) => Promise<Readonly<Record<string, number>>>;
}

/** Runs a race against a server with one event loop, and against one with two. */
function race(name: string, { accounts, attack }: Race): void {
  for (const workers of [1, 2]) {
    const title = `${name}, ${workers === 1 ? "one loop" : "two workers"}`;
    Deno.test(title, async () => {
      await using target = await Target.start({ accounts, workers });
      const { lost = 0, refused = 0, ...others } = await attack(target);
      report(title, { rounds: ROUNDS, lost, refused, ...others });
      assertEquals({ lost, refused }, { lost: 0, refused: 0 });
    });
  }
}

/** So many sessions of one account. */
function sessions(target: Target, user: string, count: number): Promise<Wire[]> {
  return Promise.all(Array.from({ length: count }, () => target.login(user, PASSWORD)));
}

function contentOf(target: Target, name: string): string | undefined {
  try {
    return Deno.readTextFileSync(join(target.server.root, name));
  } catch {
    return undefined;
  }
}

/** Eight sessions of `user` upload to one name, again and again. */
async function uploadTogether(target: Target, user: string): Promise<{ stored: number; lost: number }> {
  const wires = await sessions(target, user, 8);
  let [stored, lost] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const name = `${user}-${round}`;
    const data = await Promise.all(wires.map((ftp) => ftp.begin(`STOR ${name}`)));
    await Promise.all(data.map((each, index) => sendData(each, `upload ${index}`)));
    const codes = (await Promise.all(wires.map((ftp) => ftp.reply()))).map(({ code }) => code);
    const content = contentOf(target, name);
    for (const [index, code] of codes.entries()) {
      if (code !== 226) continue;
      if (content === `upload ${index}`) stored++;
      else lost++;
    }
  }
  for (const ftp of wires) ftp.close();
  return { stored, lost };
}

race("atomic uploads of eight to one name", {
  accounts: ATOMIC,
  attack: async (target) => {
    let [stored, lost] = [0, 0];
    for (const { user, permissions } of ATOMIC) {
      const found = await uploadTogether(target, user);
      report(`atomic uploads under ${permissions}`, found);
      stored += found.stored;
      lost += found.lost;
    }
    return { stored, lost };
  },
});

race("STOU of six at once, atomic", {
  accounts: ATOMIC,
  attack: async (target) => {
    const wires = await sessions(target, "atomic0", 6);
    let [stored, lost, refused] = [0, 0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(wires.map(async (ftp) => {
        const data = await ftp.passive();
        const { text } = await ftp.expect(`STOU report${round}`, 150);
        return { data, name: text.replace("FILE: ", "") };
      })).then(async (running) => {
        await Promise.all(running.map(({ data }, index) => sendData(data, `upload ${index}`)));
        const codes = (await Promise.all(wires.map((ftp) => ftp.reply()))).map(({ code }) => code);
        for (const [index, { name }] of running.entries()) {
          if (codes[index] !== 226) refused++;
          else if (contentOf(target, name) === `upload ${index}`) stored++;
          else lost++;
        }
      });
    }
    for (const ftp of wires) ftp.close();
    return { stored, lost, refused };
  },
});

race("RNTO of six to one name, no-overwrite", {
  accounts: [KEEPER],
  attack: async (target) => {
    const wires = await sessions(target, "keeper", 6);
    const { root } = target.server;
    let [renamed, lost] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      for (const index of wires.keys()) Deno.writeTextFileSync(join(root, `${round}-${index}`), `file ${index}`);
      await Promise.all(wires.map((ftp, index) => ftp.expect(`RNFR ${round}-${index}`, 350)));
      const codes = (await Promise.all(wires.map((ftp) => ftp.say(`RNTO ${round}`)))).map(({ code }) => code);
      for (const [index, code] of codes.entries()) {
        if (code === 250) renamed++;
        if (contentOf(target, code === 250 ? `${round}` : `${round}-${index}`) !== `file ${index}`) lost++;
      }
    }
    for (const ftp of wires) ftp.close();
    return { renamed, lost };
  },
});

race("DELE of and RNTO onto a file that is uploaded in place", {
  accounts: [OWNER],
  attack: async (target) => {
    const [uploader, deleter, renamer] = await sessions(target, "owner", 3);
    if (!uploader || !deleter || !renamer) throw new Error("Three sessions were wanted");
    const { root } = target.server;
    const takeAway = async () => {
      Deno.writeTextFileSync(join(root, "other"), "other");
      await renamer.sendAll("RNFR other", "RNTO file");
      await Promise.all([deleter.say("DELE file"), renamer.codes(2)]);
    };
    let [stored, lost, told] = [0, 0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      Deno.writeTextFileSync(join(root, "file"), "old");
      const data = await uploader.passive();
      // At the moment of the open, and again when the upload is known to be under way. It ends only then.
      const [, opening] = await Promise.all([takeAway(), uploader.say("STOR file")]);
      if (opening.code === 450) {
        // The rename was first and had the name: nothing was promised, and nothing is lost.
        data.close();
        continue;
      }
      await takeAway();
      await sendData(data, "upload");
      if ((await uploader.reply()).code !== 226) told++;
      else if (contentOf(target, "file") === "upload") stored++;
      else lost++;
    }
    for (const ftp of [uploader, deleter, renamer]) ftp.close();
    return { stored, lost, told };
  },
});
