/**
 * Somebody with a shell on the host exchanges a directory (or a file) and a link that leads outside, without pause,
 * while a session uses its name. With the C library nothing outside is ever read, listed or written. Without it
 * `--long` prints what remains.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { LIBC_PATHS } from "../../lib/native/libc.ts";
import { nativeTest } from "../helpers/native.ts";
import { readAll, sendData, type Wire } from "../helpers/wire.ts";
import { LONG, report, rounds, Target } from "./stage.ts";

const EXCHANGER = fromFileUrl(new URL("exchanger.ts", import.meta.url));
const ROUNDS = rounds({ short: 40, long: 600 });
/** Turns of an empty loop between two exchanges. */
const SPEEDS = LONG ? [0, 1_000, 10_000, 100_000] : [0, 10_000];
/** Files are of other sizes inside and outside. */
const INSIDE = "inside";
const OUTSIDE = "what lies outside";
/** Of the directory outside: modes that say that somebody has been at it. */
const MODE = 0o604;

/** What the server did that it must not. */
interface Harm {
  /** Contents that were sent. */
  reads: number;
  /** Names that were sent. */
  listings: number;
  /** Sizes and times that were told. */
  looks: number;
  /** Files with what the client sent. */
  writes: number;
  /** Empty files and directories. */
  makes: number;
  /** Names that went, and modes that changed. */
  changes: number;
}

const NO_HARM: Readonly<Harm> = { reads: 0, listings: 0, looks: 0, writes: 0, makes: 0, changes: 0 };

/** `root/dir` with `file`, `root/link` to `outside`, which has a `file`, too, and `secret-name`. */
async function furnish(target: Target): Promise<string> {
  const root = await Deno.realPath(target.server.root);
  const outside = root.replace(/root$/, "outside");
  for (const [directory, content] of [[`${root}/dir`, INSIDE], [outside, OUTSIDE]] as const) {
    await Deno.mkdir(directory);
    await Deno.writeTextFile(`${directory}/file`, content);
  }
  await Deno.writeTextFile(`${outside}/secret-name`, OUTSIDE);
  await Deno.symlink(outside, `${root}/link`);
  return outside;
}

/** Exchanges `one` and `other` until it is disposed of. */
class Exchanger implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  static async start(one: string, other: string, spins: number): Promise<Exchanger> {
    const library = LIBC_PATHS.find((path) => statOf(path) !== undefined) ?? LIBC_PATHS[0];
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-ffi", EXCHANGER, one, other, library, String(spins)],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = process.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    return new Exchanger(process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.stdout.cancel();
    await this.#process.status;
  }
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/** What came over the data connection of `line`; nothing where it was refused. */
async function fetched(wire: Wire, line: string): Promise<string> {
  const data = await wire.passive();
  const { code } = await wire.say(line);
  if (code !== 150) {
    data.close();
    return "";
  }
  const text = new TextDecoder().decode(await readAll(data));
  await wire.reply();
  return text;
}

async function stored(wire: Wire, line: string): Promise<void> {
  const data = await wire.passive();
  const { code } = await wire.say(line);
  if (code !== 150) return data.close();
  await sendData(data, "from the client");
  await wire.reply();
}

/** One of everything that could reach outside, of the names in the directory that is exchanged. */
async function tryAll(wire: Wire, round: number, harm: Harm): Promise<void> {
  if ((await fetched(wire, "RETR dir/file")).includes(OUTSIDE)) harm.reads++;
  for (const verb of ["LIST", "MLSD", "NLST"]) {
    if ((await fetched(wire, `${verb} dir`)).includes("secret-name")) harm.listings++;
  }
  if ((await wire.say("SIZE dir/file")).text === String(OUTSIDE.length)) harm.looks++;
  await stored(wire, `STOR dir/new-${round}`);
  await stored(wire, "APPE dir/file-of-ours");
  await wire.say(`MKD dir/made-${round}`);
  await wire.say("DELE dir/secret-name");
  await wire.say("SITE CHMOD 604 dir/file");
  await wire.say("MFMT 20010203040506 dir/file");
}

/** Adds what is to be seen outside, and puts it back in order. */
function inspect(outside: string, harm: Harm): void {
  const left = new Set<string>();
  for (const { name } of Deno.readDirSync(outside)) {
    const path = `${outside}/${name}`;
    const { isDirectory, size, mode, mtime } = Deno.lstatSync(path);
    left.add(name);
    if (name === "secret-name") continue;
    if (name === "file") {
      if (((mode ?? 0) & 0o777) === MODE || mtime?.getFullYear() === 2001) {
        harm.changes++;
        Deno.removeSync(path);
        Deno.writeTextFileSync(path, OUTSIDE);
      }
      continue;
    }
    if (!isDirectory && size > 0) harm.writes++;
    else harm.makes++;
    Deno.removeSync(path);
  }
  if (left.has("secret-name")) return;
  harm.changes++;
  Deno.writeTextFileSync(`${outside}/secret-name`, OUTSIDE);
}

async function raceDirectory(flags: readonly string[], title: string): Promise<Harm> {
  await using target = await Target.start({ flags });
  const outside = await furnish(target);
  const root = await Deno.realPath(target.server.root);
  const harm = { ...NO_HARM };
  for (const spins of SPEEDS) {
    const before = { ...harm };
    await using _exchanger = await Exchanger.start(`${root}/dir`, `${root}/link`, spins);
    await using wire = await target.login();
    for (let round = 0; round < ROUNDS; round++) {
      await tryAll(wire, round, harm);
      inspect(outside, harm);
    }
    const seen = Object.entries(harm).map(([name, count]) => [name, count - before[name as keyof Harm]] as const);
    report(`${title}, ${ROUNDS} rounds, ${spins} spins`, Object.fromEntries(seen));
  }
  return harm;
}

nativeTest("with the C library no link that comes and goes leads outside", async () => {
  assertEquals(await raceDirectory(["--native-io"], "C library"), NO_HARM);
});

nativeTest("with the C library no file that becomes a link and back is read or written outside", async () => {
  await using target = await Target.start({ flags: ["--native-io"] });
  const outside = await furnish(target);
  const root = await Deno.realPath(target.server.root);
  await Deno.symlink(`${outside}/secret-name`, `${root}/dir/link`);
  let reads = 0;
  for (const spins of SPEEDS) {
    await using _exchanger = await Exchanger.start(`${root}/dir/file`, `${root}/dir/link`, spins);
    await using wire = await target.login();
    for (let round = 0; round < ROUNDS; round++) {
      if ((await fetched(wire, "RETR dir/file")).includes(OUTSIDE)) reads++;
      await stored(wire, "STOR dir/file");
    }
  }
  assertEquals({ reads, outside: await Deno.readTextFile(`${outside}/secret-name`) }, { reads: 0, outside: OUTSIDE });
});

nativeTest("without the C library what is left of the race is in docs/trust.md", async () => {
  const { reads, writes } = await raceDirectory(["--native-io", "off"], "runtime alone");
  // No promise: chance decides, so this is far above what was measured.
  assertEquals([reads, writes].map((count) => count > ROUNDS * SPEEDS.length / 4), [false, false]);
});
