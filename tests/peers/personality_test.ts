/**
 * The personalities of a fixture against the servers that they imitate: one conversation with both, line for line.
 * Where a server cannot be had, its test is ignored, except in CI.
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startFixture } from "../../lib/fixture/fixture.ts";
import type { PersonalityName } from "../../lib/protocol/personality_name.ts";
import { Wire, type WireReply } from "../helpers/wire.ts";
import { ARE_MISSING, PEERS, withPeer } from "./peers.ts";

/** What is asked of both; each stands for what clients depend on. */
const LINES = [
  ...["SYST", "FEAT", "CWD home", "PWD", "TYPE I", "NOOP", "CWD gone", "CDUP", "CWD home", "SIZE a.txt", "SIZE gone"],
  ...["MDTM a.txt", "MDTM gone", "DELE gone", "RMD gone", "MKD new", "MKD new", "RMD new", "RNFR gone", "RNTO x"],
  ...["REST 3", "REST 0", "FOO", "MODE S", "STRU F", "ALLO 5"],
] as const;
const DATA_LINES = ["RETR a.txt", "STOR b.txt", "LIST empty", "NLST gone", "MLSD empty", "RETR gone"] as const;
const DAY = new Date("2020-01-01T00:00:00Z");

/**
 * Where the imitation falls short, by server: the whole reply differs. Everything else is equal, but for addresses,
 * names of users and measurements.
 */
const DIFFERENCES: Readonly<Partial<Record<PersonalityName, readonly string[]>>> = {
  // A name that is not there is an empty listing for it; for us it is an error.
  vsftpd: ["NLST gone"],
  // Lines in between begin with its code, ours with a space.
  // It begins a listing of MLSD with "." and "..", which Pure-FTPd counts in 226.
  "pure-ftpd": ["greeting", "LIST empty", "MLSD empty"],
  pyftpdlib: [],
  proftpd: [],
};

/** The conversation, with what differs between two runs of one server replaced. */
async function converse(port: number, [user = "", password = ""]: readonly string[]): Promise<string[]> {
  await using ftp = await Wire.connect(port);
  const said: string[] = [];
  const note = (line: string, { lines }: WireReply) => {
    const text = lines.join("\n").replaceAll(user, "USER").replaceAll(/\|\d+\|/g, "|PORT|");
    // Measurements, and the lines of Pure-FTPd about the moment.
    const steady = text.replaceAll(/^(?:220-(?:You are user|Local time)|\d{3}.[\d.]+ seconds|221-).*\n?/gm, "").trim();
    said.push(`${line}: ${steady}`);
  };
  note("greeting", await ftp.reply());
  note("PWD", await ftp.say("PWD"));
  note("USER", await ftp.say(`USER ${user}`));
  note("PASS", await ftp.say(`PASS ${password}`));
  for (const line of LINES) note(line, await ftp.say(line));
  for (const line of DATA_LINES) await converseOverData(ftp, line, note);
  note("QUIT", await ftp.say("QUIT"));
  return said;
}

async function converseOverData(ftp: Wire, line: string, note: (line: string, reply: WireReply) => void) {
  const passive = await ftp.say("EPSV");
  note("EPSV", passive);
  const port = Number(/\|(\d+)\|/.exec(passive.text)?.[1]);
  const data = await Deno.connect({ hostname: "127.0.0.1", port });
  const first = await ftp.say(line);
  // pyftpdlib says 125 or 150 as its client has connected already or not.
  note(line, { ...first, lines: first.lines.map((text) => text.replace(/^150 File status okay.*/, ALREADY_OPEN)) });
  if (first.code >= 400) return data.close();
  if (line.startsWith("STOR")) {
    await data.write(new TextEncoder().encode("hi"));
    await data.closeWrite();
  }
  const buffer = new Uint8Array(65536);
  while (await data.read(buffer) !== null);
  // ProFTPD waits ten seconds for this before it says more.
  data.close();
  note(`${line}, end`, await ftp.reply());
}

const ALREADY_OPEN = "125 Data connection already open. Transfer starting.";

for (
  const [personality, name] of [
    ["vsftpd", "vsftpd"],
    ["proftpd", "ProFTPD"],
    ["pure-ftpd", "Pure-FTPd"],
    ["pyftpdlib", "pyftpdlib"],
  ] as const
) {
  Deno.test({
    name: `personality ${personality} speaks as ${name} does`,
    ignore: ARE_MISSING,
    fn: async () => {
      const server = PEERS.find((peer) => peer.name === name);
      if (server === undefined) throw new Error(`No server "${name}"`);
      await withPeer(server, false, async ({ client, root }) => {
        await Deno.writeTextFile(join(root, "a.txt"), "hello");
        await Deno.mkdir(join(root, "empty"));
        await Deno.utime(join(root, "a.txt"), DAY, DAY);
        const account = server.user === "bench" ? ["bench", "bench"] : ["anonymous", "guest@"];
        const real = await converse(Number(client.port), account);
        await using fixture = await startFixture({
          personality,
          users: { somebody: "secret" },
          files: { "/home/a.txt": "hello", "/home/empty/": "" },
          deterministic: true,
        });
        const imitated = await converse(fixture.port, ["somebody", "secret"]);
        const differing = DIFFERENCES[personality] ?? [];
        const compared = (lines: readonly string[]) => {
          return lines.filter((line) =>
            !differing.some((start) => line.startsWith(`${start}:`) || line.startsWith(`${start},`))
          );
        };
        assertEquals(compared(imitated), compared(real));
      });
    },
  });
}
